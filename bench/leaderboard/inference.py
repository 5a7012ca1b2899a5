"""What seeds and test rows can tell apart: the computing behind `bench.leaderboard.judged`.

It is imported only for what is not remembered, as numpy, scipy and statsmodels are slow to import.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from bench.leaderboard.judged import LEVEL, MOST_SEEDS, NOTHING, POWER, Asked, Difference, Judged, pair
from bench.results.intake import kept_as_they_are


def judged(asked: Asked) -> dict[str, Any]:
    """What can be said of a column, as plain data of a `Judged`."""
    rows = [row for row in asked.values if row in asked.baselines]
    apart = [row for row in rows if row in asked.references]
    own = [row for row in rows if row not in asked.references]
    by_baseline = {
        row: one
        for family in (own, apart)
        for row, one in _adjusted(asked, [(row, row, asked.baselines[row]) for row in family]).items()
    }
    by_tuned = _adjusted(asked, [(row, row, asked.tuned) for row in asked.beside_tuned]) if asked.tuned else {}
    if asked.leader is None:
        return asdict(replace(NOTHING, from_baseline=by_baseline, from_tuned=by_tuned))
    others = [row for row in asked.whole if row != asked.leader]
    # not step by step: this covers that the leader is chosen for being first (Hsu, Annals of Statistics 1981)
    by_leader = _adjusted(asked, [(row, row, asked.leader) for row in others], "bonferroni")
    by_reference = _adjusted(asked, [(row, asked.leader, row) for row in asked.references])
    # what is worse than the baseline is not the best, whatever the pair of both says
    worse = {row for row, one in by_baseline.items() if one.p < LEVEL and (one.mean < 0) == asked.higher_is_better}
    near = {row for row, one in by_leader.items() if one.p >= LEVEL} - worse
    base = asked.baselines.get(asked.leader)
    if base in others and asked.leader in by_baseline:  # one pair, one answer: that of the verdict
        near = near - {base} if by_baseline[asked.leader].p < LEVEL else near | {base}
    tied = (asked.leader, *(row for row in others if row in near))
    separating = _separating(list(by_leader.values()), asked.groups)
    return asdict(Judged(by_baseline, by_leader, by_reference, by_tuned, tied, separating))


def difference(
    one: Mapping[int, float], other: Mapping[int, float], rows_se: float | None = None, groups: int = 0
) -> Difference | None:
    """One row less another, from the metric by seed; None where they share fewer than two seeds and nothing is known.

    A row that has one seed alone, as a reference that draws nothing, is compared with every seed of the other one.

    Args:
        rows_se: deviation of the difference over draws of test rows.
        groups: independent groups of test rows.
    """
    by_seed = _paired(one, other)
    if len(by_seed) < 2 and not (len(by_seed) == len(one) == len(other) and rows_se is not None):
        return None
    n = len(by_seed)
    seeds_se = float(by_seed.std(ddof=1) / np.sqrt(n)) if n > 1 else 0.0
    mean = float(by_seed.mean())
    se, df = _combined(seeds_se, n, rows_se, groups)
    t = _quantiles(df)
    p = _two_sided(mean / se, df) if se else float(mean == 0)
    reach, found = float(t[0] * se), float(t.sum() * se)
    return Difference(n, mean, mean - reach, mean + reach, p, seeds_se, rows_se, float(df), found)


def _paired(one: Mapping[int, float], other: Mapping[int, float]) -> np.ndarray:
    if len(one) == 1 < len(other):
        one = dict.fromkeys(other, next(iter(one.values())))
    elif len(other) == 1 < len(one):
        other = dict.fromkeys(one, next(iter(other.values())))
    return np.array([one[seed] - other[seed] for seed in sorted(one.keys() & other.keys())])


def _combined(seeds_se: Any, n: Any, rows_se: float | None, groups: int) -> tuple[Any, Any]:
    # standard error and degrees of freedom of the sum of two variances, each known from a sample
    parts = np.asarray(seeds_se) ** 2, (rows_se or 0.0) ** 2
    total = parts[0] + parts[1]
    with np.errstate(all="ignore"):
        below = parts[0] ** 2 / np.maximum(np.asarray(n) - 1, 1) + parts[1] ** 2 / max(groups - 1, 1)
        df = np.where(total > 0, total**2 / below, np.maximum(np.asarray(n) - 1, 1))
    return np.sqrt(total)[()], df[()]


def _quantiles(df: Any) -> np.ndarray:
    # of Student's t: for the interval, and for the power
    from scipy.special import stdtrit

    return np.stack([stdtrit(df, 1 - LEVEL / 2), stdtrit(df, POWER)])


def _two_sided(t: float, df: float) -> float:
    from scipy.special import stdtr

    return float(2 * stdtr(df, -abs(t)))


def _adjusted(asked: Asked, pairs: Sequence[tuple[str, str, str]], method: str = "holm") -> dict[str, Difference]:
    found: dict[str, Difference] = {}
    for name, one, other in pairs:
        if one == other or not (asked.values.get(one) and asked.values.get(other)):
            continue
        made = difference(asked.values[one], asked.values[other], asked.sampling.get(pair(one, other)), asked.groups)
        if made is not None:
            found[name] = made
    if not found:
        return {}
    adjusted = _multiple([one.p for one in found.values()], method)
    return {name: replace(one, p=float(p)) for (name, one), p in zip(found.items(), adjusted, strict=True)}


def _multiple(p: Sequence[float], method: str) -> np.ndarray:
    from statsmodels.stats.multitest import multipletests

    with kept_as_they_are():  # as it collects garbage at each call
        return np.asarray(multipletests(p, method=method)[1])


def _separating(apart: Sequence[Difference], groups: int) -> int | None:
    if not apart or not (second := min(apart, key=lambda one: abs(one.mean))).mean:
        return None
    n = np.arange(2, MOST_SEEDS + 1)
    deviation = second.seeds_se * np.sqrt(second.n)
    se, df = _combined(deviation / np.sqrt(n), n, second.rows_se, groups)
    enough = _quantiles(df).sum(0) * se <= abs(second.mean)
    if enough.any():
        return int(n[enough.argmax()])
    hidden = float(_quantiles(max(groups - 1, 1)).sum()) * (second.rows_se or 0.0) > abs(second.mean)
    return 0 if hidden else MOST_SEEDS + 1
