"""What `bench tune` tried: protocols of our own, and what published ones would be; for the boards."""

import json
from functools import cache
from pathlib import Path
from statistics import fmean
from typing import Any

import bench
from bench.names import value_text

FILE = next(path for root in bench.__path__ if (path := Path(root, "datasets")).is_dir()) / "tuned.json"


@cache
def outcomes() -> dict[str, Any]:
    """By dataset: the `best` setting, and the `validation` values of each that was `tried`, a `metric` of `seeds`."""
    return json.loads(FILE.read_text(encoding="utf-8")) if FILE.is_file() else {}


def value_now(dataset: Any, protocol: Any, axis: str) -> Any:
    """What a setting is today: "protocol.FIELD", or a parameter of the dataset."""
    return getattr(protocol, axis.removeprefix("protocol.")) if axis.startswith("protocol.") else getattr(dataset, axis)


def note(name: str, dataset: Any, protocol: Any) -> str:
    """A sentence or two for the board of a dataset; empty where nothing was tuned."""
    if (one := outcomes().get(name)) is None:
        return ""
    best = one["best"]
    axes = [axis.removeprefix("protocol.").replace("_", " ") for axis in best]
    means = [
        (tried["setting"], fmean(tried["validation"])) for tried in one["tried"] if None not in tried["validation"]
    ]
    (chosen,) = (mean for setting, mean in means if setting == best)
    others = [mean for setting, mean in means if setting != best]
    nearest = f"; the nearest other {min(others, key=lambda mean: abs(mean - chosen)):.4g}" if others else ""
    how = (
        f"{len(one['tried'])} settings of {', '.join(axes)}, chosen by validation {one['metric']} over seeds "
        f"{one['seeds'][0]} to {one['seeds'][-1]} ({chosen:.4g}{nearest})"
    )
    changed = {axis: value for axis, value in best.items() if value_now(dataset, protocol, axis) != value}
    if not changed:
        return f"Its protocol was tuned for the baseline: {how}."
    row = ", ".join(f"{axis}={value_text(value)}" for axis, value in changed.items())
    return (
        f"Its protocol stays as published. Tuned for the baseline ({how}), it would be that of the row "
        f"`baseline {{{row}}}`."
    )
