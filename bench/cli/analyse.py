"""`bench analyse`: what the features of records say, and their saved models."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.atomic import write_asked_for
from bench.cli import complete, corruption, folders, options
from bench.errors import BenchError
from bench.paths import require_ending
from bench.printable import plain

if TYPE_CHECKING:
    from bench.runs.association import Association
    from bench.runs.findings import Findings

FEWEST, MOST = 10, 5000  # rows: pairs of more take gigabytes


def analyse(
    names: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAMES]",
            help="Analyses of features, separated by commas, or all; or corruption, of models. Without any, they are "
            "listed.",
            show_default=False,
        ),
    ] = None,
    dataset: Annotated[str | None, options.one_dataset("Look at this dataset alone.")] = None,
    method: Annotated[
        str | None,
        typer.Option("--method", metavar="NAME", autocompletion=complete.methods, help="Look at this method alone."),
    ] = None,
    against_error: Annotated[
        bool,
        typer.Option(
            "--against-error",
            help="Show instead how each measure goes with the test error: Spearman's correlation over methods, with "
            "its 95% bootstrap interval.",
        ),
    ] = False,
    rows: Annotated[
        int, typer.Option("--rows", metavar="N", help="Take at most so many test rows, as pairs of them are compared.")
    ] = 1000,
    out: Annotated[
        list[Path] | None,
        typer.Option(
            "--out",
            metavar="FILE",
            parser=folders.path,
            help="Write a chart (.svg, .png, .html) or each record's values (.csv). May be repeated.",
        ),
    ] = None,
    draw: Annotated[
        Path | None,
        typer.Option(
            "--draw",
            metavar="FILE",
            parser=folders.path,
            help="Draw one record's features, by --dataset, --method and --seed, as ordinality, theta, tightness or "
            "updates sees them (.svg, .png, .html).",
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="The record to draw.")] = 0,
    results: folders.ReadResults = Path("results"),
    data: folders.DataRoot = None,
    device: Annotated[
        str, typer.Option("--device", metavar="DEVICE", help="Of models: cpu, cuda:0, or auto: a GPU, else the CPU.")
    ] = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead.")] = False,
) -> None:
    """Measure the features or models that records keep.

    Features: how far they are in the order of labels, how tight, how uniform. bench run --keep features keeps them.
    Models: how far they stand corrupted pictures. bench run --save-models all keeps them; needs the extra corruptions.
    """
    from bench.names import split_list
    from bench.plot import WRITTEN
    from bench.runs import analyse as analysing
    from bench.runs import association

    known = analysing.modules()
    if names is None:
        titles = {name: (type(analysing.load(name)).__doc__ or "").strip().partition("\n")[0] for name in known}
        for name, title in sorted({**titles, corruption.NAME: corruption.TITLE}.items()):
            print(f"{name:<12} {title}")
        return
    if not FEWEST <= rows <= MOST:
        raise BenchError(f"--rows {rows} cannot be; write a number from {FEWEST} to {MOST}")
    if draw is not None:
        from bench.plot import drawing

        if dataset is None or method is None or out or as_json or against_error:
            raise BenchError("--draw takes --dataset and --method, and none of --out, --json and --against-error")
        require_ending(draw, *WRITTEN)
        drawing(names, dataset, method, seed, results).save(draw)
        return
    for file in out or ():
        require_ending(file, ".csv", *WRITTEN)
    if corruption.NAME in split_list(names):
        if names != corruption.NAME or against_error:
            raise BenchError(
                "corruption is of models, and the others of features: name it alone, without --against-error"
            )
        corruption.measure(results, data, dataset, method, rows, device, out or (), as_json)
        return
    chosen = sorted(known) if names == "all" else list(dict.fromkeys(split_list(names)))
    if not chosen:
        raise BenchError(f"no analysis given; write all, or some of {', '.join(sorted(known))}")
    found = analysing.analyse(chosen, results, dataset, method, rows)
    for line in found.left_out:
        print(f"bench: {plain(line)}", file=sys.stderr)
    told = association.associations(found) if against_error else []
    if as_json:
        print(json.dumps([vars(one) for one in told] if against_error else found.as_json(), indent=1))
    else:
        print(association.as_table(told) if against_error else found.as_table())
        print("\n" + "\n".join(f"{name}: {text}" for name, text in found.measures.items()))
    for file in out or ():
        write(found, told, file)


def write(found: "Findings", told: "Sequence[Association]", file: Path) -> None:
    """A chart, of correlations where there are any, or the values of each record."""
    from bench.plot import correlations, of_findings

    if file.suffix.lower() != ".csv":
        (correlations(told) if told else of_findings(found)).save(file)
        return
    write_asked_for(file, found.as_csv().encode())
