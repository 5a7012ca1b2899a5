"""Rows whose seeds ran unlike: numbers are equal bit for bit on one torch version and kind of processor only."""

from collections.abc import Iterable

from bench.leaderboard.board import Board
from bench.printable import code, literal
from bench.results.record import Record


def mixture_notes(board: Board) -> list[str]:
    """A line on each row whose finished seeds mix torch versions or capabilities, best row first."""
    found = {row: mixtures(board.finished[row]) for row in board.statistics if row in board.finished}
    return [f"- {code(row)}: its seeds mix {literal(' and '.join(mixed))}." for row, mixed in found.items() if mixed]


def mixtures(records: Iterable[Record]) -> list[str]:
    """What the records mix, in words; empty where they ran alike.

    A local part of a version, as in 2.9.0+cu130, does not count; nor does a capability that a record does not say.
    """
    there = [record.environment for record in records if record.environment]
    versions = sorted({one.torch.partition("+")[0] for one in there})
    capabilities = sorted({one.cpu_capability for one in there if one.cpu_capability})
    processors = sorted({one.cpu for one in there})
    kinds = (("torch versions", versions), ("processor capabilities", capabilities), ("processors", processors))
    return [f"{kind} ({', '.join(values)})" for kind, values in kinds if len(values) > 1]
