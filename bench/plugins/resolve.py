"""From text to objects: names with parameters, checked, completed and written canonically."""

import inspect
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError

import bench
from bench import plugins
from bench.dataset import Dataset
from bench.errors import BenchError
from bench.method import Method
from bench.names import Name, parse, parse_stack, value_text
from bench.protocol import Protocol, with_protocol
from bench.stack import Stack

_METHODS = next(path for root in bench.__path__ if (path := Path(root, "methods")).is_dir())
OUTCOME = _METHODS / "searched.json"


@dataclass(frozen=True)
class NamedDataset:
    """A dataset, its canonical name and its constructor's arguments."""

    name: str
    base: str
    params: dict[str, Any]
    dataset: Dataset
    protocol: Protocol


@dataclass(frozen=True)
class NamedMethod:
    """A method or stack, resolved for one dataset."""

    name: str
    parts: tuple[tuple[str, dict[str, Any]], ...]  # (plug-in, every hyper-parameter)

    def build(self) -> Method:
        """A new method object."""
        return build(self.parts)

    def refusal(self, dataset: Dataset) -> str | None:
        """Why the method is not defined on a dataset."""
        return next(filter(None, (refusal(base, dataset) for base, _ in self.parts)), None)


def dataset(text: str, overrides: Mapping[str, Any] | None = None) -> NamedDataset:
    """Make the dataset that a name stands for, with its protocol."""
    name = parse(text)
    cls = plugins.load("dataset", name.base)
    given, params = _arguments(cls, name, {})
    made = cls(**params)
    return NamedDataset(str(given), name.base, params, made, with_protocol(made.protocol, overrides or {}))


def method(text: str, on: NamedDataset, searched: bool = True) -> NamedMethod:
    """Resolve a method or stack for a dataset: every hyper-parameter, and the canonical name.

    Where no value is published, what `bench search` found stands in, unless told otherwise.
    """
    parts = []
    for name in parse_stack(text):
        cls = plugins.load("method", name.base)
        found = outcome().get(name.base, {}).get(on.base, {}) if searched else {}
        given, params = _arguments(cls, name, {**cls.defaults_for(on.base, on.protocol), **found})
        parts.append((str(given), name.base, params))
    bases = [base for _, base, _ in parts]
    if len(set(bases)) < len(bases):
        raise BenchError(f"'{text}' names a method twice; write each method of a stack once")
    parts.sort(key=lambda part: _order(part[1]))
    made = NamedMethod("+".join(part[0] for part in parts), tuple((base, params) for _, base, params in parts))
    made.build()  # an illegal stack is refused here, before anything runs
    return made


def refusal(base: str, dataset: Dataset) -> str | None:
    """Why one method is not defined on a dataset, by its own word or the dataset's."""
    return dataset.excluded.get(base) or plugins.load("method", base).unsupported_reason(dataset)


def build(parts: Sequence[tuple[str, Mapping[str, Any]]]) -> Method:
    """A new method object from plug-in names and their parameters."""
    methods = [(base, plugins.load("method", base)(**params)) for base, params in parts]
    return methods[0][1] if len(methods) == 1 else Stack(methods)


@cache
def outcome() -> dict[str, dict[str, dict[str, Any]]]:
    """What `bench search` chose: method -> dataset -> values."""
    return json.loads(OUTCOME.read_text(encoding="utf-8")) if OUTCOME.is_file() else {}


def origin(base: str, on: NamedDataset, key: str) -> str:
    """Where the value of a method's parameter on a dataset comes from, in a word or two."""
    cls = plugins.load("method", base)
    if key in outcome().get(base, {}).get(on.base, {}):
        return "our search"
    special = (on.base,) if key in cls.defaults_for(on.base, on.protocol) else ()
    return next((cls.origins[at] for at in (f"{on.base}.{key}", *special, key, "") if at in cls.origins), "not stated")


def method_defaults(base: str) -> dict[str, Any]:
    """A method's parameters and its constructor's own defaults."""
    return _arguments(plugins.load("method", base), Name(base), {})[1]


_RANKS = (
    "loss", "stages", "head", "weights", "regularizer", "density", "features", "views", "inputs", "sampler",
    "optimizer", "step", "evaluated", "calibrated",
)  # fmt: skip


def _order(base: str) -> tuple[int, str]:
    # canonical order of a stack, as the papers write it: what shapes training first, what joins another method last
    cls = plugins.load("method", base)
    slots = ("density" if slot in cls.fallback_slots else slot for slot in cls.slots())
    return min(map(_RANKS.index, slots), default=0), base


def _arguments(cls: type, name: Name, defaults: Mapping[str, Any]) -> tuple[Name, dict[str, Any]]:
    # the canonical name keeps only what differs from the defaults
    parameters = inspect.signature(cls.__init__).parameters.values()
    there = {p.name: p.default for p in parameters if p.kind == p.POSITIONAL_OR_KEYWORD and p.name != "self"}
    hints = get_type_hints(cls.__init__, include_extras=True)
    resolved = {**there, **defaults}
    kept = []
    for key, text in name.params:
        if key not in there:
            listed = ", ".join(f"{k}={value_text(v)}" for k, v in resolved.items()) or "none"
            raise BenchError(f"'{name.base}' has no parameter '{key}'; there are: {listed}")
        value = _read(name.base, key, text, hints.get(key, str))
        if value != resolved[key]:
            kept.append((key, value_text(value)))
        resolved[key] = value
    for low, high in getattr(cls, "ordered", ()):
        if resolved[low] is not None and resolved[high] is not None and resolved[low] > resolved[high]:
            given = f"{low}={value_text(resolved[low])},{high}={value_text(resolved[high])}"
            raise BenchError(f"{name.base}[{given}]: {low} is above {high}; choose {low} up to {high}")
    return Name(name.base, tuple(kept)), resolved


def _read(base: str, key: str, text: str, hint: Any) -> Any:
    value: Any = None if text.lower() == "none" and type(None) in getattr(hint, "__args__", ()) else text
    if get_origin(hint) is Literal:  # whose members may be numbers
        value = next((member for member in get_args(hint) if value_text(member) == text), text)
    try:
        return TypeAdapter(hint).validate_python(value)
    except ValidationError as error:
        why = error.errors()[0]["msg"].lower().replace("predicate is_odd failed", "input should be odd")
        raise BenchError(f"{base}[{key}={text}]: {why}") from None
