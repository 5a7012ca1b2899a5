"""Charts as Vega-Lite specifications. Colours are names of the style sheet, so that a chart does for light and dark."""

from collections.abc import Mapping, Sequence
from typing import Any

from bench.leaderboard import across
from bench.site.curves import Point
from bench.site.labels import ByLabel
from bench.site.standing import interval

Spec = dict[str, Any]

VERSION = "6.1"  # of Vega-Lite
ROLES = ("best group", "baseline", "others")
COLOURS = ("var(--best)", "var(--base)", "var(--other)")
TEXT = {"labelColor": "var(--muted)", "titleColor": "var(--muted)", "titleFontWeight": "normal"}
CONFIG = {
    "background": "transparent",
    "font": "system-ui, sans-serif",
    "view": {"stroke": None},
    "axis": {
        **TEXT,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "labelLimit": 150,
        "gridColor": "var(--line)",
        "domainColor": "var(--line)",
        "tickColor": "var(--line)",
    },
    "legend": {**TEXT, "title": None, "orient": "top", "labelFontSize": 12, "symbolSize": 70},
    "text": {"color": "var(--ink)", "fontSize": 12},
}
STEP = 22  # pixels of a row
WIDE = 8.0  # from this ratio of the largest to the smallest value on, an axis is logarithmic


def seeds(values: Mapping[str, Sequence[float]], roles: Mapping[str, str], title: str) -> Spec:
    """Every seed of every row, the mean, and its 95% interval over seeds; a dashed line at the baseline's mean."""
    dots = [{"row": row, "x": x, "role": roles[row]} for row, own in values.items() for x in own]
    bars = []
    for row, own in values.items():
        mean, low, high = interval(own)
        bars.append({"row": row, "mean": mean, "low": low, "high": high, "role": roles[row]})
    scale = _scale([dot["x"] for dot in dots])
    if scale["type"] == "log":  # an interval may reach 0, which no logarithm does
        least = min(dot["x"] for dot in dots) / 2
        bars = [{**bar, "low": max(bar["low"], least)} for bar in bars]
    x = {"type": "quantitative", "scale": scale, "title": title}
    y = {"field": "row", "type": "nominal", "sort": list(values), "title": None}
    line = {"data": {"values": [bar for bar in bars if bar["row"] == "baseline"]}}
    line |= {"mark": {"type": "rule", "strokeDash": [4, 4], "color": "var(--base)"}}
    line |= {"encoding": {"x": {**x, "field": "mean"}}}
    tooltip = [_tip("row", "method"), _tip("mean"), _tip("low"), _tip("high")]
    shared = {"y": y, "color": _by_role()}
    layers = [
        line,
        _layer(dots, {"type": "point", "size": 22, "opacity": 0.5, "filled": True}, x={**x, "field": "x"}, **shared),
        _layer(bars, {"type": "rule", "strokeWidth": 2.5}, x={**x, "field": "low"}, x2={"field": "high"}, **shared),
        _layer(
            bars,
            {"type": "point", "shape": "diamond", "size": 90, "filled": True},
            x={**x, "field": "mean"},
            tooltip=tooltip,
            **shared,
        ),
    ]
    return spec({"layer": layers, "height": STEP * len(values)})


