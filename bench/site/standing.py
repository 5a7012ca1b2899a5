"""Where each row of a board stands by the metric that ranks it: its gain over the baseline, and who shares the lead.

This is the one place where pages learn of statistics, so that another way to judge rows changes nothing else.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from bench.leaderboard.board import Board, baseline_of
from bench.metrics import METRICS
from bench.results.record import Record

LEVEL = 0.05


@dataclass(frozen=True)
class Gain:
    """By how much a row is better than its baseline, as a share of the baseline's mean, with its 95% interval.

    Seeds are paired; `p` is two-sided and multiplied by the number of rows that are compared (Bonferroni).
    """

    mean: float
    low: float
    high: float
    p: float
    seeds: int

    @property
    def verdict(self) -> str:
        """win, tie or loss."""
        return "tie" if self.p >= LEVEL else "win" if self.mean > 0 else "loss"


@dataclass(frozen=True)
class Standing:
    """A board's rows by the metric that ranks them.

    Args:
        leader: the best row whose seeds all finished; None where there is none.
        tied: the rows that no test at 5% tells from the leader, which is among them; best first.
        gains: row -> its gain over the baseline; of rows that share two seeds or more with it.
    """

    leader: str | None
    tied: tuple[str, ...]
    gains: Mapping[str, Gain]

    @property
    def winners(self) -> list[str]:
        """The rows that beat the baseline, best first."""
        return [row for row, gain in self.gains.items() if gain.verdict == "win"]


def standing(board: Board) -> Standing:
    """Where the rows of a board stand."""
    key = board.spec.keys[0]
    whole = [row for row, own in board.statistics.items() if own[key].n and board.is_whole(row, own[key])]
    values = {row: _values(board.finished[row], *key) for row in whole}
    sign = 1.0 if METRICS[key[0]].higher_is_better else -1.0
    pairs = {row: base for row in whole if (base := baseline_of(row)) in values and base != row}
    gains = {row: gain for row, base in pairs.items() if (gain := _gain(values[row], values[base], sign, len(pairs)))}
    # a row with settings of its own leads only where there is nothing else
    leaders = [row for row in whole if " {" not in row] or whole
    if not leaders:
        return Standing(None, (), gains)
    leader = leaders[0]
    apart = {row: _gain(values[row], values[leader], sign, len(leaders) - 1) for row in leaders[1:]}
    tied = [row for row, gain in apart.items() if gain is None or gain.verdict != "loss"]
    return Standing(leader, (leader, *tied), gains)


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Mean over seeds and its 95% interval, by Student's t; the mean three times where there is one seed."""
    x = np.asarray(values, dtype=float)
    mean = float(x.mean())
    if len(x) < 2 or not np.ptp(x):
        return mean, mean, mean
    low, high = stats.t.interval(1 - LEVEL, len(x) - 1, mean, stats.sem(x))
    return mean, float(low), float(high)


def _gain(own: Mapping[int, float], base: Mapping[int, float], sign: float, compared: int) -> Gain | None:
    seeds = sorted(own.keys() & base.keys())
    if len(seeds) < 2:
        return None
    differences = [sign * (own[seed] - base[seed]) for seed in seeds]
    scale = abs(float(np.mean([base[seed] for seed in seeds]))) or math.nan
    mean, low, high = interval(differences)
    test: Any = stats.ttest_1samp(differences, 0.0) if np.ptp(differences) else None
    p = float(mean == 0) if test is None else float(test.pvalue)
    return Gain(mean / scale, low / scale, high / scale, min(1.0, p * max(compared, 1)), len(seeds))


def _values(records: Sequence[Record], metric: str, region: str) -> dict[int, float]:
    found = {record.seed: record.metrics.get("test", {}).get(region, {}).get(metric) for record in records}
    return {seed: float(value) for seed, value in found.items() if value is not None and not math.isnan(value)}
