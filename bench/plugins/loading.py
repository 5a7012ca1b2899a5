"""A plug-in's class, imported so that whatever is wrong with it is one line, and its own affair."""

import contextlib
import inspect
import json
import traceback
from collections.abc import Iterator
from functools import cache
from typing import Any, get_type_hints

from bench.errors import BenchError, BrokenPlugin, unknown
from bench.plugins import described
from bench.plugins.described import Described
from bench.plugins.discovery import Kind, modules
from bench.plugins.guard import Refused, import_guarded
from bench.plugins.syntax import stamp

_PLAIN = (inspect.Parameter.POSITIONAL_OR_KEYWORD,)
_refused: dict[str, tuple[Any, Refused]] = {}  # once refused, refused until its file changes


def load(kind: Kind, name: str) -> type[Any]:
    """Import a plug-in and return its class: the one public subclass of the base that the module defines.

    Raises:
        BrokenPlugin: its import fails or changes the numbers of others, or its class cannot be used; its cause is
            what was raised.
        BenchError: there is none of this name.
    """
    require_there(kind, name)
    if kind == "dataset" and (given := described.find(name)):
        return of_description(given)
    module = modules(kind)[name]
    seen, error = _refused.get(module, (None, None))
    if error is None or seen != stamp(module):
        try:
            return _class(kind, module)
        except Refused as problem:
            error = problem
            _refused[module] = stamp(module), error
    raise BrokenPlugin(kind, name, str(error)) from error.__cause__


def require_there(kind: Kind, name: str) -> None:
    """Refuse a name that no plug-in has, or that its package cannot give it."""
    known = modules(kind)
    if kind == "dataset" and described.find(name):
        return
    if name in known.refused and name not in known:
        raise BrokenPlugin(kind, name, known.refused[name])
    if name not in known:
        raise unknown(kind, name, known)


@contextlib.contextmanager
def running(kind: Kind, name: str, doing: str) -> Iterator[None]:
    """Around code of a plug-in: what it raises becomes one line with its cause, its own BenchError stays.

    Raises:
        BrokenPlugin: it raised anything else.
    """
    try:
        yield
    except BenchError:
        raise
    except (Exception, SystemExit) as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        text = str(error).strip().partition("\n")[0]
        reason = f"{doing} raises {type(error).__name__}{text and f': {text}'} ({last.filename}, line {last.lineno})"
        raise BrokenPlugin(kind, name, reason) from error


def made_by_default(kind: Kind, name: str) -> Any:
    """A new object of a plug-in, without arguments.

    Raises:
        BrokenPlugin: there can be none, or a dataset says nothing of its protocol or names a metric that is not there.
    """
    from bench.metrics import METRICS
    from bench.protocol import Protocol

    with running(kind, name, "making it"):
        made = load(kind, name)()
        if kind == "dataset":
            if not isinstance(made.protocol, Protocol):
                raise BrokenPlugin(kind, name, "its protocol is no bench.Protocol")
            wrong = [metric for metric in made.metrics if metric not in METRICS]
            if wrong or not made.metrics:
                raise BrokenPlugin(kind, name, f"its metrics {made.metrics} are not all there is a metric for")
    return made


def constructor(cls: type[Any]) -> dict[str, inspect.Parameter]:
    """The parameters of a plug-in's constructor that a name can give, by name."""
    there = inspect.signature(cls.__init__).parameters.values()
    return {p.name: p for p in there if p.kind in _PLAIN and p.name != "self"}


@cache
def hints(cls: type[Any]) -> dict[str, Any]:
    """The annotation of each parameter; where there is none, the type of its default."""
    found = get_type_hints(cls.__init__, include_extras=True)
    return {
        name: found.get(name, type(p.default) if isinstance(p.default, bool | int | float | str) else str)
        for name, p in constructor(cls).items()
    }


@cache
def of_description(given: Described) -> type[Any]:
    """The class of a description's dataset."""
    base = _class("dataset", given.module)
    return type(base.__name__, (base,), {"described": given, "__module__": base.__module__, "__doc__": base.__doc__})


def _class(kind: Kind, module: str) -> type[Any]:
    from bench.bases.reference import Reference
    from bench.dataset import Dataset
    from bench.method import Method

    bases = (Method, Reference) if kind == "method" else (Dataset,)
    made = import_guarded(module)
    classes = [
        item
        for item in vars(made).values()
        if isinstance(item, type) and issubclass(item, bases) and item.__module__ == made.__name__
    ]
    if len(classes) != 1:
        raise Refused(f"{made.__file__} must define one subclass of {bases[0].__name__}; it defines {len(classes)}")
    if problem := _problem(classes[0]):
        raise Refused(problem)
    return classes[0]


@cache
def _problem(cls: type[Any]) -> str:
    # what is wrong with the parameters of a class, in a few words
    try:
        hints(cls)
    except Exception as error:  # annotations may be any code
        return f"the annotations of its constructor cannot be read: {type(error).__name__}: {error}"
    for name, parameter in constructor(cls).items():
        if parameter.default is parameter.empty:
            return f"its parameter '{name}' has no default"
        try:
            json.dumps(parameter.default, allow_nan=False)
        except (TypeError, ValueError, RecursionError):
            return f"the default of its parameter '{name}' is nothing that a record can hold; take a number or a word"
    return ""
