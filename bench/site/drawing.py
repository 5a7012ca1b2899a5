"""Drawings of the features that one record keeps, one for each analysis: what figures of the Tightness paper show."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from scipy.spatial.distance import squareform

from bench.analysis import Array, Kept
from bench.errors import BenchError
from bench.site.analyses import manifold
from bench.site.charts import CONFIG, Spec, of_panels
from bench.training.course import EVERY, FIRST

SIZE, ROWS = 260, 120  # pixels of a panel, either way; rows of a matrix
FREE = {"type": "quantitative", "scale": {"zero": False}}


def tightness(kept: Kept) -> Spec:
    """The feature manifold, coloured by label."""
    return manifold(kept)


def updates(kept: Kept) -> Spec:
    """Where rows moved from the first weights to the chosen ones; of narrow features in each epoch, a panel each."""
    if kept.course is None or kept.epochs is None:
        return manifold(kept, moves=True)
    whole = np.concatenate(kept.course)
    centre = whole.mean(0)
    plane = np.linalg.svd(whole - centre, full_matrices=False)[2][:2]
    ends = [(z - centre) @ plane.T for z in kept.course]
    panels: list[Spec] = []
    for number in range(1, len(ends)):
        named = f"epoch {kept.epochs[number - 1]:.0f} to {kept.epochs[number]:.0f}"
        lines = np.column_stack([ends[number], ends[number - 1], kept.labels[:, :1]])
        points = [dict(zip(("x", "y", "from_x", "from_y", "label"), map(float, line), strict=True)) for line in lines]
        x, y = ({**FREE, "field": name, "title": None} for name in ("x", "y"))
        colour = {
            "field": "label",
            "type": "quantitative",
            "scale": {"scheme": "viridis"},
            "legend": {"title": "label"},
        }
        move = {"mark": {"type": "rule", "strokeWidth": 0.4, "opacity": 0.5, "color": "var(--other)"}}
        move |= {"encoding": {"x": x, "y": y, "x2": {"field": "from_x"}, "y2": {"field": "from_y"}}}
        dot = {"mark": {"type": "point", "filled": True, "size": 8, "opacity": 0.9}}
        dot |= {"encoding": {"x": x, "y": y, "color": colour}}
        panels.append({"title": named, "data": {"values": points}, "layer": [move, dot], **_square(SIZE)})
    return _panels(panels)


def ordinality(kept: Kept) -> Spec:
    """Distances of features and of labels between rows in the order of labels, each over its largest."""
    few = kept.sample(ROWS)
    order = np.argsort(few.labels[:, 0], kind="stable")
    panels: list[Spec] = []
    for name, distances in (("features", few.distances()), ("labels", few.label_distances())):
        matrix = squareform(distances)[np.ix_(order, order)]
        matrix /= matrix.max() or 1.0
        values = [
            {"row": row, "column": column, "distance": round(float(matrix[row, column]), 4)}
            for row, column in np.ndindex(matrix.shape)
        ]
        place = {"type": "ordinal", "axis": None}
        colour = {"field": "distance", "type": "quantitative", "scale": {"scheme": "viridis"}}
        encoding = {"x": {**place, "field": "column"}, "y": {**place, "field": "row"}, "color": colour}
        panels.append(
            {"title": f"distances of {name}", "data": {"values": values}, "mark": "rect", "encoding": encoding}
            | _square(SIZE)
        )
    return _panels(panels)


def theta(kept: Kept) -> Spec:
    """Turns of the head's weights over epochs; of narrow features their ways, and the updates of single steps."""
    if kept.heads is None or kept.epochs is None:
        raise BenchError("the head is not linear, so that it has no course")
    turns = kept.turns()
    seen = kept.epochs > 0  # before the first one nothing is trained
    points = _points(("epoch", "distance"), ((kept.epochs[seen], turns[seen, one]) for one in range(turns.shape[1])))
    panels = [_panel("cosine distance from the last", points, "epoch", "distance", joined=True)]
    names = ("first", "second")
    if kept.steps is not None and kept.iterations is not None:
        ways = (kept.heads[:, one, :2].T for one in range(kept.heads.shape[1]))
        panels.append(_panel("weights after epochs", _points(names, ways), *names, joined=True))
        chosen = {
            f"updates, one step in {EVERY}": kept.iterations % EVERY == 0,
            f"updates of the first {FIRST} steps": kept.iterations < FIRST,
        }
        for title, kind in chosen.items():
            moves = (kept.steps[kind, one, :2].T for one in range(kept.steps.shape[1]))
            panels.append(_panel(title, _points(names, moves), *names))
    return _panels(panels)


DRAWN: dict[str, Callable[[Kept], Spec]] = {
    "ordinality": ordinality,
    "theta": theta,
    "tightness": tightness,
    "updates": updates,
}


def _points(names: Sequence[str], of_weights: Iterable[Iterable[Array]]) -> list[Spec]:
    return [
        {"weight": str(number + 1), "place": place, **dict(zip(names, map(float, values), strict=True))}
        for number, columns in enumerate(of_weights)
        for place, values in enumerate(zip(*columns, strict=True))
    ]


def _panel(title: str, points: Sequence[Spec], x: str, y: str, joined: bool = False) -> Spec:
    where = {"x": {**FREE, "field": x}, "y": {**FREE, "field": y}}
    where |= {"color": {"field": "weight", "type": "nominal"}, "order": {"field": "place"}}
    mark = {"type": "line", "point": True} if joined else {"type": "point", "filled": True, "size": 14}
    return {"title": title, "data": {"values": points}, "mark": mark, "encoding": where, **_square(SIZE)}


def _square(size: int) -> Spec:
    return {"width": size, "height": size}


def _panels(panels: Sequence[Spec]) -> Spec:
    rows = [{"hconcat": panels[first : first + 3]} for first in range(0, len(panels), 3)]
    return of_panels({"vconcat": rows, "config": CONFIG})
