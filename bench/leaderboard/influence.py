"""How much each test row moves a metric, and with that how far drawing other test rows would move it.

The influence of a row is the derivative of the metric by the weight of the row, times the number of rows (Hampel, The
influence curve, JASA 1974). Sums of its squares give the variance over test rows: for means this is what a bootstrap of
rows tends to with more and more resamples, for other metrics its linearisation, and no random number is drawn.
"""

from collections.abc import Callable, Mapping
from functools import wraps

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.stats import rankdata

from bench.formulas import angles

Influence = Callable[[np.ndarray, np.ndarray], np.ndarray]


def influence(metric: str, y_hat: np.ndarray, y: np.ndarray, given: np.ndarray | None = None) -> np.ndarray | None:
    """Influence of each row on a metric, (..., N, T), (N, T) -> (..., N), of mean 0; None where the metric has none.

    Args:
        y_hat: predictions of one seed, or of several at once.
        given: what the metric must know of each label beside its value, (N, T): its bin, or its relevance.
    """
    b = y.reshape(len(y), -1).astype(np.float64)
    a = y_hat.reshape(*y_hat.shape[: y_hat.ndim - y.ndim], *b.shape).astype(np.float64)
    with np.errstate(all="ignore"):
        if given is not None and metric in OF_GIVEN:
            found = OF_GIVEN[metric](a, b, given.reshape(len(y), -1))
        elif metric in INFLUENCES:
            found = INFLUENCES[metric](a, b)
        else:
            return None
    return found if np.isfinite(found).all() else None


def sampling_deviation(rows: np.ndarray, groups: np.ndarray) -> float:
    """Deviation of a metric, or of a difference of two, over draws of test rows; rows of one group are drawn together.

    Args:
        rows: influences (N,).
        groups: number of each row's group, (N,), from 0.

    >>> sampling_deviation(np.array([-1.0, 1.0]), np.array([0, 1]))  # sample deviation over root of n
    1.0
    """
    sums = np.bincount(groups, rows)
    number = len(sums)
    return float(np.sqrt(number / (number - 1) * (sums**2).sum()) / len(rows)) if number > 1 else np.nan


def row_groups(rows: int, shared: Mapping[str, np.ndarray]) -> np.ndarray:
    """Number of each row's group, (N,): rows that have something in common, directly or over others, are one group.

    Args:
        shared: what rows may have in common, by kind: numbers or texts, (N,) or several of a row (N, K).

    >>> row_groups(4, {"sentence": np.array([[1, 2], [2, 3], [4, 5], [6, 4]])}).tolist()
    [0, 0, 1, 1]
    """
    links = [np.zeros((2, 0), dtype=np.intp)]
    nodes = rows
    for values in shared.values():
        distinct, node = np.unique(values, return_inverse=True)
        node = node.reshape(rows, -1)
        links.append(np.stack([np.repeat(np.arange(rows), node.shape[1]), nodes + node.ravel()]))
        nodes += len(distinct)
    here, there = np.concatenate(links, axis=1)
    graph = coo_array((np.ones(len(here)), (here, there)), shape=(nodes, nodes))
    _, labels = connected_components(graph, directed=False)
    return np.unique(labels[:rows], return_inverse=True)[1]


def _of_mean(term: Influence) -> Influence:
    def rows(y_hat: np.ndarray, y: np.ndarray) -> np.ndarray:
        return _centred(term(y_hat, y).mean(-1))

    return rows


