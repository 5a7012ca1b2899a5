"""All boards together: average ranks, and on which boards a method wins, ties or loses against the baseline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from bench.leaderboard.across import critical_difference
from bench.leaderboard.board import Board
from bench.metrics import METRICS
from bench.site.standing import Standing


@dataclass(frozen=True)
class Ranks:
    """Average ranks of the methods that stand on every board; 1 is best.

    Args:
        boards: how many.
        mean: method -> average rank, best first.
        critical: average ranks that differ by less are not told apart (Nemenyi, 5%).
    """

    boards: int
    mean: Mapping[str, float]
    critical: float


def ranks(boards: Sequence[Board]) -> Ranks | None:
    """Average ranks over these boards; None where fewer than two boards or methods are common to all."""
    means = [_means(board) for board in boards]
    common = sorted(set.intersection(*map(set, means))) if means else []
    n, k = len(means), len(common)
    if n < 2 or k < 2:
        return None
    table = np.array([[found[row] for row in common] for found in means])
    average = stats.rankdata(table, axis=1).mean(axis=0)
    order = sorted(zip(average.tolist(), common, strict=True))
    return Ranks(n, {row: rank for rank, row in order}, critical_difference(k, n))


def verdicts(standings: Mapping[str, Standing]) -> dict[str, dict[str, str]]:
    """Method -> board -> win, tie or loss; the methods with the most wins come first, then those with fewer losses."""
    found: dict[str, dict[str, str]] = {}
    for name, one in standings.items():
        for row, gain in one.gains.items():
            if " {" not in row:
                found.setdefault(row, {})[name] = gain.verdict

    def place(row: str) -> tuple[int, int, str]:
        own = list(found[row].values())
        return -own.count("win"), own.count("loss"), row

    return {row: found[row] for row in sorted(found, key=place)}


def _means(board: Board) -> dict[str, float]:
    # in the sense that smaller is better
    key = board.spec.keys[0]
    order = METRICS[key[0]].sort_key
    found = {row: own[key] for row, own in board.statistics.items() if " {" not in row}
    return {row: order(one.mean) for row, one in found.items() if one.n and board.is_whole(row, one)}
