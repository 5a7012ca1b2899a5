"""`bench data`: the datasets' files, shown, fetched, added and looked at."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from tabulate import tabulate

from bench.cli import complete, folders, options
from bench.cli.exits import fail
from bench.errors import BenchError
from bench.paths import file_name
from bench.plugins import lookup

app = typer.Typer(help="Show, fetch, add and look at the datasets' files.", no_args_is_help=True, rich_markup_mode=None)

Names = Annotated[
    str, typer.Argument(metavar="NAMES", autocompletion=complete.datasets, help="Datasets and groups of them.")
]
Name = Annotated[str, typer.Argument(metavar="NAME", autocompletion=complete.dataset, help="A dataset.")]


@app.command()
def status(dataset: options.Datasets = "all", root: folders.DataRoot = None) -> None:
    """Show which files are present, missing or wrong. Also where they come from, and their licences."""
    names = lookup.dataset_names(dataset)
    from bench.cli import describe
    from bench.data import files
    from bench.plugins import resolve

    folder = files.root(root)
    print(f"data folder: {folder}")
    print(describe.files([resolve.dataset(name) for name in names], folder))


@app.command()
def fetch(name: Names, root: folders.DataRoot = None) -> None:
    """Download what may be downloaded. Each file is checked by its SHA-256."""
    names = lookup.dataset_names(name)
    from bench.data import files
    from bench.plugins import resolve

    for on in map(resolve.dataset, names):
        for path in files.fetch(on.dataset, files.root(root)):
            print(f"{on.name}: {path}")


@app.command()
def add(
    name: Name,
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A file, or a folder that holds the dataset's files.")],
    root: folders.DataRoot = None,
) -> None:
    """Copy your own files into the data folder. They are checked against what the dataset expects."""
    lookup.check_dataset(name)
    from bench.data import adding, files
    from bench.plugins import resolve

    on, folder = resolve.dataset(name).dataset, files.root(root)
    copied = adding.add(on, folder, path)
    for file in copied:
        print(file)
    if on.folder is None:
        if not copied:
            print(f"nothing copied: {name} has all its files already")
    else:
        number, missing = adding.take(on.folder, folder, path)
        print(f"{number - len(missing):,} of {number:,} files are in {folder / on.folder.path}")
        if missing:
            fail(f"{len(missing):,} are missing: {files.first(missing)}")


@app.command("describe")
def describe_(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A dataset, or your own: houses.toml, or houses.csv with --target.")
    ],
    target: options.Target = None,
    root: folders.DataRoot = None,
) -> None:
    """Show what a dataset holds. Of your own: missing values, duplicates, groups, labels and regions."""
    name = options.datasets(name, target)
    lookup.check_dataset(name)
    from bench.cli import describe
    from bench.data import files
    from bench.described.rows import DescribedRows
    from bench.plugins import resolve

    dataset = resolve.dataset(name).dataset
    if isinstance(dataset, DescribedRows):
        from bench.described.report import report

        print(report(dataset))
    else:
        print(describe.page(name, files.root(root)))


@app.command()
def audit(
    name: Names,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead: counts by dataset.")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the counts for the boards of this installation.")] = False,
    root: folders.DataRoot = None,
) -> None:
    """Count rows that splits have in common. Equal inputs count, and what groups share: a person, a sentence."""
    names = lookup.dataset_names(name)
    from bench.data import files
    from bench.evidence import leaks
    from bench.plugins import resolve
    from bench.runs.audit import audit

    found = {on.name: audit(on, files.root(root)) for on in map(resolve.dataset, names)}
    if keep:
        lacking = [dataset for dataset, (fingerprint, _) in found.items() if fingerprint is None]
        if lacking:
            raise BenchError(f"{lacking[0]} has no samples here, by whose fingerprint boards know it; add them first")
        for dataset, (fingerprint, counted) in found.items():
            leaks.remember(dataset, fingerprint or "", counted)
    if as_json:
        content = {name: {"data": data, "leaks": [asdict(leak) for leak in own]} for name, (data, own) in found.items()}
        print(json.dumps(content, indent=1))
        return
    heads = ("dataset", "split", "rows", "in common", "with", "share")
    rows = [
        (name, leak.split, leak.rows, f"{leak.shared:,} {leak.what}", leak.other, f"{leak.shared / leak.rows:.0%}")
        for name, (_, own) in found.items()
        for leak in own
    ]
    print(tabulate(rows, heads) if rows else "nothing is known of what rows share")


@app.command()
def preview(
    name: Name,
    split: Annotated[str, typer.Option(metavar="SPLIT", help="train, val or test")] = "train",
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.png", help="File to write.  [default: NAME-SPLIT.png]")
    ] = None,
    root: folders.DataRoot = None,
) -> None:
    """Draw a sheet of samples with their labels, real or synthetic."""
    lookup.check_dataset(name)
    from bench.cli import preview
    from bench.data import files
    from bench.plugins import resolve

    on = resolve.dataset(name)
    print(preview.draw(on, split, files.root(root), out or Path(file_name(f"{on.name}-{split}") + ".png")))
