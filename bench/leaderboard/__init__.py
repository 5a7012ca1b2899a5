"""Boards from records, never with torch. Called as `bench.leaderboard("circle")` it gives one as a DataFrame."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import bench


class _Room(ModuleType):
    # one name for a package and for a function: the function lies above this room, so it is asked of the roof
    def __call__(self, dataset: str | None = None, folder: str | Path = "results", stale: bool = False) -> Any:
        return bench.board_frame(dataset, folder, stale)


sys.modules[__name__].__class__ = _Room
