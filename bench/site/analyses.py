"""Charts of what analyses have found: each measure of the features against the test error."""

from collections.abc import Sequence
from math import isfinite

import numpy as np

from bench.analysis import Kept
from bench.runs.association import Association
from bench.runs.findings import Findings, summary
from bench.site.charts import CONFIG, Spec, of_panels, spec

SIZE = 190  # pixels of a panel, either way


def against_error(found: Findings, measures: Sequence[str]) -> Spec:
    """A row of panels a dataset, a panel a measure, a point a method with the deviation of its seeds."""
    rows = [[_panel(found, dataset, measure) for measure in measures] for dataset in found.datasets]
    return of_panels({"vconcat": [{"hconcat": row} for row in rows], "config": CONFIG})


def correlations(found: Sequence[Association]) -> Spec:
    """A row a measure: its correlation with the test error on each dataset, with the interval, about a line at 0."""
    points = [{**vars(one), "measure": one.measure.replace("_", " ")} for one in found if isfinite(one.rho)]
    datasets = list(dict.fromkeys(one.dataset for one in found))
    colours = ["var(--best)", "var(--base)", "var(--other)", "var(--muted)"]
    shared = {
        "y": {"field": "measure", "type": "nominal", "sort": None, "title": None},
        "yOffset": {"field": "dataset", "type": "nominal", "sort": datasets},
        "color": {
            "field": "dataset",
            "type": "nominal",
            "scale": {"domain": datasets, "range": [colours[n % len(colours)] for n in range(len(datasets))]},
        },
    }
    x = {"type": "quantitative", "title": "rank correlation with the test error", "scale": {"domain": [-1, 1]}}
    none = {"data": {"values": [{"x": 0}]}, "mark": {"type": "rule", "strokeDash": [4, 4], "color": "var(--muted)"}}
    none |= {"encoding": {"x": {**x, "field": "x"}}}
    bar = {"mark": {"type": "rule", "strokeWidth": 2}}
    bar |= {"encoding": {"x": {**x, "field": "low"}, "x2": {"field": "high"}, **shared}}
    dot = {"mark": {"type": "point", "filled": True, "size": 50, "opacity": 1}}
    dot |= {"encoding": {"x": {**x, "field": "rho"}, **shared}}
    height = 14 * max(len(datasets), 2) * len({one.measure for one in found})
    return spec({"layer": [none, *({"data": {"values": points}, **layer} for layer in (bar, dot))], "height": height})


def manifold(kept: Kept, moves: bool = False) -> Spec:
    """Rows by the first two principal directions of their features, in the colour of their first label.

    Args:
        moves: whether lines lead from where the rows were by the first weights, in the same directions.
    """
    centre = kept.z.mean(0)
    plane = np.linalg.svd(kept.z - centre, full_matrices=False)[2][:2]
    ends = (kept.z - centre) @ plane.T
    starts = ends if kept.start is None else (kept.start - centre) @ plane.T
    lines = np.column_stack([ends, starts, kept.labels[:, :1]])
    points = [dict(zip(("x", "y", "from_x", "from_y", "label"), map(float, line), strict=True)) for line in lines]
    free = {"type": "quantitative", "scale": {"zero": False}}
    x, y = (
        {**free, "field": name, "title": f"{word} principal direction"}
        for name, word in (("x", "first"), ("y", "second"))
    )
    colour = {"field": "label", "type": "quantitative", "scale": {"scheme": "viridis"}, "legend": {"title": "label"}}
    move = {"mark": {"type": "rule", "strokeWidth": 0.5, "opacity": 0.5, "color": "var(--other)"}}
    move |= {"encoding": {"x": x, "y": y, "x2": {"field": "from_x"}, "y2": {"field": "from_y"}}}
    dot = {"mark": {"type": "point", "filled": True, "size": 14, "opacity": 0.9}}
    dot |= {"encoding": {"x": x, "y": y, "color": colour}}
    return spec({"data": {"values": points}, "layer": [move, dot] if moves else [dot], "height": 360})


def _panel(found: Findings, dataset: str, measure: str) -> Spec:
    points: list[Spec] = []
    metric = ""
    for (name, method), own in found.rows().items():
        x, y = summary(cell.values[measure] for cell in own), summary(cell.error for cell in own)
        if name == dataset and x["mean"] is not None and y["mean"] is not None:
            metric, dx, dy = own[0].metric, x["sd"] or 0.0, y["sd"] or 0.0
            points.append(
                {"method": method, "x": x["mean"], "y": y["mean"], "left": x["mean"] - dx, "right": x["mean"] + dx}
                | {"low": y["mean"] - dy, "high": y["mean"] + dy}
            )
    free = {"zero": False}
    x = {"type": "quantitative", "title": measure.replace("_", " "), "scale": free}
    y = {"type": "quantitative", "title": f"{dataset}: test {metric}", "scale": free}
    tips = [{"field": field} for field in ("method", "x", "y")]
    where = {"x": {**x, "field": "x"}, "y": {**y, "field": "y"}}
    rule = {"type": "rule", "color": "var(--other)"}
    dot = {"type": "point", "filled": True, "size": 45, "opacity": 1}
    name = {"type": "text", "align": "left", "dx": 5, "dy": -5, "fontSize": 9}
    layers = [
        {"mark": rule, "encoding": {**where, "x": {**x, "field": "left"}, "x2": {"field": "right"}}},
        {"mark": rule, "encoding": {**where, "y": {**y, "field": "low"}, "y2": {"field": "high"}}},
        {"mark": dot, "encoding": {**where, "color": _role(), "tooltip": tips}},
        {"mark": name, "encoding": {**where, "text": {"field": "method"}}},
    ]
    return {"data": {"values": points}, "layer": layers, "width": SIZE, "height": SIZE}


def _role() -> Spec:
    baseline = {"test": "datum.method === 'baseline'", "value": "var(--base)"}
    return {"condition": baseline, "value": "var(--best)"}
