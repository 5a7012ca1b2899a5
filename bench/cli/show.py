"""`bench list`, `bench show`, `bench check` and `bench schema`: what there is, and whether it is sound."""

import json
import sys
import traceback
from typing import Annotated

import typer

from bench.cli import complete, folders
from bench.cli.exits import fail
from bench.errors import BenchError, BrokenPlugin
from bench.plugins import health, lookup
from bench.plugins.discovery import KINDS

Name = Annotated[
    str,
    typer.Argument(metavar="NAME", autocompletion=complete.anything, help="A method, a stack or a dataset."),
]


def list_(
    matrix: Annotated[
        bool, typer.Option("--matrix", help="Show on which datasets each method is defined, and why not on others.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON instead: names, titles, parameters, slots and groups.")
    ] = False,
) -> None:
    """List all methods and datasets."""
    from bench.cli import describe

    if matrix and as_json:
        raise BenchError("give --matrix or --json, not both")
    if as_json:
        print(json.dumps(describe.as_json(), indent=1, ensure_ascii=False))
    else:
        print(describe.matrix() if matrix else describe.plugin_table())


def show(
    name: Name,
    root: folders.DataRoot = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the JSON Schema of its parameters, and of a dataset's protocol.")
    ] = False,
) -> None:
    """Show one method or dataset in full.

    Paper, slots, parameters with their ranges and their values per dataset, data source, shots.
    """
    lookup.check_any(name)
    from bench.cli import describe
    from bench.data import files

    if as_json:
        print(json.dumps(describe.schemas(name), indent=1, ensure_ascii=False))
        return
    print(describe.page(name, files.root(root)))


def check(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="method or dataset")],
    name: Name,
    root: folders.DataRoot = None,
) -> None:
    """Check that a plug-in keeps its contract.

    Right shapes, finite gradients, the same numbers from the same seed, the test split never read in training.
    A method that predicts what the baseline predicts is warned of.
    """
    if kind not in KINDS:
        raise BenchError(f"cannot check a '{kind}'; write bench check method NAME or bench check dataset NAME")
    try:
        (lookup.check_method if kind == "method" else lookup.check_dataset)(name)
        from bench.data import files
        from bench.testing import contract

        failed = 0
        for title, state, problem in contract.run(kind, name, files.root(root)):
            failed += state == "FAILED"
            print(f"{state:<7} {title}{problem and f': {problem}'}")
    except BrokenPlugin as error:
        # its author wants to know where
        cause = error.__cause__
        print(
            "".join(traceback.format_exception(cause)) if cause else health.trace(error.kind, error.name),
            file=sys.stderr,
        )
        raise
    if failed:
        fail(f"{failed} checks failed")


def schema() -> None:
    """Print the JSON Schema of a record."""
    from bench.results.record import schema

    print(schema(), end="")
