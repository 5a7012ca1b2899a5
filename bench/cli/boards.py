"""`bench leaderboard`: the boards, from the records."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from bench.cli import folders, options
from bench.cli.exits import fail
from bench.plugins import lookup
from bench.printable import plain


def leaderboard(
    dataset: Annotated[str | None, options.one_dataset("Print the board of this dataset too.")] = None,
    results: folders.ReadResults = Path("results"),
    folder: Annotated[
        Path,
        typer.Option(
            "--leaderboard",
            metavar="FOLDER",
            parser=folders.path,
            callback=folders.no_file,
            help="Folder of the boards.",
        ),
    ] = Path("leaderboard"),
    root: folders.DataRoot = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with code 1 if a board differs from its records.")
    ] = False,
) -> None:
    """Write the boards from the records.

    Predictions are scored again first. What is not as its evidence has it is left out, and named on its board.
    """
    from rich.console import Console

    from bench.data import files
    from bench.leaderboard import publish
    from bench.runs.evidence import Catalogue

    if dataset is not None:
        lookup.check_dataset(dataset)
    catalogue = Catalogue(files.root(root))
    if check:
        found = publish.differing(results, folder, catalogue)
        tell_unscored(found.unscored)
        if found.files:
            fail(f"not as the records give them: {', '.join(found.files)}; run bench leaderboard")
        print("all boards are as the records give them")
        return
    if dataset is not None:
        publish.show(results, folder, dataset, catalogue, Console())
    written = publish.write(results, folder, catalogue)
    tell_unscored(written.unscored)
    print(f"boards written: {', '.join(written.files) or 'none changed'}")


def tell_unscored(unscored: Mapping[str, str]) -> None:
    """Say, in one line, on which datasets predictions were only hashed."""
    if unscored:
        line = f"predictions hashed and not scored, for want of data: {', '.join(unscored)}"
        print(f"bench: {plain(line)}", file=sys.stderr)
