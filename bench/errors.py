"""The one exception that the command line turns into a line and exit code 2."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Literal


class BenchError(Exception):
    """Bad input: the message is one sentence that carries the value and the remedy."""


class ShapeError(BenchError, ValueError):
    """Tensors or arrays whose shapes do not go together; a ValueError too, which NumPy and PyTorch users catch."""


class BrokenPlugin(BenchError):
    """A plug-in that cannot be used, whoever asks for it; all others can. What it raised is the cause."""

    def __init__(self, kind: Literal["method", "dataset"], name: str, reason: str) -> None:
        super().__init__(f"the {kind} '{name}' is broken: {reason}; see bench check {kind} {name}")
        self.kind: Literal["method", "dataset"] = kind
        self.name, self.reason = name, reason


def unknown(kind: str, name: str, known: Iterable[str]) -> BenchError:
    """An error for a name that does not exist, with the nearest one and all there are."""
    there = sorted(known)
    near = get_close_matches(name, there, n=1) if len(name) < 100 else ()
    hint = f" did you mean '{near[0]}'?" if near else ""
    return BenchError(f"no {kind} '{name}';{hint} there are: {', '.join(there) or 'none'}")
