"""`bench verify`: the numbers against their evidence."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli import complete, folders, options
from bench.cli.exits import fail
from bench.printable import plain

if TYPE_CHECKING:
    from bench.runs.verify import Report


def verify(
    dataset: Annotated[str | None, options.one_dataset("Look at this dataset alone.")] = None,
    method: Annotated[
        str | None,
        typer.Option("--method", metavar="NAME", autocompletion=complete.methods, help="Look at this method alone."),
    ] = None,
    results: folders.ReadResults = Path("results"),
    root: folders.DataRoot = None,
    rerun: Annotated[
        int, typer.Option("--rerun", metavar="N", min=0, help="Train N cells again too, drawn anew each time.")
    ] = 0,
    jobs: options.Jobs = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead.")] = False,
) -> None:
    """Check every number against its evidence.

    Predictions are hashed and scored again, and metrics, counts, selection and history are compared with the record.
    In a Git repository a record also has the numbers that a commit has of the same training. Exits with code 1 where
    anything differs.
    """
    from dataclasses import replace

    from bench.data import files
    from bench.runs import verify as verifying

    folder = files.root(root)
    report = verifying.verify(results, folder, dataset, method)
    if rerun:
        report = replace(report, rerun=trained_again(report, results, folder, rerun, jobs))
    if as_json:
        print(json.dumps(report.as_json(), indent=1))
    else:
        print_report(report)
    if not report.is_good:
        fail("not everything is as its evidence has it; no board counts what differs")


def trained_again(
    report: "Report", results: Path, root: Path, number: int, jobs: int | None
) -> tuple[tuple[str, bool, str], ...]:
    """Some cells of a report trained again: name, whether it agrees, and how closely."""
    from bench.runs import rerun, runner

    chosen = rerun.sample(results, report.records, number)
    executor = runner.local([one.cell() for one in chosen], jobs, "cpu", root)
    return tuple(rerun.rerun(results, executor, chosen, report.records))


def print_report(report: "Report") -> None:
    """A report as a table, and all that is wrong."""
    from tabulate import tabulate

    heads = ("dataset", "method", "cells", "proved", "differences")
    rows = report.rows()
    total = ("total", "", *(sum(numbers) for numbers in zip(*(row[2:] for row in rows), strict=True)))
    print(tabulate([*rows, total], heads))
    verdict = report.verdict
    parts = {
        "differences": [f"{one.cell}: {one.what}: {one.text}" for one in verdict.differences],
        "left out": [f"{one.path}: {one.reason}" for one in report.refused],
        "not scored: data missing": [f"{name}: {reason}" for name, reason in verdict.unscored.items()],
        "trained again": [f"{name}: {'agrees' if same else 'DIFFERS'}, {how}" for name, same, how in report.rerun],
    }
    for title, lines in parts.items():
        if lines:
            print(f"\n{title} ({len(lines)})")
            for line in lines:
                print(f"  {plain(line, 300)}")
    if not any(parts.values()):
        print("\nevery number is as its evidence has it")