def error_by_label(found: ByLabel, first: str, unit: str) -> Spec:
    """Error in bins of the label of the baseline and one other row, before how often training saw each label."""
    edges = list(zip(found.edges, found.edges[1:], strict=False))
    density = [{"low": a, "high": b, "n": n} for (a, b), n in zip(edges, found.train, strict=True)]
    middle = [float(f"{(a + b) / 2:.6g}") for a, b in edges]
    lines = [
        {"row": row, "x": x, "error": error, "test": n}
        for row, errors in found.errors.items()
        for x, error, n in zip(middle, errors, found.test, strict=True)
        if error is not None
    ]
    words = f" [{unit}]" if unit else ""
    x = {"type": "quantitative", "title": f"label{words}", "scale": {"zero": False, "nice": False}}
    right = {"grid": False, "orient": "right"}
    bars = _layer(
        density,
        {"type": "bar", "color": "var(--density)", "binSpacing": 0, "stroke": "var(--card)", "strokeWidth": 1},
        x={**x, "field": "low", "bin": {"binned": True}},
        x2={"field": "high"},
        y={"field": "n", "type": "quantitative", "title": "training samples", "axis": right},
        tooltip=[_tip("low", "label from"), _tip("high", "to"), _tip("n", "training samples")],
    )
    curve = {"y": {"field": "error", "type": "quantitative", "title": f"mean absolute error{words}"}}
    tooltip = [_tip("row", "method"), _tip("x", "label"), _tip("error"), _tip("test", "test samples")]
    chosen = _chosen(lines, list(found.errors), first)
    mark = {"type": "line", "strokeWidth": 2.5, "point": {"size": 40, "filled": True}}
    chosen |= {"mark": mark, "encoding": {"x": {**x, "field": "x"}, **curve, "color": _by_choice(), "tooltip": tooltip}}
    params = chosen.pop("params")  # of the whole chart, as Vega-Lite wants them
    return spec({"params": params, "layer": [bars, chosen], "resolve": {"scale": {"y": "independent"}}, "height": 300})


def learning(found: Mapping[str, Sequence[Point]], first: str, title: str) -> Spec:
    """The selecting metric on the validation split, mean and range over seeds, of the baseline and one other row."""
    points = [
        {"row": row, "epoch": epoch, "mean": mean, "low": low, "high": high}
        for row, curve in found.items()
        for epoch, mean, low, high in curve
    ]
    y = {"type": "quantitative", "scale": _scale([point["mean"] for point in points]), "title": title}
    x = {
        "field": "epoch",
        "type": "quantitative",
        "title": "epoch",
        "axis": {"grid": False, "format": "d", "tickMinStep": 1},
    }
    shared = _chosen(points, list(found), first)
    tooltip = [_tip("row", "method"), _tip("epoch"), _tip("mean"), _tip("low"), _tip("high")]
    band = {"mark": {"type": "area", "opacity": 0.18, "clip": True}}
    band |= {
        "encoding": {"y": {**y, "field": "low"}, "y2": {"field": "high"}, "color": {**_by_choice(), "legend": None}}
    }
    line = {"mark": {"type": "line", "strokeWidth": 2.5, "clip": True, "point": {"size": 12, "filled": True}}}
    line |= {"encoding": {"y": {**y, "field": "mean"}, "color": _by_choice(), "tooltip": tooltip}}
    return spec(
        {
            **shared,
            "encoding": {"x": x},
            "resolve": {"legend": {"color": "independent"}},
            "layer": [band, line],
            "height": 300,
        }
    )


def cost(costs: Mapping[str, float], means: Mapping[str, float], roles: Mapping[str, str], title: str) -> Spec:
    """The metric that ranks the rows against the time of a step."""
    shown = [row for row in costs if row in means]
    points = [{"row": row, "ms": costs[row], "mean": means[row], "role": roles[row]} for row in shown]
    scale = {**_scale([*costs.values()]), "padding": 48}  # pixels, of which a name at the end has need
    x = {"field": "ms", "type": "quantitative", "title": "milliseconds a step", "scale": scale}
    y = {"field": "mean", "type": "quantitative", "title": title, "scale": _scale([*means.values()])}
    tooltip = [_tip("row", "method"), _tip("ms", "ms a step"), _tip("mean")]
    named = _named(points)
    layers = [
        _layer(points, {"type": "point", "filled": True, "size": 80}, color=_by_role(), tooltip=tooltip),
        _layer(named, {"type": "text", "align": "left", "dx": 8, "dy": 4}, text={"field": "row"}),
    ]
    return spec({"encoding": {"x": x, "y": y}, "layer": layers, "height": 320})


