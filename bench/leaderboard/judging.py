"""A board's rows held against its baseline, its best row and its references; answers are remembered."""

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any

from bench.leaderboard.judged import LEVEL, NOTHING, Asked, Difference, Judged, pair
from bench.leaderboard.sampling import own
from bench.leaderboard.spec import Key
from bench.memory import remembered
from bench.metrics import METRICS

Columns = Mapping[Key, Asked | None]  # None where a column is not ranked


def judged(asked: Columns) -> dict[Key, Judged]:
    """What can be said of each column."""
    state = json.dumps([vars(one) for one in asked.values() if one], sort_keys=True)

    def compute() -> dict[str, Any]:
        from bench.leaderboard import inference

        return {" ".join(key): inference.judged(one) for key, one in asked.items() if one}

    found: dict[str, Any] = remembered("judged", hashlib.sha256(state.encode()).hexdigest(), compute)
    return {key: Judged.of(found[" ".join(key)]) if one else NOTHING for key, one in asked.items()}


def wanted_pairs(asked: Columns) -> dict[str, list[str]]:
    """The differences whose sampling must be known, and each row's own, by column: "mae all"."""
    wanted: dict[str, list[str]] = {}
    for key, one in asked.items():
        if one is None:
            continue
        pairs = {pair(row, base) for row, base in one.baselines.items() if row != base}
        if one.leader is not None:
            pairs |= {pair(row, one.leader) for row in (*one.whole, *one.references) if row != one.leader}
        if one.tuned is not None:
            pairs |= {pair(row, one.tuned) for row in one.beside_tuned}
        wanted[" ".join(key)] = sorted(pairs | {own(row) for row in one.values})
    return wanted


def verdict(key: Key, one: Difference | None) -> str:
    """win, tie or loss against the baseline; empty where nothing can be said."""
    if one is None or math.isnan(one.p):
        return ""
    if one.p >= LEVEL:
        return "tie"
    return "win" if (one.mean > 0) == METRICS[key[0]].higher_is_better else "loss"
