"""Boards as tables of numbers for other programs, and as LaTeX for papers."""

import math
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from typing import Any

import pandas as pd  # pyright: ignore[reportMissingTypeStubs]

from bench.errors import BenchError, unknown
from bench.leaderboard.board import Board
from bench.leaderboard.tables import main_table

# what the headings and numbers of boards hold beyond ASCII, so that every TeX engine sets it
TEX = {
    "±": r"$\pm$",
    "↓": r"$\downarrow$",
    "↑": r"$\uparrow$",
    "²": "$^2$",
    "³": "$^3$",
    "°": r"$^\circ$",
    "δ": r"$\delta$",
    "×": r"$\times$",
    "µ": r"$\mu$",
    "μ": r"$\mu$",
    "–": "--",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
}
ESCAPES = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "[": "{[}",  # after the end of a row a bracket would be an option of it
    "]": "{]}",
} | {char: f"\\{char}" for char in "&%$#_{}"}


def frame(board: Board) -> pd.DataFrame:
    """One board, best row first: seeds that finished (`n`) and failed, then of each region and metric mean and sd."""
    lines: dict[str, dict[str, float]] = {}
    for row, stats in board.statistics.items():
        failed = board.failed[row].total() if row in board.failed else 0
        line: dict[str, float] = {"n": len(board.finished.get(row, [])), "failed": failed}
        for (metric, region), stat in stats.items():
            line |= {f"{region}_{metric}": _number(stat.mean), f"{region}_{metric}_sd": _number(stat.sd)}
        lines[row] = line
    return pd.DataFrame(list(lines.values()), index=pd.Index(list(lines), name="method"))


def frames(boards: Sequence[Board]) -> pd.DataFrame:
    """Several boards below one another, by dataset and method; what a board does not have is nan."""
    found = {board.spec.dataset: made for board in boards if not (made := frame(board)).empty}
    if not found:
        return pd.DataFrame(index=pd.MultiIndex.from_arrays([[], []], names=["dataset", "method"]))
    return pd.concat(found, names=["dataset"])


def content(boards: Sequence[Board], form: str) -> bytes:
    """Boards as the bytes of a file.

    Args:
        form: "csv", "json" and "parquet" hold the columns of `frames` with every digit, "latex" a table a board.

    Raises:
        BenchError: there is no such form, or no seed has finished.
    """
    if form not in FORMS:
        raise unknown("format", form, FORMS)
    ordered = sorted((board for board in boards if board.finished), key=lambda board: board.spec.dataset)
    if not ordered:
        raise BenchError("no seed of today's code has finished, so there is nothing to export; see bench plan")
    return FORMS[form](ordered)


def latex(board: Board) -> str:
    r"""The first table of a board for `\input`, with the package booktabs: numbers and bold as on the board."""
    made = main_table(board, board.spec.groups[0])
    cells = pd.DataFrame([[tex(cell) for cell in row] for row in made.rows], columns=[tex(c) for c in made.columns])
    # headings may be equal, so that styles go by place
    cells.columns = pd.Index(range(len(made.columns)))
    styled: Any = cells.style.hide(axis="index")
    styled = styled.apply(lambda _: _bold(cells, made.bold), axis=None)
    styled = styled.format_index(lambda j: tex(made.columns[j]), axis="columns")
    caption = (
        f"{tex(board.spec.title)}: test split, mean $\\pm$ sample deviation over n seeds; best of a column in bold."
    )
    return styled.to_latex(
        hrules=True,
        convert_css=True,
        column_format="l" + "r" * (len(made.columns) - 1),
        caption=caption,
        label=f"tab:{label(board.spec.dataset)}",
        position="t",
        position_float="centering",
    )


def tex(text: str) -> str:
    r"""Text as LaTeX sets it, in ASCII.

    >>> tex("mt+rot_reg"), tex("MAE all ↓ [°]")
    ('mt+rot\\_reg', 'MAE all $\\downarrow$ {[}$^\\circ${]}')
    """
    made = "".join(ESCAPES.get(char) or TEX.get(char, char) for char in text)
    return made.encode("ascii", "replace").decode()


def label(dataset: str) -> str:
    """A dataset's name as a label, which may hold no brackets.

    >>> label("stsb[hidden=32,protocol=short]")
    'stsb-hidden-32-protocol-short'
    """
    return "".join(char if char.isascii() and char.isalnum() else "-" for char in dataset).strip("-")


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _bold(cells: pd.DataFrame, places: frozenset[tuple[int, int]]) -> pd.DataFrame:
    return pd.DataFrame(
        [["font-weight: bold" if (i, j) in places else "" for j in cells.columns] for i in cells.index],
        index=cells.index,
        columns=cells.columns,
    )


def _latex(boards: Sequence[Board]) -> bytes:
    head = "% Made from the records by `bench export`; needs \\usepackage{booktabs}.\n\n"
    return (head + "\n".join(latex(board) for board in boards)).encode()


def _csv(boards: Sequence[Board]) -> bytes:
    return frames(boards).to_csv(lineterminator="\n").encode()


def _json(boards: Sequence[Board]) -> bytes:
    text = frames(boards).reset_index().to_json(orient="records", indent=1, force_ascii=False, double_precision=15)
    return f"{text}\n".encode()


def _parquet(boards: Sequence[Board]) -> bytes:
    buffer: Any = BytesIO()
    frames(boards).reset_index().to_parquet(buffer, engine="pyarrow", index=False)
    return buffer.getvalue()


FORMS: Mapping[str, Callable[[Sequence[Board]], bytes]] = {
    "latex": _latex,
    "csv": _csv,
    "parquet": _parquet,
    "json": _json,
}
