"""Which methods are worth trying on data of some kind, by the boards of data like it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean

from tabulate import tabulate

from bench.leaderboard.board import Board
from bench.printable import plain
from bench.site.standing import Standing, standing

LIKE = {"table": ("Tables of numbers",), "pictures": ("Pictures", "Faces"), "texts": ("Pairs of sentences",)}
TRIED = 3  # methods that the command names, at most


@dataclass
class Tally:
    """What the boards say of one method: on how many it beats the baseline, ties, loses, and its gains as shares."""

    win: int = 0
    tie: int = 0
    loss: int = 0
    gains: list[float] = field(default_factory=list[float])

    @property
    def rank(self) -> tuple[int, float]:
        """The best first."""
        return self.loss - self.win, -fmean(self.gains)

    @property
    def is_promising(self) -> bool:
        """Whether it beats the baseline more often than it loses to it, and gains on average."""
        return self.win > self.loss and fmean(self.gains) > 0

    def shown(self) -> tuple[int, int, int, str]:
        """Its line of the table."""
        return self.win, self.tie, self.loss, f"{100 * fmean(self.gains):+.1f}%"


def text(boards: Sequence[Board], kind_of: Mapping[str, str], kind: str, dataset: str) -> str:
    """The answer: a table of methods, what references do, and the command to run.

    Args:
        kind_of: dataset -> its kind in words.
        kind: that of a description: table, pictures or texts.
        dataset: as the command names it.
    """
    like = [board for board in boards if not board.spec.synthetic and kind_of.get(board.spec.dataset) in LIKE[kind]]
    found = {board.spec.dataset: standing(board) for board in like}
    found = {name: one for name, one in found.items() if one.gains}
    if not found:
        command = _command(["lds", "ranksim"], dataset)
        return f"no board here is of {' or '.join(LIKE[kind]).lower()}: there is no evidence yet\n\n{command}"
    tallies = _tallies(found)
    order = sorted(tallies, key=lambda name: (tallies[name].rank, name))
    rows = [
        (plain(name), t.win, t.tie, t.loss, f"{100 * fmean(t.gains):+.1f}%") for name in order if (t := tallies[name])
    ]
    ahead = [name for name, one in found.items() if one.ahead]
    worth = [name for name in order if tallies[name].win > tallies[name].loss and fmean(tallies[name].gains) > 0][
        :TRIED
    ]
    said = (
        f"worth trying: {', '.join(worth)}"
        if worth
        else "no method beats the baseline more often than it loses: begin with the baseline and the references"
    )
    heads = ("method", "better", "alike", "worse", "mean gain")
    return "\n".join(
        (
            f"against the baseline, on {len(found)} boards of data like this: {', '.join(sorted(found))}",
            "",
            tabulate(rows, heads),
            "",
            f"a reference (trees, linear regression and the like) beats every method on {len(ahead)} of {len(found)}",
            said,
            "",
            _command(worth, dataset),
        )
    )


def _tallies(found: Mapping[str, Standing]) -> dict[str, Tally]:
    tallies: dict[str, Tally] = defaultdict(Tally)
    for one in found.values():
        for row, gain in one.gains.items():
            # neither references nor other settings, nor stacks, of which few are on several boards
            if row in one.references or " {" in row or "+" in row:
                continue
            own = tallies[row]
            setattr(own, gain.verdict, getattr(own, gain.verdict) + 1)
            own.gains.append(gain.mean)
    return dict(tallies)


def _command(methods: Sequence[str], dataset: str) -> str:
    return f"bench run --method {','.join(['baseline', *methods, 'references'])} --dataset {dataset} --seeds 5"
