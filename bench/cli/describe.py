"""What `bench list`, `bench show` and `bench data status` print."""

import inspect
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tabulate import tabulate

from bench import plugins
from bench.names import parse_stack, value_text
from bench.plugins import lookup
from bench.plugins.certificates import certificate
from bench.plugins.parameters import parameters
from bench.shots import ORDER
from bench.slots import SLOTS

if TYPE_CHECKING:
    from bench.plugins.resolve import NamedDataset


def as_json() -> dict[str, list[dict[str, Any]]]:
    """All plug-ins by name as plain data, from their source alone.

    `methods` and `datasets` have of each `name`, `title` (one sentence) and `parameters` (each with the default of its
    constructor as text; null where the source does not tell), methods their `slots`, datasets their `groups`.
    """
    methods = [{**_facts("method", source), "slots": _slots(source)} for source in plugins.sources("method")]
    datasets = [{**_facts("dataset", source), "groups": list(source.groups)} for source in plugins.sources("dataset")]
    return {"methods": methods, "datasets": datasets}


def _facts(kind: plugins.Kind, source: plugins.Source) -> dict[str, Any]:
    return {"name": source.name, "title": source.title, "parameters": parameters(kind, source.name)}


def _slots(source: plugins.Source) -> list[str]:
    return [slot for slot in SLOTS if slot in source.hooks]


def plugin_table() -> str:
    """All plug-ins by name, from their source alone."""
    methods = [(source.name, " ".join(_slots(source)), source.title) for source in plugins.sources("method")]
    datasets = [(source.name, " ".join(source.groups), source.title) for source in plugins.sources("dataset")]
    return "\n\n".join(
        (
            tabulate(methods, ("method", "slots", "what")),
            tabulate(datasets, ("dataset", "groups", "what")),
            "More: bench show NAME. Methods stack with +, as mt+ranksim; parameters go in brackets, as mt[copies=4].",
        )
    )


def matrix() -> str:
    """Methods against datasets: where each is defined, and why not where it is not."""
    from bench.plugins import resolve

    datasets = [resolve.dataset(name) for name in sorted(plugins.modules("dataset"))]
    rows, reasons = [], {}
    for base in sorted(plugins.modules("method")):
        refused = {on.name: resolve.method(base, on).refusal(on.dataset) for on in datasets}
        rows.append((base, *("–" if reason else "yes" for reason in refused.values())))
        reasons |= {f"{base}: {reason}": None for reason in refused.values() if reason}
    return "\n\n".join((tabulate(rows, ("method", *(on.name for on in datasets))), "\n".join(reasons)))


def page(text: str, root: Path) -> str:
    """One method, stack or dataset in full."""
    lookup.check_any(text)
    names = parse_stack(text)
    if len(names) == 1 and names[0].base in plugins.modules("dataset"):
        return _dataset_page(text, root)
    return "\n\n".join(_method_page(name.base) for name in names)


def files(chosen: Sequence["NamedDataset"], root: Path) -> str:
    """Each dataset's files: state, size, terms and source."""
    from bench.data import files

    rows = []
    for on in chosen:
        found = files.status(on.dataset, root)
        rows += [(on.name, row.path, row.state, row.size, row.licence, row.source) for row in found]
        if not found:
            rows.append((on.name, "", "generated", "", "", "made offline from a seed"))
    return tabulate(rows, ("dataset", "file", "state", "size", "licence", "source"))


def _method_page(base: str) -> str:
    from bench.plugins import resolve

    source, cls = plugins.source("method", base), plugins.load("method", base)
    datasets = [resolve.dataset(name) for name in sorted(plugins.modules("dataset"))]
    values: dict[tuple[str, str, str], list[str]] = {}  # parameter, value, origin -> datasets
    for on in datasets:
        for key, value in dict(resolve.method(base, on).parts)[base].items():
            values.setdefault((key, value_text(value), resolve.origin(base, on, key)), []).append(on.name)
    order = {key: i for i, (key, _, _) in enumerate(values)}
    rows = [
        (key, value, "all" if len(names) == len(datasets) else ", ".join(names), origin)
        for (key, value, origin), names in sorted(values.items(), key=lambda item: order[item[0][0]])
    ]
    reference, cases, deviation = certificate(base)
    lines = [("reference", reference), ("golden cases passed", cases)]
    lines += [("largest deviation", f"{deviation} of the largest entry")] if deviation else []
    reasons = [f"{on.name}: {reason}" for on in datasets if (reason := resolve.refusal(base, on.dataset))]
    return "\n".join(
        (
            f"method {base}\n",
            source.doc.strip() + "\n",
            f"slots: {', '.join(cls.slots()) or 'none'}\n",
            inspect.cleandoc(cls.__doc__ or "") + "\n",
            tabulate(rows, ("parameter", "value", "on", "from")) if rows else "no parameters",
            "",
            tabulate([*lines, ("differs", source.differs)], tablefmt="plain"),
            *(["", "not defined on", *reasons] if reasons else []),
        )
    )


def _dataset_page(text: str, root: Path) -> str:
    from bench.plugins import resolve

    on = resolve.dataset(text)
    source = plugins.source("dataset", on.base)
    parameters = [(key, value_text(value)) for key, value in on.params.items()]
    protocol = [(key, value_text(value)) for key, value in asdict(on.protocol).items()]
    return "\n".join(
        (
            f"dataset {on.name}\n",
            source.doc.strip() + "\n",
            f"metrics: {', '.join(on.dataset.metrics)}; the first one selects the epoch",
            f"unit: {on.dataset.unit or 'none'}",
            f"groups: {', '.join(on.dataset.groups) or 'none'}\n",
            tabulate(parameters, ("parameter", "value")) if parameters else "no parameters",
            "",
            tabulate(protocol, ("protocol", "value")),
            "",
            files([on], root),
            "",
            _samples(on, root),
        )
    )


def _samples(on: "NamedDataset", root: Path) -> str:
    # counts need the data; without it the page says how to get it
    from bench.errors import BenchError
    from bench.runs import cells

    try:
        splits = cells.load(on, root)
    except BenchError as error:
        return str(error)
    rows = []
    for name in ("train", "val", "test"):
        split = getattr(splits, name)
        # of dense targets every pixel has a region, too many to list
        dense = len(split.labels.shape) > 2
        regions = None if dense else on.dataset.regions(splits.train.labels.numpy(), split.labels.numpy())
        names = [] if regions is None else regions.ravel().tolist()
        rows.append((name, len(split), *(names.count(region) or "" for region in ORDER)))
    return tabulate(rows, ("split", "samples", *ORDER))
