"""`bench results`: what is done with records as a whole."""

from pathlib import Path
from typing import Annotated

import typer

from bench.cli import folders, options
from bench.cli.exits import fail

app = typer.Typer(help="Prove that records are still what the code gives.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _group() -> None:
    pass


@app.command()
def adopt(
    verify: Annotated[
        int,
        typer.Option("--verify", metavar="N", min=1, help="Cells to train again for each changed part of code."),
    ] = 1,
    before: Annotated[
        str | None,
        typer.Option(
            "--before",
            metavar="COMMIT",
            help="Compare with what the code of this commit trains here, not with the records: where a processor of "
            "another kind made them, they have other bits.",
        ),
    ] = None,
    jobs: options.Jobs = None,
    results: folders.ReadResults = Path("results"),
    root: folders.DataRoot = None,
) -> None:
    """Keep records whose code changed and whose numbers did not.

    Trains sampled cells again and compares their predictions with what is stored. Where all cells of a changed part
    agree, one line goes into equivalences.json beside the records; no record is rewritten.
    """
    from bench.data import files
    from bench.results.equivalence import Equivalences
    from bench.results.intake import require_records
    from bench.runs import adopt as adopting
    from bench.runs import before as earlier
    from bench.runs import runner

    folder = files.root(root)
    if before is not None:
        earlier.require(before)
    records = require_records(results).records
    found = adopting.candidates(records, Equivalences.read(results))
    chosen = adopting.sample(found, verify)
    if not chosen:
        print("nothing to adopt: every finished record is current, or its settings or data are no longer today's")
        return
    parts = {change for one in found for change in one.changes}
    print(f"{len(found)} records, {len(parts)} changed parts; training {len(chosen)} cells again", flush=True)
    executor = runner.local([one.cell() for one in chosen], jobs, "cpu", folder)
    disagreeing = 0
    then = earlier.trained(before, chosen, results, folder, jobs) if before else None
    for one, same, words in adopting.adopt(results, executor, chosen, then):
        disagreeing += not same
        print(f"{'agrees' if same else 'DIFFERS'} {one.name}: {words}", flush=True)
    if disagreeing:
        fail(f"{disagreeing} of {len(chosen)} cells differ: raise the version of what moved, or run with --stale rerun")
