"""`bench paper`: the papers' tables, row by row, with the command that trains each or the reason why none does."""

import json
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bench.cli import options
from bench.errors import BenchError
from bench.models import starting

if TYPE_CHECKING:
    from bench.leaderboard.papers import Row
    from bench.results.equivalence import Equivalences
    from bench.results.record import Record


def paper(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="A paper; without it, all are listed.", show_default=False)
    ] = None,
    table: Annotated[
        str | None, typer.Option("--table", metavar="TABLE", help="One of its tables, by number or name.")
    ] = None,
    commands: Annotated[
        bool, typer.Option("--commands", help="Print the commands alone, each once, to run them all.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead, with every figure.")] = False,
    results: options.Results = Path("results"),
) -> None:
    """Show the papers' tables, and how to train each row.

    Each row has its command, or the reason why nothing here trains it.
    """
    from tabulate import tabulate

    from bench.leaderboard import papers

    if commands and as_json:
        raise BenchError("give --commands or --json, not both")
    if name is None:
        if table is not None or commands or as_json:
            raise BenchError(f"name a paper: {', '.join(papers.names())}")
        print(tabulate(list(papers.counts()), ("paper", "rows", "with a command", "figures"), "github"))
        return
    rows = papers.rows(name, table)
    if commands:
        print("\n".join(dict.fromkeys(row.command for row in rows if row.command)))
    elif as_json:
        print(json.dumps([_plain(row) for row in rows], indent=1, ensure_ascii=False))
    else:
        read = cache(partial(_read, results))  # many rows are of one dataset
        for where in dict.fromkeys((row.table, row.dataset_label) for row in rows):
            own = [row for row in rows if (row.table, row.dataset_label) == where]
            metric, region = next(iter(own[0].figures))
            heads = ("row", f"{metric} {region}", "ours", "command, or why there is none")
            lines = [(row.label, _reported(row), _ours(row, results, read), row.command or row.why) for row in own]
            print(f"{where[0]}, {where[1]}\n\n{tabulate(lines, heads, 'github', disable_numparse=True)}\n")
            if then := own[0].then:
                print(f"then: {then}\n")


def _plain(row: "Row") -> dict[str, Any]:
    figures = [
        {"metric": metric, "region": region, "mean": float(mean), "sd": float(sd) if sd else None}
        for (metric, region), (mean, sd) in row.figures.items()
    ]
    what = {"table": row.table, "dataset": row.dataset_label, "row": row.label}
    return {
        **what,
        "command": row.command or None,
        "then": row.then or None,
        "why": row.why or None,
        "figures": figures,
    }


def _reported(row: "Row") -> str:
    mean, sd = next(iter(row.figures.values()))
    return f"{mean} ± {sd}" if sd else mean


def _read(results: Path, dataset: str) -> tuple["Equivalences", list["Record"]]:
    from bench.results.equivalence import Equivalences
    from bench.results.intake import take_in

    return Equivalences.read(results), take_in(results, dataset, False).records


def _ours(row: "Row", results: Path, read: Callable[[str], tuple["Equivalences", list["Record"]]]) -> str:
    # mean of the first figure over our records of the row, and how many
    from bench.leaderboard.published import PAPER_METRICS
    from bench.names import parse

    (written, region), _ = next(iter(row.figures.items()))
    metric, power = PAPER_METRICS.get(written, ("", 0))
    if row.why or not metric or not (results / str(parse(row.dataset))).is_dir():
        return ""
    from bench.runs import catalogue

    overrides = options.overrides(list(row.changes))
    try:
        (wanted,) = catalogue.wanted(starting.named(row.method, results), row.dataset, overrides)
    except BenchError:
        if row.first:  # whose model is not there
            return ""
        raise
    known, records = read(wanted.dataset)
    own = [one for one in records if one.method == wanted.method and known.is_current(one, wanted.config)]
    found = [value for one in own if (value := one.metrics.get("test", {}).get(region, {}).get(metric)) is not None]
    return f"{fmean(found) / 10.0**power:.4g} ({len(found)} seeds)" if found else ""
