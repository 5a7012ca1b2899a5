"""All that a method or dataset says of itself, plain, for the command line and for pages; loads the plug-ins."""

import inspect
from dataclasses import asdict, dataclass
from typing import get_type_hints

from bench import plugins
from bench.bases.ages import Ages
from bench.bases.coordinates import Coordinates
from bench.bases.tabular import Tabular
from bench.dataset import Dataset
from bench.names import value_text
from bench.plugins import health, resolve
from bench.plugins.certificates import certificate
from bench.plugins.loading import hints
from bench.protocol import Protocol
from bench.ranges import in_words

Rows = list[tuple[str, ...]]


@dataclass(frozen=True)
class MethodFacts:
    """A method: `values` are its parameters as (parameter, value, on which datasets, from where, may be).

    `certificate` is the reference, how many golden cases it passes and the largest deviation in them.
    """

    name: str
    doc: str
    class_doc: str
    slots: list[str]
    values: Rows
    certificate: tuple[str, str, str]
    differs: str
    refused: dict[str, str]
    reference: bool  # whether it is one, and no method


@dataclass(frozen=True)
class DatasetFacts:
    """A dataset: `parameters` and `protocol` as (name, value, may be); `kind` is what its samples are, in words."""

    name: str
    kind: str
    doc: str
    metrics: list[str]
    unit: str
    groups: list[str]
    parameters: Rows
    protocol: Rows


def method(base: str) -> MethodFacts:
    """Of a method by its name without parameters."""
    source, cls = plugins.source("method", base), plugins.load("method", base)
    datasets = [resolve.dataset(name) for name in health.sound("dataset")]
    described = hints(cls)
    values: dict[tuple[str, str, str], list[str]] = {}  # parameter, value, origin -> datasets
    for on in datasets:
        for key, value in dict(resolve.method(base, on).parts)[base].items():
            values.setdefault((key, value_text(value), resolve.origin(base, on, key)), []).append(on.name)
    order = {key: i for i, (key, _, _) in enumerate(values)}
    rows: Rows = [
        (key, value, "all" if len(names) == len(datasets) else ", ".join(names), origin, in_words(described[key]))
        for (key, value, origin), names in sorted(values.items(), key=lambda item: order[item[0][0]])
    ]
    refused = {on.name: reason for on in datasets if (reason := resolve.refusal(base, on.dataset))}
    docs = source.doc.strip(), inspect.cleandoc(cls.__doc__ or "")
    slots = [] if source.reference else list(cls.slots())
    return MethodFacts(base, *docs, slots, rows, certificate(base), source.differs, refused, source.reference)


def dataset(text: str) -> DatasetFacts:
    """Of a dataset by its name, which may have parameters."""
    on = resolve.dataset(text)
    described, fields = hints(type(on.dataset)), get_type_hints(Protocol, include_extras=True)
    parameters: Rows = [(key, value_text(value), in_words(described[key])) for key, value in on.params.items()]
    protocol: Rows = [(key, value_text(value), in_words(fields[key])) for key, value in asdict(on.protocol).items()]
    about = list(on.dataset.metrics), on.dataset.unit, list(on.dataset.groups)
    named = on.name, _kind(on.dataset)
    return DatasetFacts(*named, plugins.source("dataset", on.base).doc.strip(), *about, parameters, protocol)


def _kind(dataset: Dataset) -> str:
    for base, name in ((Tabular, "Tables of numbers"), (Coordinates, "Points in space"), (Ages, "Faces")):
        if isinstance(dataset, base):
            return name
    if dataset.dense_targets:
        return "Maps of depth"
    if dataset.token_inputs:
        return "Pairs of sentences"
    return "Other data" if type(dataset).sample is Dataset.sample else "Pictures"
