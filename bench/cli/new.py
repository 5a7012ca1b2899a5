"""`bench new`: the file of a new method or dataset, which passes `bench check` as it stands."""

import keyword
import re
from importlib import resources
from pathlib import Path
from string import Template
from typing import Annotated, Literal

import typer

import bench
from bench import plugins
from bench.cli import folders, options
from bench.cli.description import describe
from bench.errors import BenchError
from bench.names import unsafe_reason
from bench.plugins import lookup
from bench.plugins.discovery import RESERVED

KINDS = ("method", "dataset")


def new(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="method or dataset")],
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="Its name on the command line, e.g. my_loss; or, with --target, your data: houses.csv, a folder of "
            "pictures, a dataset of Hugging Face on disk or as hf:NAME.",
        ),
    ],
    target: options.Target = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            parser=folders.path,
            callback=folders.no_file,
            help="Folder to write to, such as your own package.  [default: methods or datasets here; of a description, "
            "this folder]",
        ),
    ] = None,
    unit: Annotated[str, typer.Option(metavar="WORD", help="Of your data: the unit of the target.")] = "",
    group: Annotated[
        str, typer.Option(metavar="COLUMN", help="Of your data: rows of one group stay in one split.")
    ] = "",
    time: Annotated[str, typer.Option(metavar="COLUMN", help="Of your data: the latest rows test, as in use.")] = "",
    split: Annotated[
        str, typer.Option(metavar="COLUMN", help="Of your data: a column that says train, val or test.")
    ] = "",
    weight: Annotated[
        str, typer.Option(metavar="COLUMN", help="Of your data: how much each row counts in training.")
    ] = "",
    text: Annotated[
        str, typer.Option(metavar="COLUMNS", help="Of your data: one column of texts, or two, to predict from.")
    ] = "",
) -> None:
    """Write the file of a new method or dataset. It is small, passes `bench check`, and is yours to change.

    Of data, `bench new dataset houses.csv --target price` writes houses.toml, without code; likewise of a folder of
    pictures with a list, of texts, and of a dataset of Hugging Face.
    """
    if kind != "method" and kind != "dataset":
        raise BenchError(f"cannot make a '{kind}'; write bench new method NAME or bench new dataset NAME")
    from bench.described import given

    if kind == "dataset" and (given.is_data(name) or (target and Path(name).is_dir())):
        wishes = {"unit": unit, "weight": weight, "group": group, "time": time, "split": split, "text": text}
        describe(name, target, out or Path(), **wishes)
        return
    if target or unit or weight or group or time or split or text:
        raise BenchError(f"'{name}' is no file of data; write bench new dataset FILE.csv --target COLUMN")
    _require_new(name)
    folder = _folder(kind) if out is None else out
    path = folder / f"{name}.py"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(_text(kind, name))
    except FileExistsError:
        raise BenchError(f"{path} is there already; choose another name, or remove it") from None
    except OSError as error:
        raise BenchError(f"cannot write {path}: {error.strerror}; name another folder with --out") from None
    print(f"written: {path}")
    if out is not None:
        print("bench finds it once your package names its module in its pyproject.toml and is installed:")
        print(f'[project.entry-points."bench.{kind}s"]\n{name} = "YOUR_PACKAGE.{name}"')
    print(f"next: bench check {kind} {name}")


def _require_new(name: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        raise BenchError(f"'{name}' cannot be a file's and a plug-in's name; write lower-case letters, digits and _")
    if reason := unsafe_reason(name):
        raise BenchError(f"'{name}' cannot be a file's and a plug-in's name: {reason}")
    if name in {*RESERVED, *lookup.METHOD_GROUPS, *lookup.dataset_groups()}:
        raise BenchError(f"'{name}' stands for several methods or datasets already; choose another name")
    for kind in KINDS:
        if name in plugins.modules(kind):
            raise BenchError(f"there is a {kind} '{name}' already ({plugins.modules(kind)[name]}); choose another name")


def _folder(kind: Literal["method", "dataset"]) -> Path:
    # in a wheel the folders lie inside the package, where an update would take a user's files away
    package = Path(bench.__file__).parent
    folder = next(folder for root in bench.__path__ if (folder := Path(root, f"{kind}s")).is_dir())
    if folder.parent == package:
        raise BenchError(
            f"this bench is installed from a wheel, and {folder} is not yours to change; name a folder of your own "
            "package with --out FOLDER"
        )
    return folder


def _text(kind: str, name: str) -> str:
    template = resources.files("bench.cli") / "templates" / f"{kind}.py.txt"
    words = name.replace("_", " ")
    cls = "".join(part.capitalize() for part in name.split("_"))
    return Template(template.read_text(encoding="utf-8")).substitute(title=words.capitalize(), cls=cls)
