"""`bench leaderboard`: the boards, from the records."""

from pathlib import Path
from typing import Annotated

import typer

from bench.cli import complete, options
from bench.cli.exits import fail


def leaderboard(
    dataset: Annotated[
        str | None,
        typer.Option(
            "--dataset", metavar="NAME", autocompletion=complete.dataset, help="Print the board of this dataset too."
        ),
    ] = None,
    results: options.Results = Path("results"),
    folder: Annotated[
        Path, typer.Option("--leaderboard", metavar="FOLDER", parser=options.path, help="Folder of the boards.")
    ] = Path("leaderboard"),
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with code 1 if a board differs from its records.")
    ] = False,
) -> None:
    """Write the boards from the records."""
    from rich.console import Console

    from bench.leaderboard import publish
    from bench.runs import catalogue

    if check:
        differing = publish.differing(results, folder, catalogue)
        if differing:
            fail(f"not as the records give them: {', '.join(differing)}; run bench leaderboard")
        print("all boards are as the records give them")
        return
    if dataset is not None:
        publish.show(results, dataset, catalogue, Console())
    written = publish.write(results, folder, catalogue)
    print(f"boards written: {', '.join(map(str, written)) or 'none changed'}")
