"""Where each row of a board stands by the metric that ranks it: its gain over the baseline, and who shares the lead."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean

import numpy as np
from scipy import stats

from bench.leaderboard.board import Board
from bench.leaderboard.judged import LEVEL, Difference
from bench.leaderboard.judging import verdict
from bench.leaderboard.spec import Key
from bench.metrics import METRICS


@dataclass(frozen=True)
class Gain:
    """By how much a row is better than its baseline, as a share of the baseline's mean, with its 95% interval.

    Interval, p and verdict (win, tie or loss) are those of the board.
    """

    mean: float
    low: float
    high: float
    p: float
    seeds: int
    verdict: str


@dataclass(frozen=True)
class Standing:
    """A board's rows by the metric that ranks them.

    Args:
        leader: the best row that may lead; None where there is none.
        tied: the rows that are not told from the leader, which is among them; best first.
        gains: row -> its gain over the baseline.
        winners: the rows that beat the baseline, best first.
        references: reference -> what the leader does against it: win, tie or loss; best reference first.
    """

    leader: str | None
    tied: tuple[str, ...]
    gains: Mapping[str, Gain]
    winners: list[str]
    references: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def ahead(self) -> str | None:
        """The best reference that beats the leader."""
        return next((row for row, word in self.references.items() if word == "loss"), None)


def standing(board: Board) -> Standing:
    """Where the rows of a board stand, as the board itself has it."""
    key = board.spec.keys[0]
    judged = board.judged[key]
    whole = {row for row, own in board.statistics.items() if board.is_whole(row, own[key])}
    gains = {row: _gain(board, key, row, one) for row, one in judged.from_baseline.items() if row in whole}
    tied = tuple(row for row in board.statistics if row in judged.tied)
    against = judged.from_references
    references = {row: verdict(key, against[row]) for row in board.statistics if row in against}
    return Standing(board.leader(key), tied, gains, board.winners(key), references)


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Mean over seeds and its 95% interval, by Student's t; the mean three times where there is one seed."""
    x = np.asarray(values, dtype=float)
    mean = float(x.mean())
    if len(x) < 2 or not np.ptp(x):
        return mean, mean, mean
    low, high = stats.t.interval(1 - LEVEL, len(x) - 1, mean, stats.sem(x))
    return mean, float(low), float(high)


def _gain(board: Board, key: Key, row: str, one: Difference) -> Gain:
    own, base = board.values(row, key), board.values(board.baseline_of(row) or "", key)
    scale = abs(fmean(base[seed] for seed in base if seed in own or len(own) == 1)) or math.nan
    sign = 1.0 if METRICS[key[0]].higher_is_better else -1.0
    low, high = sorted((sign * one.low / scale, sign * one.high / scale))
    return Gain(sign * one.mean / scale, low, high, one.p, one.n, verdict(key, one))
