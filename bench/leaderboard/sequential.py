"""A paired test of two rows that may be looked at after every seed.

Wang and Ramdas (2024), "Anytime-valid t-tests and confidence sequences for Gaussian means with unknown variance",
arXiv:2310.03722, after Lai (1976): the scale-invariant mixture martingale. Under equal means the chance that it ever
reaches 1/p is at most p (Ville's inequality), so that looking again costs nothing. It takes the seeds' differences for
normal.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from bench.metrics import METRICS
from bench.results.record import Record

ERROR = 0.05  # chance that any row is wrongly taken for beaten, of all pairs of a race
MIXTURE = 0.1  # inverse variance of the effect sizes that it is best at: several deviations, as of beaten rows


@dataclass(frozen=True)
class Beaten:
    """That a row validates worse than another one.

    Args:
        by: the other row.
        seeds: over which they were compared.
        p: of this pair, whenever it is looked at; times the number of pairs it bounds the error over all of them.
    """

    by: str
    seeds: int
    p: float


def p_value(differences: Sequence[float]) -> float:
    """Two-sided, of differences in the order in which they came; valid after each of them.

    >>> p_value([1.0, 1.2, 0.9, 1.1, 1.0, 1.1]) < 0.001
    True
    >>> p_value([1.0, -1.2, 0.9, -1.1])
    1.0
    """
    highest, total, squares = 0.0, 0.0, 0.0
    for n, difference in enumerate(differences, 1):
        total, squares = total + difference, squares + difference**2
        if squares > 0 and math.isfinite(squares):
            spread = n + MIXTURE
            ratio = spread * squares / (spread * squares - total**2)
            highest = max(highest, 0.5 * math.log(MIXTURE / spread) + n / 2 * math.log(ratio))
    return math.exp(-highest)


def beaten(values: Mapping[str, Mapping[int, float]], error: float = ERROR) -> dict[str, Beaten]:
    """The rows that another one beats beyond doubt, each with the one that does so most clearly.

    Args:
        values: row -> seed -> what it validates with, lower is better. A pair is compared on the seeds of both.
        error: the chance, at most, that any row is wrongly taken for beaten; Bonferroni over all pairs.
    """
    pairs = list(combinations(values, 2))
    found: dict[str, Beaten] = {}
    for one, other in pairs:
        shared = sorted(values[one].keys() & values[other].keys())
        differences = [values[one][seed] - values[other][seed] for seed in shared]
        p = p_value(differences)
        if p * len(pairs) > error:
            continue
        worse, better = (one, other) if sum(differences) > 0 else (other, one)
        if worse not in found or p < found[worse].p:
            found[worse] = Beaten(better, len(shared), p)
    return found


def validation(record: Record) -> float | None:
    """What a record validates with by its dataset's first metric, lower is better; None where it has none."""
    values = record.metrics.get("val", {}).get("all", {})
    name = next((name for name in values if name in METRICS), None)
    value = values[name] if name else None
    return METRICS[name].sort_key(value) if name and value is not None else None
