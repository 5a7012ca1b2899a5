"""Theta: does the weight of a linear head keep its direction through training, and do several weights move alike?

Section 5.4 of Zhang et al., Improving Deep Regression with Tightness, ICLR 2025: on depth its weight has turned by a
cosine distance of 0.0004 at most, and the updates of three targets' weights are apart by less than 0.0001, single steps
as they are. Those are kept of 2 or 3 features; of more an update is from one kept epoch to the next.
"""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from bench.analysis import Analysis, Array, Kept


class Theta(Analysis):
    """Turns of a linear head's weights over epochs, and how alike they move."""

    measures: ClassVar = {
        "turn": "largest cosine distance of a weight after an epoch from the last one, mean over weights; 0: steady",
        "turn_most": "the same, of the weight that turns most",
        "apart": "largest cosine distance of two weights' first principal directions of updates; 0: they move alike",
    }

    def measure(self, kept: Kept) -> Mapping[str, float]:
        """Nothing where the head is not linear; no `apart` of a single weight."""
        if kept.heads is None or len(kept.heads) < 3:
            return {}
        turns = kept.turns()[1:].max(0)
        found = {"turn": float(turns.mean()), "turn_most": float(turns.max())}
        moves = np.diff(kept.heads, axis=0) if kept.steps is None else kept.steps
        return found if moves.shape[1] < 2 else {**found, "apart": apart(moves)}


def apart(moves: Array) -> float:
    """Largest cosine distance between first principal directions, whatever their signs, of O sets of moves (K, O, D).

    >>> apart(np.array([[[1.0, 0.0], [2.0, 0.0]], [[-1.0, 0.0], [4.0, 0.0]]]))
    0.0
    """
    centred = (moves - moves.mean(0)).swapaxes(0, 1)
    directions = np.linalg.svd(centred, full_matrices=False)[2][:, 0]
    return float(1 - np.abs(directions @ directions.T).min())
