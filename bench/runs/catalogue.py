"""What datasets and methods say of themselves, as plain data; answers are remembered, so that torch can wait.

Nothing heavy is imported before an answer has to be worked out.
"""

from collections.abc import Mapping
from typing import Any

from bench.memory import remembered


def describe(dataset: str) -> dict[str, Any]:
    """What the board of a dataset must know of it: the fields of a BoardSpec but its regions.

    Raises:
        BenchError: there is no such dataset.
    """
    return remembered("describe", [dataset], lambda: _describe(dataset))


def config_today(dataset: str, method: str, overrides: Mapping[str, Any]) -> dict[str, Any] | None:
    """What a row of results would be configured as by today's code; None where it has no such row."""

    def compute() -> dict[str, Any] | None:
        from bench.runs import cells

        return cells.config_today(dataset, method, dict(overrides))

    return remembered("config", [dataset, method, dict(overrides)], compute)


def _describe(dataset: str) -> dict[str, Any]:
    from bench import plugins
    from bench.plugins.certificates import certificate
    from bench.runs import select

    ((on, methods),) = select.rows("all", dataset, {})
    reasons = {method.name: method.refusal(on.dataset) for method in methods}
    sources = list(plugins.sources("method"))
    return {
        "dataset": on.name,
        "title": on.name,
        "what": f"{plugins.source('dataset', on.base).title} {on.dataset.note}".strip(),
        "unit": on.dataset.unit,
        "metrics": list(on.dataset.metrics),
        "synthetic": on.dataset.synthetic,
        "methods": [method for method, reason in reasons.items() if reason is None],
        "refused": {method: reason for method, reason in reasons.items() if reason is not None},
        "reported": on.dataset.reported,
        "reported_note": on.dataset.reported_note,
        "certificates": {source.name: [*certificate(source.name), source.differs] for source in sources},
        "findings": {source.name: source.found for source in sources if source.found},
    }
