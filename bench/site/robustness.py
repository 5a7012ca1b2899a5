"""The chart of errors under corruptions."""

from bench.runs.robustness import Robustness
from bench.site.charts import CONFIG, Spec, of_panels

SIZE, ACROSS = 120, 5  # pixels of a panel, either way; panels in a row


def by_severity(found: Robustness) -> Spec:
    """A panel a corruption: the error over severities from clean pictures on, a line a method; a block a dataset."""
    points = [dict(point) for point in found.points()]
    x = {"field": "severity", "type": "ordinal", "title": "severity", "axis": {"labelAngle": 0}}
    tips = [{"field": name} for name in ("method", "severity", "error")]
    blocks: list[Spec] = []
    for dataset in dict.fromkeys(point["dataset"] for point in points):
        own = [point for point in points if point["dataset"] == dataset]
        y = {"field": "error", "type": "quantitative", "title": f"test {own[0]['metric']}", "scale": {"zero": False}}
        line = {"mark": {"type": "line", "point": True}, "width": SIZE, "height": SIZE}
        line |= {"encoding": {"x": x, "y": y, "color": {"field": "method", "type": "nominal"}, "tooltip": tips}}
        facet = {"field": "corruption", "type": "nominal", "title": dataset, "sort": None}
        blocks.append({"data": {"values": own}, "facet": facet, "columns": ACROSS, "spec": line})
    return of_panels({"vconcat": blocks, "config": CONFIG})
