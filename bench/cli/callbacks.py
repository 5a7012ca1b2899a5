"""The options that say who else hears of a run."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli import folders
from bench.errors import BenchError
from bench.names import split_list

if TYPE_CHECKING:
    from bench.runs.runner import Watcher

Log = Annotated[
    Path | None,
    typer.Option(
        "--log",
        metavar="FILE",
        parser=folders.path,
        help="Append a line of JSON to this file for each thing that happens.",
    ),
]
Track = Annotated[
    str | None,
    typer.Option(
        "--track",
        metavar="NAMES",
        help="Tell trackers too: tensorboard, mlflow, wandb, trackio. What they write lies in the folder trackers, "
        "beside the records.",
    ),
]


def callbacks(log: Path | None, track: str | None, folder: Path) -> "list[Watcher]":
    """Of --log and --track; `folder` is where trackers may write."""
    names = split_list(track or "")
    if track is not None and not names:
        raise BenchError("no tracker given; write --track tensorboard, or mlflow, wandb, trackio")
    if log is None and not names:
        return []
    from bench.runs.callbacks import JsonLines
    from bench.runs.trackers import tracker

    made = [tracker(name, folder) for name in dict.fromkeys(names)]
    return [*made, *([JsonLines(log)] if log else [])]
