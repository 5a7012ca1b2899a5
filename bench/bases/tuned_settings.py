"""What `bench tune --keep` wrote down of our own datasets."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import bench

FILE = next(path for root in bench.__path__ if (path := Path(root, "datasets")).is_dir()) / "tuned.json"


@cache
def outcomes() -> dict[str, Any]:
    """By dataset: the `best` setting, and the `validation` values of each that was `tried`, a `metric` of `seeds`."""
    return json.loads(FILE.read_text(encoding="utf-8")) if FILE.is_file() else {}
