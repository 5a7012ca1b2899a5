"""A board's rows held against its baseline, its best row and its references; answers are remembered."""

import hashlib
import json
import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from bench.leaderboard.judged import LEVEL, NOTHING, Asked, Difference, Judged, pair
from bench.leaderboard.sampling import own
from bench.leaderboard.spec import Key
from bench.memory import remembered
from bench.metrics import METRICS

if TYPE_CHECKING:
    from bench.leaderboard.board import Board


def columns(board: "Board") -> dict[Key, Judged]:
    """What can be said of each metric in each region."""
    asked = {key: _asked(board, key) for key in board.spec.keys}
    state = json.dumps([asdict(one) for one in asked.values() if one], sort_keys=True)
    digest = hashlib.sha256(state.encode()).hexdigest()

    def compute() -> dict[str, Any]:
        from bench.leaderboard.inference import judged

        return {" ".join(key): judged(one) for key, one in asked.items() if one}

    found: dict[str, Any] = remembered("judged", digest, compute)
    return {key: Judged.of(found[" ".join(key)]) if one else NOTHING for key, one in asked.items()}


def wanted_pairs(board: "Board") -> dict[str, list[str]]:
    """The differences whose sampling must be known, and each row's own, by column: "mae all"."""
    wanted: dict[str, list[str]] = {}
    for key in board.spec.keys:
        asked = _asked(board, key)
        if asked is None:
            continue
        pairs = {pair(row, base) for row, base in asked.baselines.items() if row != base}
        if asked.leader is not None:
            pairs |= {pair(row, asked.leader) for row in (*asked.whole, *asked.references) if row != asked.leader}
        wanted[" ".join(key)] = sorted(pairs | {own(row) for row in asked.values})
    return wanted


def verdict(key: Key, one: Difference | None) -> str:
    """win, tie or loss against the baseline; empty where nothing can be said."""
    if one is None or math.isnan(one.p):
        return ""
    if one.p >= LEVEL:
        return "tie"
    return "win" if (one.mean > 0) == METRICS[key[0]].higher_is_better else "loss"


def _asked(board: "Board", key: Key) -> Asked | None:
    if not board.is_ranked(key):
        return None
    values = {row: found for row in board.finished if (found := board.values(row, key))}
    sampling = board.sampling.deviations.get(" ".join(key), {})
    return Asked(
        values,
        {row: base for row in values if (base := board.baseline_of(row)) in values},
        tuple(row for row in values if board.may_lead(row, key)),
        tuple(row for row in values if board.spec.is_reference(row)),
        board.leader(key),
        sampling,
        board.sampling.groups.get(key[1], 0) if sampling else 0,
        METRICS[key[0]].higher_is_better,
    )


def winners(board: "Board", key: Key) -> list[str]:
    """The rows that beat the baseline, best first; references are not among them."""
    found = board.judged[key].from_baseline
    return [
        row
        for row in board.statistics
        if not board.spec.is_reference(row) and board.may_lead(row, key) and verdict(key, found.get(row)) == "win"
    ]
