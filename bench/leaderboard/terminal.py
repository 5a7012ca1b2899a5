"""A board in the terminal."""

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from bench.leaderboard.board import Board
from bench.leaderboard.lead import lead_table
from bench.printable import plain

MOST_LEFT_OUT = 5  # lines


def show(board: Board, console: Console) -> None:
    """Draw the table that its page leads with, for the metric that ranks the rows."""
    table = lead_table(board)
    header = board.spec.header(*board.spec.keys[0])
    title = Text(f"{board.spec.title}: test split, {header}; difference: row less baseline, ▲ better, ▼ worse")
    drawn = RichTable(title=title, title_justify="left", box=SIMPLE_HEAD)
    for j, head in enumerate(table.columns):
        # a heading may break into lines, a number may not
        width = max((len(row[j]) for row in table.rows), default=0)
        drawn.add_column(Text(head), justify="right" if j else "left", min_width=width)
    for i, row in enumerate(table.rows):
        drawn.add_row(*(Text(cell, "bold" if (i, j) in table.bold else "") for j, cell in enumerate(row)))
    empty = Text(f"{board.spec.title}: no seed has finished yet")
    console.print(drawn if table.rows else empty, crop=False)  # too narrow a terminal wraps, it hides nothing
    for one in board.left_out[:MOST_LEFT_OUT]:
        console.print(Text(f"left out: {plain(one.path)} - {plain(one.reason)}"), soft_wrap=True)
    if more := len(board.left_out[MOST_LEFT_OUT:]):
        console.print(Text(f"left out: {more} more; bench verify names them all"))
