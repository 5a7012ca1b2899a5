"""Boards as files: written, or compared with what the records give."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from bench import leftovers
from bench.atomic import replace_file
from bench.errors import BenchError
from bench.leaderboard import rules
from bench.leaderboard.board import Board, LeftOut
from bench.leaderboard.index import index_page
from bench.leaderboard.pages import MARK, dataset_page, file_name
from bench.leaderboard.sampling import NAME


def pages(boards: Sequence[Board], left_out: Sequence[LeftOut] = ()) -> dict[str, str]:
    """Text of every file of the folder, by file name."""
    texts = {file_name(board.spec): dataset_page(board) for board in boards}
    return {**texts, "README.md": index_page(boards, left_out), rules.FILE: f"{MARK}\n\n{rules.TEXT}"}


def differing(folder: Path, texts: Mapping[str, str]) -> list[str]:
    """Names of the files that are missing, differ or are left over."""
    there = {path.name: path.read_bytes() for path in (*folder.glob("*.md"), folder / NAME) if path.is_file()}
    wanted = {name: text.encode() for name, text in texts.items()}
    return sorted(name for name in {*there, *wanted} if there.get(name) != wanted.get(name))


def write(folder: Path, texts: Mapping[str, str]) -> list[str]:
    """Write what differs and remove the boards that are left over; returns their names.

    Raises:
        BenchError: a file that is in the way is no board, or the folder cannot be written.
    """
    changed = differing(folder, texts)
    for path in (folder / name for name in changed):
        if path.exists() and path.name != NAME and MARK.encode() not in path.read_bytes():
            raise BenchError(f"{path} is no board; move it away or choose another folder with --leaderboard")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        leftovers.remove_abandoned(folder)
        for name in changed:
            if name in texts:
                replace_file(folder / name, texts[name].encode())
            else:
                (folder / name).unlink()
    except OSError as error:
        raise BenchError(f"cannot write {folder}: {error.strerror}; choose another folder with --leaderboard") from None
    return changed
