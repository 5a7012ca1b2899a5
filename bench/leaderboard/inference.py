"""What seeds and test rows can tell apart: differences between the rows of a board, with intervals.

Two-way bootstrap: seeds are drawn with replacement, and test rows too. Both rows of a difference are drawn alike, as
seed k of two methods shares its first weights and order, and all methods share the test split. Owen and Eckles,
Bootstrapping data arrays of arbitrary order, Annals of Applied Statistics 2012, show that drawing both is conservative.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm
from statsmodels.stats.multitest import multipletests

from bench.leaderboard.resampling import SEED

RESAMPLES = 9999
LEVEL = 0.05
POWER = 0.8


@dataclass(frozen=True)
class Difference:
    """A row less another one: over the seeds that both have, the 95% interval, and a two-sided p value.

    `p` is adjusted after Holm for all differences that were asked for together. `seeds_sd` is the sample deviation of
    the seeds' differences, `rows_sd` the deviation that drawing test rows alone gives the mean difference.
    """

    n: int
    mean: float
    low: float
    high: float
    p: float
    seeds_sd: float
    rows_sd: float

    @property
    def se(self) -> float:
        """Standard error of the mean difference, over seeds and test rows."""
        return float(np.hypot(self.seeds_sd / np.sqrt(self.n), self.rows_sd))

    @property
    def detectable(self) -> float:
        """The smallest true difference that a test at 5% finds with a power of 80%, at this n and test split."""
        return float(norm.ppf(1 - LEVEL / 2) + norm.ppf(POWER)) * self.se

    @property
    def seeds_needed(self) -> int | None:
        """The seeds at which a difference of this size would be found so; None where more seeds never find it."""
        left = (self.mean / (norm.ppf(1 - LEVEL / 2) + norm.ppf(POWER))) ** 2 - self.rows_sd**2
        return None if left <= 0 else max(2, int(np.ceil(self.seeds_sd**2 / left)))


@dataclass(frozen=True)
class Scores:
    """A metric of one row of a board: by seed, on the test split and on each resample of it.

    Args:
        values: seed -> the metric.
        resampled: seed -> the metric in each resample, (B,).
    """

    values: Mapping[int, float]
    resampled: Mapping[int, np.ndarray]


def differences(rows: Mapping[str, Scores], other: Scores) -> dict[str, Difference]:
    """Each row less the other one; p values adjusted after Holm. Rows that share fewer than two seeds are left out."""
    found = {name: _difference(one, other) for name, one in rows.items() if len(_shared(one, other)) > 1}
    if not found:
        return {}
    adjusted = multipletests([one.p for one in found.values()], method="holm")[1]
    return {
        name: Difference(**{**vars(one), "p": float(p)}) for (name, one), p in zip(found.items(), adjusted, strict=True)
    }


def not_separable(rows: Mapping[str, Scores], best: str) -> frozenset[str]:
    """The rows that no test at 5% tells from the best one, after Holm; the best one is among them."""
    apart = differences({name: one for name, one in rows.items() if name != best}, rows[best])
    return frozenset({best}) | {name for name in rows if name not in apart or apart[name].p >= LEVEL} - {best}


def _shared(one: Scores, other: Scores) -> list[int]:
    return sorted(one.values.keys() & other.values.keys())


def _difference(one: Scores, other: Scores) -> Difference:
    seeds = _shared(one, other)
    by_seed = np.array([one.values[seed] - other.values[seed] for seed in seeds])
    resampled = np.stack([one.resampled[seed] - other.resampled[seed] for seed in seeds])  # (S, B)
    both = (resampled * _seed_shares(len(seeds), resampled.shape[1])).sum(0)
    low, high = np.quantile(both, (LEVEL / 2, 1 - LEVEL / 2))
    beyond = min((both <= 0).sum(), (both >= 0).sum())
    p = min(1.0, 2 * (beyond + 1) / (len(both) + 1))
    rows_sd = float(resampled.mean(0).std(ddof=1))
    return Difference(
        len(seeds), float(by_seed.mean()), float(low), float(high), p, float(by_seed.std(ddof=1)), rows_sd
    )


def _seed_shares(seeds: int, resamples: int) -> np.ndarray:
    draws = np.random.RandomState(SEED + seeds).multinomial(seeds, np.full(seeds, 1 / seeds), size=resamples)
    return draws.T / seeds


def best_of(rows: Mapping[str, Scores], higher_is_better: bool, names: Sequence[str]) -> str:
    """The row with the best mean over its seeds among those named."""
    sign = -1 if higher_is_better else 1
    return min(names, key=lambda name: (sign * float(np.mean([*rows[name].values.values()])), name))
