"""Where boards are read: files, written or compared with what the records give, and the terminal."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from bench.atomic import replace_file
from bench.board import Stale, frame, main_table
from bench.boardpages import MARK, file_name, render_dataset, render_index
from bench.errors import BenchError
from bench.results.record import Record
from bench.sheet import Sheet


def pages(sheets: Sequence[Sheet], records: Iterable[Record], stale: Stale = frozenset()) -> dict[str, str]:
    """Text of every file of the folder, by file name."""
    records = list(records)
    made = {file_name(sheet): render_dataset(sheet, records, stale) for sheet in sheets}
    return {**made, "README.md": render_index(sheets, records, stale)}


def check(folder: Path, sheets: Sequence[Sheet], records: Iterable[Record], stale: Stale = frozenset()) -> list[str]:
    """Names of the files that are missing, differ or are left over."""
    return _differing(folder, pages(sheets, records, stale))


def write(folder: Path, sheets: Sequence[Sheet], records: Iterable[Record], stale: Stale = frozenset()) -> list[str]:
    """Write what differs and remove the boards that are left over; returns their names."""
    texts = pages(sheets, records, stale)
    changed = _differing(folder, texts)
    for path in (folder / name for name in changed):
        if path.exists() and MARK.encode() not in path.read_bytes():
            raise BenchError(f"{path} is no board; move it away or choose another folder with --leaderboard")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in changed:
            if name in texts:
                replace_file(folder / name, texts[name].encode())
            else:
                (folder / name).unlink()
    except OSError as error:
        raise BenchError(f"cannot write {folder}: {error.strerror}; choose another folder with --leaderboard") from None
    return changed


def show(sheet: Sheet, records: Iterable[Record], stale: Stale, console: Console) -> None:
    """Draw the main table in a terminal, for the metric that ranks the rows."""
    table = main_table(sheet, frame(sheet, records, stale), sheet.metrics[:1])
    title = Text(f"{sheet.title}: test split, mean ± sample deviation over n seeds")
    drawn = RichTable(title=title, title_justify="left", box=SIMPLE_HEAD)
    for j, head in enumerate(table.columns):
        # a heading may break into lines, a number may not
        width = max((len(row[j]) for row in table.rows), default=0)
        drawn.add_column(Text(head), justify="right" if j else "left", min_width=width)
    for i, row in enumerate(table.rows):
        drawn.add_row(*(Text(cell, "bold" if (i, j) in table.bold else "") for j, cell in enumerate(row)))
    empty = Text(f"{sheet.title}: no seed has finished yet")
    console.print(drawn if table.rows else empty, crop=False)  # too narrow a terminal wraps, it hides nothing


def _differing(folder: Path, texts: Mapping[str, str]) -> list[str]:
    there = {path.name: path.read_bytes() for path in folder.glob("*.md")}
    wanted = {name: text.encode() for name, text in texts.items()}
    return sorted(name for name in {*there, *wanted} if there.get(name) != wanted.get(name))
