"""Methods and datasets as people hand them over: by name, as a class, or as an object made in a notebook."""

import copy
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from bench import dataset as datasets
from bench import method as methods
from bench.bases.reference import Reference
from bench.errors import BenchError
from bench.plugins import resolve
from bench.plugins.resolve import NamedDataset
from bench.protocol import with_protocol

Method = str | type[methods.Method] | methods.Method | type[Reference] | Reference
Dataset = str | type[datasets.Dataset] | datasets.Dataset


class Buildable(Protocol):
    """A method on one dataset: what `resolve.method` gives for a name, and this module for a class or an object."""

    @property
    def name(self) -> str:
        """As results and messages call it."""
        ...

    def build(self) -> methods.Method | Reference:
        """A new method or reference object."""
        ...

    def refusal(self, dataset: datasets.Dataset) -> str | None:
        """Why the method is not defined on a dataset."""
        ...


@dataclass(frozen=True)
class GivenMethod:
    """A class or an object that no file need define."""

    name: str
    kind: type[methods.Method] | type[Reference]
    build: Callable[[], methods.Method | Reference]

    def refusal(self, dataset: datasets.Dataset) -> str | None:
        """Why the method is not defined on a dataset, by its own word."""
        return self.kind.unsupported_reason(dataset)


def method(given: Method, on: NamedDataset) -> Buildable:
    """A name resolved, a class with its defaults for the dataset, or copies of an object that is not trained yet."""
    if isinstance(given, str):
        return resolve.method(given, on)
    if isinstance(given, methods.Method | Reference):
        return GivenMethod(name(given), type(given), lambda: copy.deepcopy(given))
    if not _is_class(given, (methods.Method, Reference)):
        raise BenchError(f"{given!r} is no method; give a name, a subclass of bench.Method or an object of one")
    return GivenMethod(name(given), given, lambda: given(**resolve.published(given, on)))


def dataset(given: Dataset, changes: Mapping[str, Any] | None = None) -> NamedDataset:
    """A name resolved, a class made without arguments, or an object; its protocol with some fields changed."""
    if isinstance(given, str):
        return resolve.dataset(given, changes)
    made = given() if inspect.isclass(given) else given
    if not _is_class(type(made), datasets.Dataset):
        raise BenchError(f"{given!r} is no dataset; give a name, a subclass of bench.Dataset or an object of one")
    return NamedDataset(name(made), _base(made), {}, made, with_protocol(made.protocol, changes or {}))


def name(given: Method | Dataset) -> str:
    """The name given, or that of the class."""
    if isinstance(given, str):
        return given
    return (given if inspect.isclass(given) else type(given)).__name__


def _is_class(given: object, base: type | tuple[type, ...]) -> bool:
    # a notebook is not type-checked
    return inspect.isclass(given) and issubclass(given, base)


def _base(made: datasets.Dataset) -> str:
    # one of ours keeps its plug-in's name, under which methods hold their published values
    module = type(made).__module__
    return module.rpartition(".")[2] if module.startswith("bench.datasets.") else type(made).__name__
