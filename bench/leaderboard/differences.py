"""Differences between rows as a board prints them: intervals, p values and verdicts."""

from collections.abc import Mapping, Sequence

from bench.leaderboard.board import TUNED, Board
from bench.leaderboard.format import NONE
from bench.leaderboard.judged import Difference
from bench.leaderboard.judging import verdict
from bench.leaderboard.spec import Key
from bench.leaderboard.statistics import column_places
from bench.leaderboard.tables import Table


def interval(one: Difference | None, decimals: int) -> str:
    """`-0.06 [-0.20, 0.08]`; a dash for none."""
    if one is None:
        return NONE
    return f"{one.mean:z.{decimals}f} [{one.low:z.{decimals}f}, {one.high:z.{decimals}f}]"


def probability(p: float) -> str:
    """Three decimals.

    >>> probability(0.00042), probability(0.1234), probability(1.0)
    ('<0.001', '0.123', '1')
    """
    return "<0.001" if p < 0.001 else "1" if p > 0.9995 else f"{p:.3f}"


def to_baseline(board: Board, metric: str) -> Table:
    """Each row's difference to its baseline in one metric, by region, with its adjusted p and the verdict."""
    return _judged(board, {key: board.judged[key].from_baseline for key in _ranked(board, metric)})


def to_best(board: Board, metric: str) -> Table:
    """Each row's difference to the best row in one metric, by region, with its adjusted p; tied with it, or apart."""
    heads, columns = ["method"], [list(board.statistics)]
    for key in _ranked(board, metric):
        judged = board.judged[key]
        heads += [f"{board.spec.header(*key)}, less {board.leader(key)}", "p", "verdict"]
        columns += _cells(board, key, [judged.from_leader.get(row) for row in board.statistics])
        answers = {row: "tie" if row in judged.tied else "apart" for row in judged.from_leader}
        columns.append([answers.get(row, NONE) for row in board.statistics])
    return _of_columns(heads, columns)


def to_tuned(board: Board) -> Table:
    """Each row's difference to the tuned baseline in the first metric, by region, with adjusted p and verdict."""
    ranked = _ranked(board, board.spec.metrics[0])
    return _judged(board, {key: board.judged[key].from_tuned for key in ranked}, f", less {TUNED}")


def to_references(board: Board) -> Table:
    """The best row less each reference, in the first metric by region, with its adjusted p and the verdict."""
    found = [row for row in board.statistics if board.spec.is_reference(row)]
    heads, columns = ["reference"], [found]
    for key in _ranked(board, board.spec.metrics[0]):
        own = board.judged[key].from_references
        heads += [f"{board.leader(key)} less it, {board.spec.header(*key)}", "p", "verdict"]
        columns += _cells(board, key, [own.get(row) for row in found])
        columns.append([verdict(key, own.get(row)) or NONE for row in found])
    return _of_columns(heads, columns)


def _judged(board: Board, columns: Mapping[Key, Mapping[str, Difference]], less: str = "") -> Table:
    # a row's differences with their p and verdict, column by column
    heads, cells = ["method"], [list(board.statistics)]
    for key, found in columns.items():
        heads += [board.spec.header(*key) + less, "p", "verdict"]
        cells += _cells(board, key, [found.get(row) for row in board.statistics])
        cells.append([verdict(key, found.get(row)) or NONE for row in board.statistics])
    return _of_columns(heads, cells)


def _ranked(board: Board, metric: str) -> list[tuple[str, str]]:
    return [key for key in board.spec.keys if key[0] == metric and board.is_ranked(key)]


def _cells(board: Board, key: tuple[str, str], found: Sequence[Difference | None]) -> list[list[str]]:
    decimals = column_places([own[key] for own in board.statistics.values()])
    return [[interval(one, decimals) for one in found], [probability(one.p) if one else NONE for one in found]]


def _of_columns(heads: Sequence[str], columns: Sequence[Sequence[str]]) -> Table:
    rows = [row for row in zip(*columns, strict=True) if any(cell != NONE for cell in row[1:])]
    return Table(tuple(heads), tuple(rows))
