"""`bench merge` and `bench submit`: records that other machines, or other people, have made."""

from pathlib import Path
from typing import Annotated

import typer

from bench.cli import folders, options
from bench.cli.exits import fail
from bench.printable import plain


def merge(
    parts: Annotated[
        list[Path], typer.Argument(metavar="RESULTS...", help="Results folders to merge.", parser=folders.path)
    ],
    results: folders.Results = Path("results"),
    root: folders.DataRoot = None,
) -> None:
    """Merge results of several machines into one folder.

    Records are copied as they are, with their predictions, once these are scored again. What does not verify is named
    and left out, with exit code 1.
    """
    from bench.data import files
    from bench.runs import merge as merging

    made = merging.merge(parts, results, files.root(root))
    for line in merging.lines(made):
        print(plain(line, 400))
    if made.refused:
        fail(f"{len(made.refused)} records were refused; the others are in {results}")


def submit(
    folder: Annotated[Path, typer.Argument(metavar="RESULTS", help="Results folder to submit.", parser=folders.path)],
    root: folders.DataRoot = None,
    rerun: Annotated[
        int, typer.Option("--rerun", metavar="N", min=0, help="Cells to train again, drawn anew each time.")
    ] = 2,
    jobs: options.Jobs = None,
) -> None:
    """Check results for a pull request, and write its text.

    Schema, keys, code, predictions and metrics are checked and some cells are trained again. SUBMISSION.md in the
    folder then says what was done.
    """
    from dataclasses import replace

    from bench.atomic import replace_file
    from bench.cli.verify import print_report, trained_again
    from bench.data import files
    from bench.errors import BenchError
    from bench.plugins import described
    from bench.runs import submission
    from bench.runs import verify as verifying

    if folder.is_dir():
        described.register_kept(folder)
    data = files.root(root)
    report = verifying.verify(folder, data)
    if report.is_good and rerun:
        report = replace(report, rerun=trained_again(report, folder, data, rerun, jobs))
    if not report.is_good:
        print_report(report)
        fail("not everything is as its evidence has it; nothing was written")
    try:
        replace_file(folder / submission.FILE, submission.text(report, folder).encode())
    except OSError as error:
        raise BenchError(f"cannot write {folder / submission.FILE}: {error.strerror}") from None
    for doubt in submission.doubts(report.records):
        print(plain(f"a reviewer may ask: {doubt}", 400))
    print(f"written: {folder / submission.FILE}; commit the folder and open a pull request with that text")
