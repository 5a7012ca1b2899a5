"""What `bench tune` tried for protocols of our own, for the boards that they are on."""

import json
from functools import cache
from pathlib import Path
from statistics import fmean
from typing import Any

import bench

FILE = next(path for root in bench.__path__ if (path := Path(root, "datasets")).is_dir()) / "tuned.json"


@cache
def outcomes() -> dict[str, Any]:
    """By dataset: the `best` setting, and the `validation` values of each that was `tried`, a `metric` of `seeds`."""
    return json.loads(FILE.read_text(encoding="utf-8")) if FILE.is_file() else {}


def note(dataset: str) -> str:
    """A sentence for the board of a dataset; empty where nothing was tuned."""
    if (one := outcomes().get(dataset)) is None:
        return ""
    axes = [axis.removeprefix("protocol.").replace("_", " ") for axis in one["best"]]
    means = [
        (tried["setting"], fmean(tried["validation"])) for tried in one["tried"] if None not in tried["validation"]
    ]
    (chosen,) = (mean for setting, mean in means if setting == one["best"])
    others = [mean for setting, mean in means if setting != one["best"]]
    nearest = f"; the nearest other {min(others, key=lambda mean: abs(mean - chosen)):.4g}" if others else ""
    return (
        f"Its protocol was tuned for the baseline: {len(one['tried'])} settings of {', '.join(axes)}, chosen by "
        f"validation {one['metric']} over seeds {one['seeds'][0]} to {one['seeds'][-1]} ({chosen:.4g}{nearest})."
    )
