"""Boards as files for other programs and for papers."""

import shutil
import subprocess
from io import BytesIO, StringIO

import pandas as pd
import pytest

import bench as package
from bench.errors import BenchError
from bench.leaderboard import export
from bench.leaderboard.board import Board
from bench.metrics import METRICS
from bench.results import store
from support.board_records import FACES, TORUS, record, three
from support.command_line import bench
from support.records import readable

DOCUMENT = "\\documentclass{article}\\usepackage{booktabs}\\begin{document}\\input{board}\\end{document}\n"


def odd_config(text):
    return {"protocol": {"epochs": 90}, "overrides": {"a_b": text}}


def faces():
    records = three("baseline", (7.1, 7.2, 7.3), few=9.0) + three("mt+rot_reg[gamma=0.05]", (6.0, 6.5, 7.0))
    return Board(
        FACES,
        [
            *records,
            record("oe", 0, 5.0, config=odd_config("0.1")),
            record("oe", 1, status="diverged", config=odd_config("0.1")),
        ],
    )


def torus():
    return Board(TORUS, [record("baseline", seed, mse=1 / 3 + seed, dataset="torus") for seed in range(3)])


@pytest.fixture(scope="module")
def boards():
    return [torus(), faces()]


@pytest.mark.parametrize(
    ("form", "read"),
    [
        ("csv", lambda content: pd.read_csv(BytesIO(content))),
        ("json", lambda content: pd.read_json(BytesIO(content), precise_float=True)),
        ("parquet", lambda content: pd.read_parquet(BytesIO(content))),
    ],
)
def test_every_form_gives_the_frame_back_with_every_digit(boards, form, read):
    wanted = export.frames(sorted(boards, key=lambda board: board.spec.dataset)).reset_index()
    found = read(export.content(boards, form))
    pd.testing.assert_frame_equal(found, wanted, check_dtype=False, rtol=1e-14, atol=0)
    assert found.loc[found["dataset"] == "torus", "all_mse"].tolist() == pytest.approx([4 / 3], rel=1e-14)


@pytest.mark.parametrize("form", list(export.FORMS))
def test_the_same_records_give_the_same_bytes(boards, form):
    assert export.content(boards, form) == export.content([faces(), torus()], form)


def test_latex_has_the_digits_and_the_bold_of_the_board():
    lines = export.latex(faces()).splitlines()
    row = next(line for line in lines if line.startswith("mt+rot"))
    assert row.startswith(r"mt+rot\_reg{[}gamma=0.05{]} & 3 & \bfseries 6.50 $\pm$ 0.50 & ")
    assert r"MAE all $\downarrow$ {[}years{]}" in "".join(lines)
    assert [line for line in lines if r"\bfseries" in line and line.startswith("oe")] == []


def test_latex_is_ascii_for_every_metric_and_every_letter_that_a_name_may_hold():
    spec = package.leaderboard.board.BoardSpec("d", "Ä_{%}~^\\<|>#$&°", "", "°²", tuple(METRICS))
    board = Board(spec, [record("baseline", 0, 1.0, dataset="d", config=odd_config("~^\\{}|<é"))])
    assert export.content([board], "latex").isascii()


def test_a_board_without_a_finished_seed_is_no_table():
    with pytest.raises(BenchError, match="nothing to export"):
        export.content([Board(FACES, [record("oe", 0, status="oom")])], "csv")


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex on this machine")
def test_latex_compiles(boards, tmp_path):
    odd = package.leaderboard.board.BoardSpec("d", "a_b{%}~^\\<|>#$&°", "", "µ²", tuple(METRICS))
    board = Board(odd, [record("baseline", 0, 1.0, dataset="d", config=odd_config("~^\\{}|<"))])
    (tmp_path / "board.tex").write_bytes(export.content([*boards, board], "latex"))
    (tmp_path / "all.tex").write_text(DOCUMENT)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout[-2000:]
    assert (tmp_path / "all.pdf").is_file()


@pytest.fixture
def results(tmp_path):
    for seed in range(3):
        store.write(tmp_path / "r", readable(record("baseline", seed, 7.0 + seed, dataset="circle")))
    return tmp_path / "r"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--format", "xlsx", "--out", "f"], "no format 'xlsx'"),
        (["--format", "csv", "--out", "."], "is a folder"),
        (["--format", "csv", "--out", "f", "--dataset", "circl"], "did you mean 'circle'"),
        (["--format", "csv", "--out", "f", "--dataset", "torus"], "no records of 'torus'"),
        (["--format", "csv", "--out", "f", "--results", "none"], "no results folder none"),
        (["--format", "csv", "--out", "/proc/no/f"], "nothing to export"),
        (["--out", "f"], "--format"),
        (["--format", "csv"], "--out"),
    ],
)
def test_what_cannot_be_exported_is_one_line(words, message, results, tmp_path):
    said = bench("export", *words, *([] if "--results" in words else ["--results", results]), cwd=tmp_path)
    assert said.returncode == 2
    assert message in said.stderr
    assert said.stderr.count("\n") == 1 + said.stderr.count("hashed and not scored")
    assert not (tmp_path / "f").exists()


def test_the_leaderboard_without_a_name_is_every_board(tmp_path):
    for dataset, metric in (("faces", "mae"), ("torus", "mse")):
        for seed in range(2):
            store.write(tmp_path, readable(record("baseline", seed, dataset=dataset, **{metric: 1.0 + seed})))
    found = package.leaderboard(folder=tmp_path, stale=True)
    assert found.index.tolist() == [("faces", "baseline"), ("torus", "baseline")]
    assert found.loc[("torus", "baseline"), "all_mse"] == 1.5
    csv = pd.read_csv(StringIO(found.to_csv()))
    assert list(csv.columns[:4]) == ["dataset", "method", "n", "failed"]
