"""From text to objects: names with parameters, checked, completed and written canonically."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import PydanticUserError, TypeAdapter, ValidationError

import bench
from bench import plugins
from bench.bases.reference import Reference
from bench.dataset import Dataset
from bench.errors import BenchError, BrokenPlugin
from bench.method import Method
from bench.names import Name, parse, parse_stack, require_short, value_text
from bench.plugins.discovery import Kind
from bench.plugins.loading import constructor, hints, running
from bench.protocol import Protocol, with_protocol
from bench.ranges import in_words, plain_number
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
    broken: str | None = None  # why it cannot be used on the dataset, where a plug-in of it raises

    @property
    def is_reference(self) -> bool:
        """Whether it is no method but what methods are measured by."""
        return len(self.parts) == 1 and is_reference(self.parts[0][0])  # which stands in no stack

    @property
    def has_one_seed(self) -> bool:
        """Whether all seeds would give the same, so that 0 is enough."""
        return self.is_reference and not plugins.load("method", self.parts[0][0]).seeded

    def build(self) -> Method | Reference:
        """A new method or reference object."""
        return build(self.parts)

    def build_method(self) -> Method:
        """A new method object.

        Raises:
            BenchError: it is a reference, which takes no steps.
        """
        made = self.build()
        if isinstance(made, Reference):
            raise BenchError(f"'{self.name}' is a reference, which is fitted in one go; name a method")
        return made

    def refusal(self, dataset: Dataset) -> str | None:
        """Why the method is not defined on a dataset."""
        return self.broken or next(filter(None, (refusal(base, dataset) for base, _ in self.parts)), None)


def dataset(text: str, overrides: Mapping[str, Any] | None = None) -> NamedDataset:
    """Make the dataset that a name stands for, with its protocol."""
    name = parse(text)
    cls = plugins.load("dataset", name.base)
    given, params = _arguments("dataset", cls, name, {})
    with running("dataset", name.base, "making it"):
        made = cls(**params)
        protocol, changes = made.protocol, dict(overrides or {})
        if changes.get("protocol.loss") == "huber":
            changes.setdefault("protocol.huber_beta", made.huber_beta)
    canonical = require_short(str(given))
    return NamedDataset(canonical, name.base, params, made, with_protocol(protocol, changes))


def method(text: str, on: NamedDataset, searched: bool = True) -> NamedMethod:
    """Resolve a method or stack for a dataset: every hyper-parameter, and the canonical name.

    Where no value is published, what `bench search` found stands in, unless told otherwise.
    """
    parts = []
    for name in parse_stack(text):
        cls = plugins.load("method", name.base)
        found = outcome().get(name.base, {}).get(on.base, {}) if searched else {}
        with running("method", name.base, f"asking for its values on {on.base}"):
            defaults = published(cls, on, found)
        given, params = _arguments("method", cls, name, defaults)
        parts.append((str(given), name.base, params))
    if len(parts) > 1:
        if single := next((base for _, base, _ in parts if is_reference(base)), None):
            raise BenchError(f"cannot stack '{single}': it is a reference, which no method changes; write it alone")
        parts.sort(key=lambda part: _order(part[1]))
    made = NamedMethod(
        require_short("+".join(part[0] for part in parts)), tuple((base, params) for _, base, params in parts)
    )
    made.build()  # an illegal stack is refused here, before anything runs
    return made


def method_or_reason(text: str, on: NamedDataset) -> NamedMethod:
    """As `method`, for a name that nobody wrote: a plug-in that is broken on this dataset is refused there."""
    try:
        made = method(text, on)
        made.refusal(on.dataset)
    except BrokenPlugin as error:
        return NamedMethod(text, (), error.reason)
    return made


def refusal(base: str, dataset: Dataset) -> str | None:
    """Why one method is not defined on a dataset, by its own word or the dataset's."""
    with running("method", base, "asking whether it is defined"):
        return dataset.excluded.get(base) or plugins.load("method", base).unsupported_reason(dataset)


def is_reference(base: str) -> bool:
    """Whether a plug-in beside the methods is a reference."""
    return issubclass(plugins.load("method", base), Reference)


def build(parts: Sequence[tuple[str, Mapping[str, Any]]]) -> Method | Reference:
    """A new method or reference object from plug-in names and their parameters."""
    methods = []
    for base, params in parts:
        cls = plugins.load("method", base)
        with running("method", base, "making it"):
            methods.append((base, cls(**params)))
    return methods[0][1] if len(methods) == 1 else Stack(methods)


