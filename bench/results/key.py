"""The key of a cell: what its numbers depend on, as one digest."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from typing import Any

from bench.protocol import Protocol


def key_of(config: Mapping[str, Any], seed: int, fingerprint: str) -> str:
    """SHA-256 over canonical JSON of what a run's numbers depend on.

    How an override was written does not count, the protocol it gives does; of that, fields at their neutral value
    are left out, so that a field which is new to the harness leaves the old keys as they are.
    """
    content = {**config, "protocol": protocol_part(config), "seed": seed, "data": fingerprint}
    content.pop("overrides", None)
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def protocol_part(config: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a configuration's protocol that are not at their neutral value."""
    return {key: value for key, value in config["protocol"].items() if value != _neutral().get(key)}


@cache
def _neutral() -> dict[str, Any]:
    return json.loads(json.dumps(asdict(Protocol())))
