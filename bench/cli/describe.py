"""What `bench list`, `bench show` and `bench data status` print."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tabulate import tabulate

from bench import plugins
from bench.names import parse_stack
from bench.plugins import described, health, lookup
from bench.plugins.discovery import KINDS
from bench.plugins.parameters import parameters
from bench.printable import one_line
from bench.shots import ORDER
from bench.slots import SLOTS

if TYPE_CHECKING:
    from bench.plugins.resolve import NamedDataset


def as_json() -> dict[str, list[dict[str, Any]]]:
    """All plug-ins by name as plain data, from their source alone.

    `methods`, `references` and `datasets` have of each `name`, `title` (one sentence) and `parameters` (each with the
    default of its constructor as text; null where the source does not tell), methods their `slots`, datasets their
    `groups`. `broken` has the `kind` and `name` of each plug-in that cannot be used, which is in none of them, and the
    `reason`.
    """
    methods = [{**_facts("method", source), "slots": _slots(source)} for source in _sound("method")]
    references = [_facts("method", source) for source in _sound("method", True)]
    datasets = [{**_facts("dataset", source), "groups": list(source.groups)} for source in _sound("dataset")]
    broken: list[dict[str, Any]] = [{"kind": kind, "name": name, "reason": why} for kind, name, why in _broken()]
    return {"methods": methods, "references": references, "datasets": datasets, "broken": broken}


def _facts(kind: plugins.Kind, source: plugins.Source) -> dict[str, Any]:
    return {"name": source.name, "title": source.title, "parameters": parameters(kind, source.name)}


def _sound(kind: plugins.Kind, references: bool = False) -> list[plugins.Source]:
    # references, or all others
    found = (plugins.source(kind, name) for name in health.sound(kind))
    return [source for source in found if source.reference == references]


def _broken() -> list[tuple[str, str, str]]:
    return [(kind, name, reason) for kind in KINDS for name, reason in health.broken(kind).items()]


def _slots(source: plugins.Source) -> list[str]:
    return [slot for slot in SLOTS if slot in source.hooks]


def plugin_table() -> str:
    """All plug-ins by name, from their source alone."""
    methods = [(source.name, " ".join(_slots(source)), source.title) for source in _sound("method")]
    references = [(source.name, source.title) for source in _sound("method", True)]
    datasets = [(source.name, " ".join(source.groups), source.title) for source in _sound("dataset")]
    broken = [(kind, one_line(name)[:40], one_line(reason)) for kind, name, reason in _broken()]
    return "\n\n".join(
        (
            tabulate(methods, ("method", "slots", "what")),
            tabulate(references, ("reference", "what")),
            tabulate(datasets, ("dataset", "groups", "what")),
            *([tabulate(broken, ("broken", "name", "why it is left out"))] if broken else []),
            "More: bench show NAME. Methods stack with +, as mt+ranksim; parameters go in brackets, as mt[copies=4].",
        )
    )


def matrix() -> str:
    """Methods against datasets: where each is defined, and why not where it is not."""
    from bench.plugins import resolve

    datasets = [resolve.dataset(name) for name in health.sound("dataset")]
    rows, reasons = [], {}
    for base in health.sound("method"):
        refused = {on.name: resolve.method_or_reason(base, on).refusal(on.dataset) for on in datasets}
        rows.append((base, *("–" if reason else "yes" for reason in refused.values())))
        reasons |= {f"{base}: {reason}": None for reason in refused.values() if reason}
    return "\n\n".join((tabulate(rows, ("method", *(on.name for on in datasets))), "\n".join(reasons)))


def page(text: str, root: Path) -> str:
    """One method, stack or dataset in full."""
    lookup.check_any(text)
    names = parse_stack(text)
    if len(names) == 1 and _is_dataset(names[0].base):
        return _dataset_page(text, root)
    from bench.plugins import resolve

    for name in names:
        resolve.check_values(name)
    return "\n\n".join(_method_page(name.base) for name in names)


def schemas(text: str) -> dict[str, Any]:
    """What a method, the methods of a stack, or a dataset and its protocol take: JSON Schemas by plug-in."""
    from bench.plugins import resolve, schemas

    bases = [name.base for name in parse_stack(text)]
    if len(bases) == 1 and _is_dataset(bases[0]):
        resolve.dataset(text)
        return {bases[0]: schemas.of_parameters("dataset", bases[0]), "protocol": schemas.of_protocol()}
    for name in parse_stack(text):
        resolve.check_values(name)
    return {base: schemas.of_parameters("method", base) for base in bases}


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
    from bench.plugins import facts

    found = facts.method(base)
    reference, cases, deviation = found.certificate
    lines = [("reference", reference), ("golden cases passed", cases)]
    lines += [("largest deviation", f"{deviation} of the largest entry")] if deviation else []
    reasons = [f"{name}: {reason}" for name, reason in found.refused.items()]
    heads = ("parameter", "value", "on", "from", "may be")
    return "\n".join(
        (
            f"{'reference' if found.reference else 'method'} {base}\n",
            found.doc + "\n",
            *([] if found.reference else [f"slots: {', '.join(found.slots) or 'none'}\n"]),
            found.class_doc + "\n",
            tabulate(found.values, heads) if found.values else "no parameters",
            "",
            tabulate([*lines, ("differs", found.differs)], tablefmt="plain"),
            *(["", "not defined on", *reasons] if reasons else []),
        )
    )


def _dataset_page(text: str, root: Path) -> str:
    from bench.plugins import facts, resolve

    found, on = facts.dataset(text), resolve.dataset(text)
    return "\n".join(
        (
            f"dataset {found.name}\n",
            found.doc + "\n",
            f"metrics: {', '.join(found.metrics)}; the first one selects the epoch",
            f"unit: {found.unit or 'none'}",
            f"groups: {', '.join(found.groups) or 'none'}\n",
            tabulate(found.parameters, ("parameter", "value", "may be")) if found.parameters else "no parameters",
            "",
            tabulate(found.protocol, ("protocol", "value", "may be")),
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
    from bench.training import evaluate

    try:
        splits = cells.load(on, root)
    except BenchError as error:
        return str(error)
    rows = []
    for name in ("train", "val", "test"):
        split = getattr(splits, name)
        # of dense targets every pixel has a region, too many to list
        dense = len(split.labels.shape) > 2
        seen = splits.train.labels
        regions = None if dense else evaluate.regions_of(on.dataset, split, seen, split.labels.numpy())
        names = [] if regions is None else regions.ravel().tolist()
        rows.append((name, len(split), *(names.count(region) or "" for region in ORDER)))
    return tabulate(rows, ("split", "samples", *ORDER))


def _is_dataset(base: str) -> bool:
    return base in plugins.modules("dataset") or described.find(base) is not None
