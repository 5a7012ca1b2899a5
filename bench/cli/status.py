"""`bench status`: how far runs on a SLURM cluster have come, asked from the login node."""

import json
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bench.cli import folders
from bench.errors import BenchError

if TYPE_CHECKING:
    from bench.runs.shared_queue import SharedQueue


def status(
    results: folders.ReadResults = Path("results"),
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead.")] = False,
) -> None:
    """Show how far runs on SLURM have come.

    Counts of cells and jobs, and of each cell that trains its epoch, node and job.
    """
    from bench.runs import shared_queue

    told = [_told(queue) for queue in shared_queue.runs(results)]
    if as_json:
        print(json.dumps(told, indent=1))
        return
    if not told:
        print(f"no cells of {results} are queued on a cluster; bench run --on slurm queues some")
    for run in told:
        _print(run)


def _told(queue: "SharedQueue") -> dict[str, Any]:
    from bench.runs.slurm_executor import alive_jobs

    jobs: dict[str, str] | None
    try:
        jobs, unknown = alive_jobs(queue), None
    except BenchError as error:
        jobs, unknown = None, str(error)
    claims, done = queue.claims(), queue.done()
    training: list[dict[str, Any]] = []
    for number, claim in claims.items():
        if number in done:
            continue
        cell = queue.cells[number]
        training.append(
            {
                "dataset": cell.dataset,
                "method": cell.method,
                "seed": cell.seed,
                "job": claim.holder,
                "node": claim.node,
                "minutes": round((time.time() - claim.since) / 60, 1),
                **queue.told(number),
                "alive": None if jobs is None else claim.holder in jobs,
            }
        )
    return {
        "run": queue.folder.name,
        "cells": len(queue.cells),
        "done": len(done),
        "training": training,
        "jobs": None if jobs is None else dict(Counter(jobs.values())),
        "unknown": unknown,
    }


def _print(run: dict[str, Any]) -> None:
    from tabulate import tabulate

    waiting = run["cells"] - run["done"] - len(run["training"])
    jobs = ", ".join(f"{number} {state.lower()}" for state, number in (run["jobs"] or {}).items()) or "none"
    cells = f"{run['done']} of {run['cells']} cells done, {len(run['training'])} training, {waiting} waiting"
    print(f"{run['run']}: {cells}; jobs: {run['unknown'] or jobs}")
    columns = ("dataset", "method", "seed", "epoch", "epochs", "val", "minutes", "node", "job")
    rows = [
        [*(one.get(column, "") for column in columns), "gone" if one["alive"] is False else ""]
        for one in run["training"]
    ]
    if rows:
        print(tabulate(rows, (*columns, ""), "github", floatfmt=".4g"))
