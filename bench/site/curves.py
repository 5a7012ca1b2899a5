"""Learning curves of a board's rows: the metric that selects the epoch, on the validation split."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from bench.leaderboard.board import Board
from bench.results import store
from bench.results.reading import read
from bench.results.record import Epoch

MOST_POINTS = 40  # of a curve
Point = tuple[int, float, float, float]  # epoch, mean over seeds, least, greatest


def curves(board: Board, results: Path) -> dict[str, list[Point]]:
    """The curve of each row; rows whose histories are empty have none."""
    found: dict[str, list[Point]] = {}
    for row, records in board.finished.items():
        paths = [store.path_of(results, record.dataset, record.method, record.seed) for record in records]
        made = curve([along(read(path).history) for path in paths])
        if made:
            found[row] = made
    return found


def along(history: Iterable[Epoch]) -> dict[int, float]:
    """Epoch -> validation value, over all stages: a stage goes on where the last one ended.

    >>> stages = (("a", 1), ("a", 2), ("b", 1))
    >>> along(Epoch(epoch=n, loss=0, val=n, seconds=0, stage=stage) for stage, n in stages)
    {1: 1.0, 2: 2.0, 3: 1.0}
    """
    values: dict[int, float] = {}
    start, last, stage = 0, 0, None
    for one in history:
        if one.stage != stage:
            start, stage = last, one.stage
        last = start + one.epoch
        if one.val is not None:
            values[last] = one.val
    return values


def curve(seeds: Sequence[dict[int, float]]) -> list[Point]:
    """Mean and range over seeds at the epochs that all have, thinned out evenly; the last one is kept."""
    seeds = [seed for seed in seeds if seed]
    common = sorted(set.intersection(*map(set, seeds))) if seeds else []
    places = np.unique(np.linspace(0, len(common) - 1, min(len(common), MOST_POINTS)).round().astype(int))
    points: list[Point] = []
    for epoch in (common[place] for place in places):
        values = [seed[epoch] for seed in seeds]
        points.append((epoch, _short(float(np.mean(values))), _short(min(values)), _short(max(values))))
    return points


def _short(value: float) -> float:
    return float(f"{value:.4g}")
