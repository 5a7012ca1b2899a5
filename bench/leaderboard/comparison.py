"""Our means beside those of the papers, and the papers' rows as they print them."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from bench.leaderboard.board import Board
from bench.leaderboard.differences import probability
from bench.leaderboard.format import NONE
from bench.leaderboard.judged import LEVEL
from bench.leaderboard.published import Figure, PublishedRow, Value, figures, published_rows, same_stack
from bench.leaderboard.spec import BoardSpec, Key
from bench.leaderboard.statistics import SeedStatistic
from bench.leaderboard.tables import Table
from bench.memory import remembered

LABEL = "row in the paper"


def against(board: Board, regions: Sequence[str]) -> Table:
    """Our means beside those of the papers, for the rows that have a counterpart."""
    heads = ("method", "metric", "n", "ours", "reported", "difference", "within 2 sd", "Welch p", "paper", LABEL)
    keys = [(metric, region) for region in regions for metric in board.spec.metrics]
    return Table(heads, tuple(line for key in keys for line in _compared(board, key)))


def listed(spec: BoardSpec, chosen: Sequence[PublishedRow], metrics: Sequence[str]) -> Table:
    """Rows of the papers as they print them, each with our name for it."""
    printed = {key for row in chosen for key in row.values}
    keys = [key for key in paper_keys(spec) if key[0] in metrics and key in printed]
    heads = ("paper", "tables", LABEL, "here", "runs", *(spec.header(*key) for key in keys))
    lines = [
        (*_words(row), *(_text(row.values.get(key)) for key in keys)) for row in chosen if row.values.keys() & set(keys)
    ]
    return Table(heads, tuple(lines))


def paper_keys(spec: BoardSpec) -> list[Key]:
    """Metrics of the board in its regions and in those that papers use."""
    regions = dict.fromkeys((*spec.regions, "all", "many", "medium", "few"))
    return [(metric, region) for metric in spec.metrics for region in regions]


def _compared(board: Board, key: Key) -> Iterator[tuple[str, ...]]:
    for name, own in board.statistics.items():
        ours = own[key]
        for row in published_rows(board.spec.reported or ""):
            if ours.mean is None or key not in row.values or not row.is_method(name):
                continue
            mean, sd = row.values[key]
            decimals = max(-int(mean.as_tuple().exponent), 0)
            difference = Decimal(repr(ours.mean)) - mean
            within = "unknown" if sd is None else "yes" if abs(difference) <= 2 * sd else "no"
            numbers = str(ours.n), ours.text(decimals), _text(row.values[key]), f"{difference:+z.{decimals}f}"
            p = welch(ours, mean, sd, row.runs)
            tested = "unknown" if p is None else probability(p)
            yield name, board.spec.header(*key), *numbers, within, tested, row.short, row.label


def welch(ours: SeedStatistic, mean: Decimal, sd: Decimal | None, runs: str) -> float | None:
    """Welch's p value that our mean and a paper's are alike; None where deviation or number of runs is not known."""
    if ours.mean is None or not ours.spread or not sd or not runs.isdecimal() or int(runs) < 2:
        return None
    asked = [ours.mean, ours.sd, ours.n, float(mean), float(sd), int(runs)]

    def compute() -> float:
        from scipy.stats import ttest_ind_from_stats

        return float(ttest_ind_from_stats(*asked, equal_var=False).pvalue)

    return remembered("welch", asked, compute)


def reproduced(boards: Sequence[Board]) -> str:
    """How many of the papers' figures stand beside one of ours, and how many of those agree, in a sentence."""
    total, there, tested, agree = figures(), 0, 0, 0
    for figure in total:
        ours = [one for board in boards for one in _counterparts(board, figure)]
        found = [p for one in ours if (p := welch(one, figure.mean, figure.sd, figure.runs)) is not None]
        there, tested, agree = there + bool(ours), tested + bool(found), agree + (max(found, default=0.0) >= LEVEL)
    text = (
        f"{there} of {len(total):,} figures that the papers report ({there / len(total):.1%}) have a counterpart here"
    )
    if tested:
        text += f"; {tested} of these can be tested, and {agree} are not told apart from ours (Welch, {LEVEL:.0%})"
    return f"{text}."


def _counterparts(board: Board, figure: Figure) -> list[SeedStatistic]:
    if board.spec.reported != figure.dataset or board.spec.reported_note or figure.key not in board.spec.keys:
        return []
    found = [own[figure.key] for name, own in board.statistics.items() if same_stack(figure.method, name)]
    return [one for one in found if one.mean is not None]


def _words(row: PublishedRow) -> tuple[str, str, str, str, str]:
    # paper, tables, label, our name and number of runs
    tables = ", ".join(table.removeprefix("Table ") for table in row.tables)
    return row.short, tables, row.label, row.method or NONE, row.runs or NONE


def _text(value: Value | None) -> str:
    if value is None:
        return NONE
    mean, sd = value
    return f"{mean:f}" if sd is None else f"{mean:f} ± {sd:f}"
