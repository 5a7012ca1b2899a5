"""`bench export` and `bench site`: the boards for papers, for other programs and for a browser."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.atomic import replace_file
from bench.cli import folders, options
from bench.cli.boards import tell_unscored
from bench.errors import BenchError, unknown
from bench.plugins import lookup

if TYPE_CHECKING:
    from bench.leaderboard.publish import Made

FORMATS = ("latex", "csv", "parquet", "json")


def export(
    form: Annotated[str, typer.Option("--format", metavar="FORMAT", help="latex, csv, parquet or json.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", parser=folders.path, help="The file to write.")],
    dataset: Annotated[
        str | None, options.one_dataset("The board of this dataset alone.  [default: all boards]")
    ] = None,
    results: folders.ReadResults = Path("results"),
    root: folders.DataRoot = None,
) -> None:
    """Write boards as files for papers and for programs.

    LaTeX is rounded and bold as on the board, for \\usepackage{booktabs}; the others hold every digit. Predictions
    are scored again first.
    """
    if dataset is not None:
        lookup.check_dataset(dataset)
    if form not in FORMATS:
        raise unknown("format", form, FORMATS)
    _refuse_folder(out)
    made = _boards(results, root, dataset)
    from bench.leaderboard import export as exports

    content = exports.content(made.boards, form)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        replace_file(out, content)
    except OSError as error:
        raise BenchError(f"cannot write {out}: {error.strerror}; name another file with --out") from None
    boards = sum(bool(board.finished) for board in made.boards)
    print(f"written: {out} ({boards} board{'s' if boards > 1 else ''})")


def site(
    out: Annotated[
        Path,
        typer.Option(
            "--out", metavar="FOLDER", parser=folders.path, callback=folders.no_file, help="The folder to write."
        ),
    ],
    results: folders.ReadResults = Path("results"),
    root: folders.DataRoot = None,
) -> None:
    """Write the boards as pages for a browser.

    Boards to sort and filter, charts, methods and datasets; they open from the folder without a network. Needs the
    extra regression-bench[site]. Errors by label are drawn where the data are present.
    """
    from bench.data import files
    from bench.site import build

    build.require(out)
    made = _boards(results, root, None)
    written = build.build(made, results, files.root(root), out)
    print(f"written: {len(written)} files; open {out / 'index.html'}")


def recommend(
    dataset: Annotated[
        str, typer.Argument(metavar="NAME", help="Your own: houses.toml, or houses.csv with --target; or a dataset.")
    ],
    target: options.Target = None,
    results: folders.ReadResults = Path("results"),
    root: folders.DataRoot = None,
) -> None:
    """Say which methods are worth trying, and on what evidence.

    Looks at the boards of data of the same kind, and prints the command to run.
    """
    from bench.names import parse
    from bench.plugins import described, facts, health, lookup
    from bench.site import recommending

    name = options.datasets(dataset, target)
    lookup.check_dataset(name)
    base = parse(name).base
    kinds = {one: facts.dataset(one).kind for one in health.sound("dataset")}
    given = described.find(base)
    kind = given.content["kind"] if given else next((k for k, v in recommending.LIKE.items() if kinds[base] in v), None)
    if kind not in recommending.LIKE:
        raise BenchError(f"{base} is none of {', '.join(recommending.LIKE)}, and no other board is like it")
    boards = _boards(results, root, None).boards
    kind_of = {board.spec.dataset: kinds.get(parse(board.spec.dataset).base, "") for board in boards}
    others = [board for board in boards if parse(board.spec.dataset).base != base]
    print(recommending.text(others, kind_of, kind, f"{dataset}{f' --target {target}' if target else ''}"))


def _refuse_folder(out: Path) -> None:
    if out.is_dir():
        raise BenchError(f"{out} is a folder; name a file with --out")


def _boards(results: Path, root: Path | None, dataset: str | None) -> "Made":
    from bench.data import files
    from bench.leaderboard import publish
    from bench.runs.evidence import Catalogue

    catalogue = Catalogue(files.root(root))
    if dataset is None:
        made = publish.read_boards(results, catalogue)
    else:
        made = publish.read_board(results, dataset, catalogue)
    tell_unscored(made.unscored)
    return made
