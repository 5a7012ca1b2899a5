"""Spans of time as users write them, in seconds."""

import math
import re

from bench.errors import BenchError


def between_checkpoints(minutes: float | None, name: str) -> float:
    """Seconds between two checkpoints of a cell; infinite without any.

    Args:
        name: of the option or argument, for the message.

    Raises:
        BenchError: it is no time.
    """
    if minutes is not None and not 0 <= minutes < math.inf:
        raise BenchError(f"{name} {minutes} is no time; write minutes from 0, or leave it out for none")
    return math.inf if minutes is None else 60 * minutes


def budget(text: str | None) -> float | None:
    """Seconds that a run may take, as 2h, 90m or 1h30m.

    Raises:
        BenchError: it is no time.
    """
    if text is None:
        return None
    match = re.fullmatch(r"(?:([0-9]{1,5})d)?(?:([0-9]{1,5})h)?(?:([0-9]{1,5})m)?(?:([0-9]{1,7})s)?", text)
    parts = match.groups(default="0") if match else ()
    seconds = sum(int(part) * unit for part, unit in zip(parts, (86400, 3600, 60, 1), strict=False))
    if not seconds:
        raise BenchError(f"cannot read --budget {text}; write a time such as 2h, 90m or 1h30m")
    return float(seconds)
