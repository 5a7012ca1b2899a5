"""The one exception that the command line turns into a line and exit code 2."""

from collections.abc import Iterable
from difflib import get_close_matches


class BenchError(Exception):
    """Bad input: the message is one sentence that carries the value and the remedy."""


class ShapeError(BenchError, ValueError):
    """Tensors or arrays whose shapes do not go together; a ValueError too, which NumPy and PyTorch users catch."""


def unknown(kind: str, name: str, known: Iterable[str]) -> BenchError:
    """An error for a name that does not exist, with the nearest one and all there are."""
    there = sorted(known)
    near = get_close_matches(name, there, n=1)
    hint = f" did you mean '{near[0]}'?" if near else ""
    return BenchError(f"no {kind} '{name}';{hint} there are: {', '.join(there) or 'none'}")
