"""The options that name folders: of records, of data, of boards. What cannot be one is refused before any work."""

from pathlib import Path
from typing import Annotated

import typer

from bench import paths
from bench.errors import BenchError
from bench.plugins import described

LONGEST_PATH = 4000  # letters, less than any system takes


def path(text: str | Path) -> Path:
    """Of an option that names a file or folder."""
    written = str(text)
    if not written.strip() or not written.isprintable() or len(written) > LONGEST_PATH:
        raise BenchError(f"cannot read the path '{written}'; name a file or folder")
    return paths.from_home(written)


def results_folder(text: str | Path) -> Path:
    """Of --results, whose folder may describe datasets."""
    folder = path(text)
    described.register_kept(folder)
    return folder


def no_file(parameter: typer.CallbackParam, folder: Path | None) -> Path | None:
    """Of an option that names a folder, to read or to write: a file in its place is named with the option."""
    if folder is not None:
        paths.require_no_file(folder, parameter.opts[0])
    return folder


def there(context: typer.Context, parameter: typer.CallbackParam, folder: Path) -> Path:
    """Of --results where records are only read: who names a folder means one that is there."""
    source = context.get_parameter_source(str(parameter.name))
    if source and source.name == "COMMANDLINE" and not folder.is_dir():
        raise BenchError(f"no results folder {folder}; name the folder of the records with --results")
    return folder


Results = Annotated[
    Path,
    typer.Option("--results", metavar="FOLDER", parser=results_folder, callback=no_file, help="Folder of the records."),
]
ReadResults = Annotated[
    Path,
    typer.Option("--results", metavar="FOLDER", parser=results_folder, callback=there, help="Folder of the records."),
]
DataRoot = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="FOLDER",
        parser=path,
        callback=no_file,
        help="Folder of the data files.  [default: $BENCH_DATA, else the user's data folder]",
    ),
]
