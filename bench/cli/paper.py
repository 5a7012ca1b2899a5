"""`bench paper`: the papers' tables, row by row, with the command that trains each or the reason why none does."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bench.cli import folders, options
from bench.errors import BenchError, unknown
from bench.models import starting

if TYPE_CHECKING:
    from bench.leaderboard.papers import Plot, Row
    from bench.results.equivalence import Equivalences
    from bench.results.record import Record


def paper(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="A paper; without it, all are listed.", show_default=False)
    ] = None,
    table: Annotated[
        str | None, typer.Option("--table", metavar="TABLE", help="One of its tables, by number or name.")
    ] = None,
    metric: Annotated[
        str | None,
        typer.Option("--metric", metavar="METRIC", help="Show this one of the figures, such as R2, not each first."),
    ] = None,
    as_list: Annotated[
        bool, typer.Option("--list", help="List every row and plot in short, and count what has no command.")
    ] = False,
    commands: Annotated[
        bool, typer.Option("--commands", help="Print the commands alone, each once, to run them all.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead, with every figure.")] = False,
    results: folders.ReadResults = Path("results"),
) -> None:
    """Show the papers' tables and plots, and their commands.

    Each has what trains or draws it, or the reason why nothing here does.
    """
    from tabulate import tabulate

    from bench.leaderboard import papers

    if commands + as_json + as_list > 1:
        raise BenchError("give one of --commands, --json and --list, not two")
    if metric and (commands or as_json or as_list):
        raise BenchError("--metric chooses what is shown beside ours; leave out --commands, --json and --list")
    if name is None:
        if table or metric or commands or as_json or as_list:
            raise BenchError(f"name a paper: {', '.join(papers.names())}")
        print(tabulate(list(papers.counts()), ("paper", "rows", "with a command", "figures"), "github"))
        return
    rows = papers.rows(name, table)
    if commands:
        print("\n".join(dict.fromkeys(row.command for row in rows if row.command)))
    elif as_list:
        print(_listed(rows, [] if table else papers.plots(name)))
    elif as_json:
        print(json.dumps([_plain(row) for row in rows], indent=1, ensure_ascii=False))
    else:
        read = cache(partial(_read, results))  # many rows are of one dataset
        if metric:
            rows = _with(rows, metric)
        for where in dict.fromkeys((row.table, row.dataset_label) for row in rows):
            own = [row for row in rows if (row.table, row.dataset_label) == where]
            heads = ("row", " ".join(next(iter(own[0].figures))), "ours", "command, or why there is none")
            lines = [(row.label, _reported(row), _ours(row, results, read), row.command or row.why) for row in own]
            print(f"{where[0]}, {where[1]}\n\n{tabulate(lines, heads, 'github', disable_numparse=True)}\n")
            if then := own[0].then:
                print(f"then: {then}\n")


def _with(rows: "Sequence[Row]", metric: str) -> "list[Row]":
    # the rows that report a metric, with its figures alone
    kept = [replace(row, figures={key: row.figures[key] for key in row.figures if key[0] == metric}) for row in rows]
    if found := [row for row in kept if row.figures]:
        return found
    raise unknown("reported metric", metric, {key[0] for row in rows for key in row.figures})


def _listed(rows: "Sequence[Row]", plots: "Sequence[Plot]") -> str:
    from tabulate import tabulate

    lines = [(row.table, row.dataset_label, row.label, row.command or row.why) for row in rows]
    lines += [(one.name, "", one.shows, " && ".join(one.commands) or one.why) for one in plots]
    table = tabulate(lines, ("table or plot", "dataset", "row", "command, or why there is none"), "github")
    run = sum(bool(row.command) for row in rows), sum(bool(one.commands) for one in plots)
    why = len(rows) - run[0], len(plots) - run[1]
    said = [f"{run[0]} rows have a command and {why[0]} a reason why there is none"]
    said += [f"{run[1]} plots have one and {why[1]} a reason"] if plots else []
    return f"{table}\n\n{'; '.join(said)}"


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