def _seed_by_seed(rows: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    @wraps(rows)
    def each(y_hat: np.ndarray, *more: np.ndarray) -> np.ndarray:
        if y_hat.ndim == more[0].ndim:
            return rows(y_hat, *more)
        return np.stack([each(one, *more) for one in y_hat])

    return each


def _centred(rows: np.ndarray) -> np.ndarray:
    return rows - rows.mean(-1, keepdims=True)


def _rmse(y_hat: np.ndarray, y: np.ndarray) -> np.ndarray:
    squares = ((y_hat - y) ** 2).mean(-1)
    return _centred(squares) / (2 * np.sqrt(squares.mean(-1, keepdims=True)))


def _r2(y_hat: np.ndarray, y: np.ndarray) -> np.ndarray:
    errors, spread = ((y_hat - y) ** 2).sum(-1), ((y - y.mean(0)) ** 2).sum(1)
    return (spread * errors.mean(-1, keepdims=True) / spread.mean() - errors) / spread.mean()


def _pearson(y_hat: np.ndarray, y: np.ndarray) -> np.ndarray:
    a, b = (_standard(values) for values in (y_hat, y))
    return (a * b - (a * b).mean((-1, -2), keepdims=True) * (a**2 + b**2) / 2).mean(-1)


def _spearman(y_hat: np.ndarray, y: np.ndarray) -> np.ndarray:
    if y_hat.ndim == y.ndim:
        return _of_order(_Order(y_hat), _Order(y))
    labels = _Order(y)  # of all seeds
    return np.stack([_of_order(_Order(one), labels) for one in y_hat])


def _of_order(predicted: "_Order", labels: "_Order") -> np.ndarray:
    # a row moves the correlation of the ranks, and by its own value the rank of each larger one
    a, b = predicted.standard, labels.standard
    rho = (a * b).mean()
    moved = predicted.larger((b - rho * a) / predicted.deviation) + labels.larger((a - rho * b) / labels.deviation)
    return (a * b - rho * (a**2 + b**2) / 2 + moved).mean(1)


class _Order:
    """What is known of values whatever others weigh: their order, and their ranks, standardised."""

    def __init__(self, values: np.ndarray) -> None:
        flat = values.ravel()
        self.order = np.argsort(flat, kind="stable")
        ordered = flat[self.order]
        self.first, self.last = (np.searchsorted(ordered, flat, side) for side in ("left", "right"))
        places = rankdata(flat).reshape(values.shape) / values.size
        self.standard, self.deviation = _standard(places), places.std()

    def larger(self, weights: np.ndarray) -> np.ndarray:
        """For each entry the mean over all of the weights of larger ones; half of those of equal ones."""
        below = np.concatenate([[0.0], np.cumsum(weights.ravel()[self.order])])
        there = below[-1] - (below[self.first] + below[self.last]) / 2
        return (there / weights.size).reshape(weights.shape)


def _standard(values: np.ndarray) -> np.ndarray:
    return (values - values.mean((-1, -2), keepdims=True)) / values.std((-1, -2), keepdims=True)


def _within(factor: float) -> Influence:
    def near(y_hat: np.ndarray, y: np.ndarray) -> np.ndarray:
        above, below = y_hat / y, y / y_hat
        return ((np.maximum(above, below) <= factor) & (above > 0)).astype(np.float64)

    return _of_mean(near)


def _over_bins(power: int) -> Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]:
    @_seed_by_seed
    def rows(y_hat: np.ndarray, y: np.ndarray, bins: np.ndarray) -> np.ndarray:
        _, index, counts = np.unique(bins, return_inverse=True, return_counts=True)
        index = index.ravel()
        errors = np.abs(y_hat - y).ravel() ** power
        means = np.bincount(index, errors) / counts
        return ((errors - means[index]) / counts[index]).reshape(y.shape).sum(1) * len(y) / len(counts)

    return rows


def _sera(y_hat: np.ndarray, y: np.ndarray, relevance: np.ndarray) -> np.ndarray:
    # the sum over rows of squared errors, each as often as its relevance reaches a step, by the trapezoid rule
    steps = np.arange(1001) / 1000
    reached = np.searchsorted(steps, relevance, "right")
    return _centred(((y_hat - y) ** 2 * np.minimum((reached - 0.5) / 1000, 1)).sum(-1)) * len(y)


INFLUENCES: dict[str, Influence] = {
    "mae": _of_mean(lambda y_hat, y: np.abs(y_hat - y)),
    "mse": _of_mean(lambda y_hat, y: (y_hat - y) ** 2),
    "rmse": _rmse,
    "r2": _r2,
    "pearson": _pearson,
    "spearman": _spearman,
    "delta1": _within(1.25),
    "delta2": _within(1.25**2),
    "delta3": _within(1.25**3),
    "abs_rel": _of_mean(lambda y_hat, y: np.abs(y_hat - y) / y),
    "angular": _seed_by_seed(_of_mean(lambda y_hat, y: angles(y_hat, y)[:, None])),
    "lg10": _of_mean(lambda y_hat, y: np.abs(np.log10(y_hat) - np.log10(y))),
}
OF_GIVEN: dict[str, Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]] = {
    "balanced_mae": _over_bins(1),
    "balanced_mse": _over_bins(2),
    "sera": _sera,
}