def critical_differences(found: across.Standing) -> Spec:
    """Average ranks and their intervals; the band is as wide as what the best one may lie ahead by chance."""
    best = min(rank for rank, _, _ in found.ranks.values())
    points = [
        {
            "row": row,
            "rank": rank,
            "low": low,
            "high": high,
            "role": "best group" if rank <= best + found.critical else "others",
        }
        for row, (rank, low, high) in found.ranks.items()
    ]
    for point in points:
        point["role"] = "baseline" if point["row"] == "baseline" else point["role"]
    x = {"type": "quantitative", "title": "average rank; 1 is best", "scale": {"zero": False, "domainMin": 1}}
    y = {"field": "row", "type": "nominal", "sort": list(found.ranks), "title": None}
    band = [{"low": best, "high": best + found.critical}]
    shared = {"y": y, "color": _by_role()}
    tooltip = [_tip("row", "method"), _tip("rank", "average rank"), _tip("low"), _tip("high")]
    dot = {"type": "point", "filled": True, "size": 90, "opacity": 1}
    layers = [
        _layer(band, {"type": "rect", "color": "var(--density)"}, x={**x, "field": "low"}, x2={"field": "high"}),
        _layer(points, {"type": "rule", "strokeWidth": 2}, x={**x, "field": "low"}, x2={"field": "high"}, **shared),
        _layer(points, dot, x={**x, "field": "rank"}, tooltip=tooltip, **shared),
    ]
    return spec({"layer": layers, "height": STEP * len(found.ranks)})


def _named(points: Sequence[Spec]) -> list[Spec]:
    # the baseline and a few of the best group; names that would lie over one another are left to the tooltip
    means = [point["mean"] for point in points]
    apart = 0.07 * (max(means) - min(means)) if points else 0.0
    chosen = [point for point in points if point["role"] == "baseline"]
    for point in (point for point in points if point["role"] == "best group"):
        if len(chosen) < 4 and all(abs(point["mean"] - other["mean"]) >= apart for other in chosen):
            chosen.append(point)
    return chosen


def _chosen(values: list[Spec], rows: Sequence[str], first: str) -> Spec:
    # the rows of the baseline and of the method that the reader chose
    options = [row for row in rows if row != "baseline"] or ["baseline"]
    bound = {"input": "select", "options": options, "name": "compare with the baseline: "}
    param = {"name": "method", "value": first if first in options else options[0], "bind": bound}
    kept = {"filter": "datum.row === 'baseline' || datum.row === method"}
    named = {"calculate": "datum.row === 'baseline' ? 'baseline' : 'chosen method'", "as": "role"}
    return {"data": {"values": values}, "params": [param], "transform": [kept, named]}


def _by_choice() -> Spec:
    scale = {"domain": ["chosen method", "baseline"], "range": ["var(--best)", "var(--base)"]}
    return {"field": "role", "type": "nominal", "scale": scale}


def _by_role() -> Spec:
    return {"field": "role", "type": "nominal", "scale": {"domain": list(ROLES), "range": list(COLOURS)}}


def _layer(values: list[Spec], mark: Spec, **encoding: Any) -> Spec:
    return {"data": {"values": values}, "mark": mark, "encoding": encoding}


def _tip(field: str, title: str | None = None) -> Spec:
    if field == "row":
        return {"field": field, "type": "nominal", "title": title or field}
    return {"field": field, "type": "quantitative", "title": title or field, "format": ".4~g"}


def _scale(values: Sequence[float]) -> Spec:
    positive = [value for value in values if value > 0]
    wide = len(positive) == len(values) and max(positive, default=1.0) > WIDE * min(positive, default=1.0)
    return {"type": "log", "nice": False, "padding": 12} if wide else {"type": "linear", "zero": False}


def spec(content: Spec) -> Spec:
    """A specification as wide as its place, in our style."""
    schema = f"https://vega.github.io/schema/vega-lite/v{VERSION.partition('.')[0]}.json"
    size = {"width": "container", "autosize": {"type": "fit-x", "contains": "padding"}}
    return {"$schema": schema, **size, "config": CONFIG, **content}


def of_panels(content: Spec) -> Spec:
    """As `spec`, of panels that have sizes of their own."""
    return {name: value for name, value in spec(content).items() if name not in ("width", "autosize")}
