"""Files of boards, and the board in the terminal."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from bench.errors import BenchError
from bench.leaderboard import files, terminal
from bench.leaderboard.board import Board, boards
from support.board_records import FACES, TORUS, three


def test_check_finds_changed_missing_and_left_over_files_and_write_mends_them(tmp_path: Path):
    folder, texts = tmp_path / "boards", files.pages(boards([FACES, TORUS], three("baseline")))
    assert files.write(folder, texts) == ["README.md", "STATISTICS.md", "faces.md", "torus.md"]
    assert files.differing(folder, texts) == []
    (folder / "faces.md").write_bytes((folder / "faces.md").read_bytes() + b" ")
    (folder / "torus.md").rename(folder / "old.md")
    assert files.differing(folder, texts) == ["faces.md", "old.md", "torus.md"]
    assert files.write(folder, texts) == ["faces.md", "old.md", "torus.md"]
    assert sorted(path.name for path in folder.iterdir()) == ["README.md", "STATISTICS.md", "faces.md", "torus.md"]
    assert files.write(folder, texts) == []


def test_write_touches_no_file_that_is_not_a_board(tmp_path: Path):
    (tmp_path / "README.md").write_text("# My project\n")
    with pytest.raises(BenchError, match="is no board"):
        files.write(tmp_path, files.pages(boards([FACES], [])))
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]


def test_the_terminal_shows_the_main_table_with_names_and_numbers_whole():
    console = Console(file=io.StringIO(), width=40)
    terminal.show(Board(FACES, three("oe[weight=2]", few=9.0)), console)
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert all(text in shown for text in ("[years]", "oe[weight=2]", "8.0", "9.00"))
