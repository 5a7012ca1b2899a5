"""What a newcomer asks first: which method, how sure is that, and what does it cost, by kind of data."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.leaderboard.format import NONE
from bench.site.boards import Page, percent

SYNTHETIC = "Synthetic samples"
ORDER = (
    "Tables of numbers",
    "Pictures",
    "Faces",
    "Pairs of sentences",
    "Maps of depth",
    "Other data",
    "Points in space",
)


@dataclass(frozen=True)
class Advice:
    """A line of the first table.

    Args:
        use: the row to use: the best reference where the best row loses to one; else the baseline where no row is told
            apart from it, else the cheapest row that beats it among those that share the lead.
        others: how many more share the lead.
        gain, cost: of `use` over the baseline.
        sure: how sure that is.
    """

    page: Page
    use: str
    others: int
    gain: str
    sure: str
    cost: str


@dataclass(frozen=True)
class Kind:
    """The boards on one kind of data.

    `wins` counts the boards of each method that beats the baseline, most first, and `ahead` those on which a reference
    is the one to use.
    """

    name: str
    boards: int
    wins: dict[str, int]
    ahead: dict[str, int]
    rows: list[Advice]


def kinds(pages: Sequence[Page], kind_of: Mapping[str, str]) -> list[Kind]:
    """Advice for each kind of data; samples that are made up come last."""
    grouped: dict[str, list[Page]] = {}
    for page in pages:
        spec = page.board.spec
        grouped.setdefault(SYNTHETIC if spec.synthetic else kind_of[spec.dataset], []).append(page)
    order = sorted(grouped, key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name))
    return [_kind(name, grouped[name]) for name in order]


def _kind(name: str, pages: Sequence[Page]) -> Kind:
    there = [page for page in pages if page.standing.leader is not None]
    wins = Counter(row for page in there for row in page.standing.winners if " {" not in row)
    ahead = Counter(row for page in there if (row := page.standing.ahead))
    return Kind(name, len(there), _most(wins), _most(ahead), [_advice(page) for page in pages])


def _most(counts: Counter[str]) -> dict[str, int]:
    return {row: counts[row] for row in sorted(counts, key=lambda row: (-counts[row], row))}


def _advice(page: Page) -> Advice:
    found = page.standing
    if found.leader is None:
        return Advice(page, NONE, 0, "", "no seed has finished", "")
    others, best = len(found.tied) - 1, found.gains.get(found.leader)
    if found.ahead:
        gain = found.gains.get(found.ahead)
        words = f": the best, {found.leader}, gains {percent(best)}" if best else ""
        return Advice(page, found.ahead, 0, percent(gain) if gain else "", f"better than every method here{words}", "")
    if "baseline" in found.tied:
        words = f"; the best mean, {found.leader}, gains {percent(best)}" if best else ""
        return Advice(page, "baseline", others, "none", f"no method is told apart from it{words}", "1×")
    ratios, winners = page.ratios, [row for row in found.tied if row in found.winners]
    use = min(winners or [found.leader], key=lambda row: (_times(ratios.get(row)), row))
    gain, cost = found.gains.get(use), ratios.get(use, "")
    if gain is None:
        return Advice(page, use, others, "", "there is no baseline to compare with", cost)
    better = gain.verdict == "win"
    words = f"better than the baseline, {_p(gain.p)}" if better else "not told apart from the baseline"
    return Advice(page, use, others, percent(gain), f"{words}, {gain.seeds} seeds", cost)


def _times(ratio: str | None) -> float:
    text = (ratio or "").removesuffix("×").replace(",", "")
    return float(text) if text and text != NONE else float("inf")


def _p(p: float) -> str:
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"
