"""What the options of the command line mean: text to values, each with one clear line where it cannot be read."""

import json
from typing import Any

from bench.errors import BenchError

SMOKE = ("protocol.epochs=2", "protocol.validate_every=1", "protocol.validate_steps=null")  # what --smoke sets


def seeds(count: int | None, which: str | None) -> list[int]:
    """Of --seeds (how many) or --seed (which)."""
    if count is not None and which is not None:
        raise BenchError("give --seeds (how many) or --seed (which), not both")
    if which is None:
        if count is not None and count < 1:
            raise BenchError(f"--seeds {count} is no number of seeds; write --seeds 10, or --seed 0 for seed 0 alone")
        return list(range(10 if count is None else count))
    chosen: list[int] = []
    for part in which.split(","):
        low, _, high = part.strip().partition("-")
        if not low.isdecimal() or (high and not high.isdecimal()) or (part.strip().endswith("-")):
            raise BenchError(f"cannot read the seeds '{which}'; write them as 0,3,5-7")
        if int(high or low) < int(low):
            raise BenchError(f"the seeds '{part.strip()}' run backwards; write them as 0,3,5-7")
        chosen += range(int(low), int(high or low) + 1)
    return list(dict.fromkeys(chosen))


def overrides(items: list[str] | None, **protocol: Any) -> dict[str, Any]:
    """Of --set, and of the options that stand for a field of the protocol; those at None or False are left out."""
    found: dict[str, Any] = {f"protocol.{key}": value for key, value in protocol.items() if value}
    for item in items or []:
        key, equals, text = item.partition("=")
        if not equals or not key.startswith("protocol."):
            raise BenchError(f"cannot read --set {item}; write --set protocol.FIELD=VALUE, e.g. protocol.epochs=5")
        try:
            value = json.loads(text)
        except json.JSONDecodeError:
            value = text
        found[key] = value
    return found


def statuses(text: str | None) -> frozenset[str]:
    """Of --retry."""
    from bench.results.record import FAILURES

    chosen = frozenset(part.strip() for part in (text or "").split(",") if part.strip())
    if unknown := chosen - {"failed", *FAILURES}:
        raise BenchError(f"no status '{min(unknown)}' to retry; there are: failed, {', '.join(FAILURES)}")
    return chosen


def rerun(text: str | None) -> bool:
    """Of --stale."""
    if text not in (None, "rerun"):
        raise BenchError(f"--stale {text} is unknown; write --stale rerun, or leave it out to keep stale records")
    return text == "rerun"


def notes(plan: Any) -> list[str]:
    """What to say of a plan before it runs."""
    states = [(item.state, item.run) for item in plan.planned]
    lines = [f"{method} on {dataset}: not defined, {reason}" for (method, dataset), reason in plan.refused.items()]
    if kept := states.count(("stale", False)):
        lines.append(
            f"{kept} cells are stale (other code, data or settings gave their records): --stale rerun replaces them"
        )
    if kept := states.count(("failed", False)):
        lines.append(f"{kept} cells failed before: --retry failed runs them again")
    if not plan.todo:
        lines.append(f"nothing to train: {states.count(('done', False))} of {len(states)} cells are done")
    return lines