@cache
def outcome() -> dict[str, dict[str, dict[str, Any]]]:
    """What `bench search` chose: method -> dataset -> values."""
    return json.loads(OUTCOME.read_text(encoding="utf-8")) if OUTCOME.is_file() else {}


def origin(base: str, on: NamedDataset, key: str) -> str:
    """Where the value of a method's parameter on a dataset comes from, in a word or two."""
    cls = plugins.load("method", base)
    here = [place for place in _places(cls, on) if key in cls.defaults[place]]
    if not here and key in outcome().get(base, {}).get(on.base, {}):
        return "our search"
    if here:
        return next((cls.origins[at] for at in (f"{here[-1]}.{key}", here[-1]) if at in cls.origins), "not stated")
    special = (on.base,) if key in cls.defaults_for(on.base, on.protocol) else ()
    return next((cls.origins[at] for at in (f"{on.base}.{key}", *special, key, "") if at in cls.origins), "not stated")


def _places(cls: type[Method | Reference], on: NamedDataset) -> list[str]:
    # under which a method has values for this dataset as it is parametrised
    named = ((place, parse(place)) for place in cls.defaults if "[" in place)
    return [
        place
        for place, name in named
        if name.base == on.base and all(value_text(on.params.get(key)) == text for key, text in name.params)
    ]


def published(
    cls: type[Method | Reference], on: NamedDataset, searched: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """A method's values on a dataset: published ones, what was searched, and those published for its parameters."""
    here = {key: value for place in _places(cls, on) for key, value in cls.defaults[place].items()}
    return {**cls.defaults_for(on.base, on.protocol), **(searched or {}), **here}


def method_defaults(base: str) -> dict[str, Any]:
    """A method's parameters and its constructor's own defaults."""
    return _arguments("method", plugins.load("method", base), Name(base), {})[1]


def check_values(name: Name) -> None:
    """Refuse a method's parameter with a value out of its range, whatever the dataset."""
    _arguments("method", plugins.load("method", name.base), name, {})


_RANKS = (
    "loss", "stages", "head", "weights", "regularizer", "density", "features", "views", "inputs", "sampler",
    "optimizer", "step", "evaluated", "calibrated",
)  # fmt: skip


def _order(base: str) -> tuple[int, str]:
    # canonical order of a stack, as the papers write it: what shapes training first, what joins another method last
    cls = plugins.load("method", base)
    slots = ("density" if slot in cls.fallback_slots else slot for slot in cls.slots())
    return min(map(_RANKS.index, slots), default=0), base


def _arguments(kind: Kind, cls: type, name: Name, defaults: Mapping[str, Any]) -> tuple[Name, dict[str, Any]]:
    # the canonical name keeps only what differs from the defaults
    there = {key: parameter.default for key, parameter in constructor(cls).items()}
    if unknown := sorted(defaults.keys() - there.keys()):
        raise BrokenPlugin(kind, name.base, f"it has values for '{unknown[0]}', which its constructor does not take")
    resolved = {**there, **defaults}
    kept = []
    for key, text in name.params:
        if key not in there:
            listed = ", ".join(f"{k}={value_text(v)}" for k, v in resolved.items()) or "none"
            raise BenchError(f"'{name.base}' has no parameter '{key}'; there are: {listed}")
        value = _read(name.base, key, text, hints(cls)[key])
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
        read = TypeAdapter(hint).validate_python(value)
    except ValidationError:
        raise BenchError(f"{base}[{key}={text}]: {key} is {in_words(hint)}") from None
    except (PydanticUserError, TypeError):  # an annotation that stands for no number and no word
        raise BenchError(f"{base}[{key}={text}]: a name cannot give {key}, which is {in_words(hint)}") from None
    if not isinstance(read, bool | int | float | str | None) or (isinstance(read, float) and not math.isfinite(read)):
        raise BenchError(f"{base}[{key}={text}]: {key} is {in_words(hint)}, finite and one alone")
    if read is not None and (read := plain_number(read)) is None:
        raise BenchError(f"{base}[{key}={text}]: {key} is {in_words(hint)}, and 32 bits have no number so small")
    if isinstance(read, str) and get_origin(hint) is not Literal and read != read.lower():
        # a folder of another row is the same one where file systems do not tell large letters from small ones
        raise BenchError(f"{base}[{key}={text}]: write {key} in small letters")
    return read
