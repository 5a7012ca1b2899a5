"""What a plug-in's parameters and the protocol's fields may be, as JSON Schema."""

import math
from dataclasses import asdict
from functools import cache
from typing import Any, get_type_hints

from annotated_types import Predicate
from pydantic import PydanticUserError, TypeAdapter

from bench import plugins
from bench.plugins.discovery import Kind
from bench.plugins.loading import constructor, hints
from bench.protocol import Protocol
from bench.ranges import in_words, is_odd


def of_parameters(kind: Kind, name: str) -> dict[str, Any]:
    """The object that a plug-in's constructor takes, each parameter with its default and its range.

    Raises:
        BenchError: the plug-in does not exist, or is broken.
    """
    cls = plugins.load(kind, name)
    defaults = {key: parameter.default for key, parameter in constructor(cls).items()}
    return _object(f"{kind} {name}", hints(cls), defaults)


@cache
def of_protocol() -> dict[str, Any]:
    """The object that `--set protocol.FIELD=VALUE` changes."""
    return _object("protocol", get_type_hints(Protocol, include_extras=True), asdict(Protocol()))


def _object(title: str, fields: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    properties = {key: {**_schema(hint), "default": defaults[key]} for key, hint in fields.items() if key in defaults}
    return {"title": title, "type": "object", "properties": properties, "additionalProperties": False}


def _schema(hint: Any) -> dict[str, Any]:
    try:
        made = _finite(TypeAdapter(hint).json_schema())
    except (PydanticUserError, TypeError):  # an annotation that stands for nothing in JSON
        made = {}
    odd = any(mark == Predicate(is_odd) for mark in getattr(hint, "__metadata__", ()))
    return {**made, **({"not": {"multipleOf": 2}} if odd else {}), "description": in_words(hint)}


def _finite(schema: Any) -> Any:
    # JSON has no infinity, so that a bound which shuts it out says nothing
    if isinstance(schema, dict):
        kept = {key: _finite(value) for key, value in schema.items()}
        return {key: value for key, value in kept.items() if not (isinstance(value, float) and math.isinf(value))}
    return [_finite(item) for item in schema] if isinstance(schema, list) else schema
