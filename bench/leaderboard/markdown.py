"""Tables and pages as markdown."""

from collections.abc import Iterable

from tabulate import tabulate

from bench.leaderboard.format import NONE
from bench.leaderboard.tables import Table
from bench.printable import code, literal

DIVIDER = "references:"  # stands between methods and references; no name has a colon
CODE = {"method", "best method", "here"}
FROM_RECORDS = {"machine"}
TEXT = {
    "dataset",
    "metric",
    "paper",
    "tables",
    "row in the paper",
    "failed (seeds)",
    "machine",
    "not defined here",
    "reference",
    "differs",
    "verdict",
}


def table(made: Table) -> str:
    """A table, text to the left and numbers to the right; names as code, which keeps their underscores and brackets.

    What records say of themselves, names and machines, is made harmless; the rest is ours.
    """
    rows = []
    for i, row in enumerate(made.rows):
        cells = [_cell(head, text) for head, text in zip(made.columns, row, strict=True)]
        rows.append([f"**{text}**" if (i, j) in made.bold else text for j, text in enumerate(cells)])
    align = ["left" if head in CODE | TEXT else "right" for head in made.columns]
    return tabulate(rows, headers=made.columns, tablefmt="pipe", disable_numparse=True, colalign=align)


def _cell(head: str, text: str) -> str:
    if head in FROM_RECORDS:
        return literal(text)
    if text == DIVIDER:
        return "*references*"
    text = text.replace("|", "\\|")
    return code(text) if head in CODE and text != NONE else text


def folded(title: str, text: str) -> str:
    """Text that a reader opens by a click on its title."""
    return f"<details><summary>{title}</summary>\n\n{text}\n\n</details>"


def joined(parts: Iterable[str]) -> str:
    """A page of the parts that are not empty."""
    return "\n\n".join(part for part in parts if part) + "\n"
