"""All boards together: ranks of the methods with intervals, and what Friedman's and Nemenyi's tests tell apart."""

import hashlib
import json
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench.leaderboard.board import Board
from bench.leaderboard.judged import LEVEL
from bench.memory import remembered
from bench.metrics import METRICS

SEED = 666  # RandomState's streams never change with numpy's version
RESAMPLES = 2000
WIDTH = 40  # characters of the diagram's axis


@dataclass(frozen=True)
class Standing:
    """Average ranks of the methods that are whole on every board.

    Args:
        datasets: over which ranks are averaged.
        ranks: method -> average rank and its 95% interval, best first.
        p: of Friedman's test that all methods are alike.
        critical: difference of average ranks that Nemenyi's test tells apart at 5%.
    """

    datasets: int
    ranks: Mapping[str, tuple[float, float, float]]
    p: float
    critical: float


def standing(boards: Sequence[Board]) -> Standing | None:
    """How methods rank over some boards; None with fewer than two datasets or three methods."""
    values: dict[str, dict[str, list[list[float]]]] = defaultdict(dict)
    chosen = sorted((board for board in boards if board.finished), key=lambda board: board.spec.dataset)
    methods = _everywhere(chosen)
    for board in chosen:
        key = board.spec.keys[0]
        sign = -1.0 if METRICS[key[0]].higher_is_better else 1.0
        own = [board.values(method, key) for method in methods]
        seeds = sorted(set.intersection(*(set(one) for one in own))) if own else []
        base = board.spec.dataset.partition("[")[0]
        values[base][board.spec.dataset] = [[sign * one[seed] for seed in seeds] for one in own]
    if len(values) < 2 or len(methods) < 3 or not all(one[0] for own in values.values() for one in own.values()):
        return None
    digest = hashlib.sha256(json.dumps([methods, values], sort_keys=True).encode()).hexdigest()
    found: dict[str, Any] = remembered("standing", digest, lambda: asdict(_standing(methods, values)))
    ranks: dict[str, tuple[float, float, float]] = {name: tuple(one) for name, one in found["ranks"].items()}
    return Standing(**{**found, "ranks": ranks})


def critical_difference(methods: int, datasets: int) -> float:
    """The difference of average ranks that Nemenyi's test tells apart at 5%."""
    from scipy.stats import studentized_range

    q = studentized_range.ppf(1 - LEVEL, methods, math.inf) / math.sqrt(2)
    return float(q * math.sqrt(methods * (methods + 1) / (6 * datasets)))


def diagram(found: Standing) -> str:
    """The ranks along an axis, as text; rows that share a column of bars are not told apart."""
    ranks = [rank for rank, _, _ in found.ranks.values()]
    last = len(ranks)

    def place(rank: float) -> int:
        return round((rank - 1) / (last - 1) * (WIDTH - 1))

    groups = cliques(ranks, found.critical)
    wide = max(map(len, found.ranks))
    lines = [f"{'':{wide}}  rank  {'1':<{WIDTH - 2}}{last:>2}"]
    for i, (method, (rank, low, high)) in enumerate(found.ranks.items()):
        axis = [" "] * WIDTH
        for j in range(place(low), place(high) + 1):
            axis[j] = "─"
        axis[place(rank)] = "●"
        bars = " ".join("│" if first <= i <= end else " " for first, end in groups)
        lines.append(f"{method:{wide}} {rank:5.1f}  {''.join(axis)}  {bars}".rstrip())
    return "\n".join(lines)


def cliques(ranks: Sequence[float], critical: float) -> list[tuple[int, int]]:
    """The longest runs of sorted ranks that lie within a critical difference, as (first, last).

    >>> cliques([1.0, 2.0, 3.0, 9.0], 1.5)
    [(0, 1), (1, 2)]
    """
    found: list[tuple[int, int]] = []
    for i, rank in enumerate(ranks):
        end = max(j for j in range(len(ranks)) if ranks[j] - rank <= critical)
        if end > i and (not found or end > found[-1][1]):
            found.append((i, end))
    return found


def _everywhere(boards: Sequence[Board]) -> list[str]:
    whole = [
        {row for row in board.finished if " {" not in row and board.may_lead(row, board.spec.keys[0])}
        for board in boards
    ]
    return sorted(set.intersection(*whole)) if whole else []


def _standing(methods: Sequence[str], values: Mapping[str, Mapping[str, list[list[float]]]]) -> Standing:
    import numpy as np
    from scipy.stats import friedmanchisquare, rankdata

    k, n = len(methods), len(values)
    rng = np.random.RandomState(SEED)
    drawn = rng.randint(0, n, (RESAMPLES, n))
    found, resampled = np.zeros((n, k)), np.zeros((n, RESAMPLES, k))
    for i, boards in enumerate(values.values()):
        for one in map(np.array, boards.values()):  # (k, seeds)
            seeds = rng.randint(0, one.shape[1], (RESAMPLES, one.shape[1]))
            found[i] += rankdata(one.mean(1)) / len(boards)
            resampled[i] += rankdata(one[:, seeds].mean(2).T, axis=1) / len(boards)
    means = resampled[drawn, np.arange(RESAMPLES)[:, None]].mean(1)  # (resamples, k)
    low, high = np.quantile(means, (LEVEL / 2, 1 - LEVEL / 2), axis=0)
    ranks = found.mean(0)
    order = sorted(range(k), key=lambda i: (ranks[i], methods[i]))
    shown = {methods[i]: (float(ranks[i]), float(low[i]), float(high[i])) for i in order}
    return Standing(n, shown, float(friedmanchisquare(*found.T).pvalue), critical_difference(k, n))
