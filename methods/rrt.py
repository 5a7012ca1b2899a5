"""Regressor re-training (RRT): train as usual, then re-train the regressor alone with re-weighted samples.

Yang et al., Delving into Deep Imbalanced Regression, ICML 2021, arXiv:2102.09554.
Follows YyzHarry/imbalanced-regression */train.py at a6fdc45d45c0 (--retrain_fc).
Differs: the second stage starts from the best epoch of the first one in the same run.
"""

from typing import ClassVar

from bench.bases.reweighting import Reweighting
from bench.method import REPRESENTATION, Stage
from bench.protocol import Protocol
from bench.ranges import Count, Index, Positive


class RegressorRetraining(Reweighting):
    """Decouple the encoder from the regressor: the head, and on NYUD2 all of the refinement before it.

    Batch statistics keep moving in the second stage, as published.

    Args:
        epochs, lr: of the second stage; None means the protocol's.
        weighted: whether the second stage re-weights.
        low, high: bin counts are clipped to this range before they are inverted; None for no upper bound.
    """

    fallback_slots: ClassVar[tuple[str, ...]] = ("weights",)  # to SQINV or INV of the stack
    defaults: ClassVar = {
        "agedb": {"low": 5, "high": 1000},
        "imdb_wiki": {"low": 5, "high": 1000},
    }
    origins: ClassVar = {
        "": "code for STS-B: no clipping",
        "agedb": "code",
        "imdb_wiki": "code",
    }
    ordered: ClassVar = (("low", "high"),)

    def __init__(
        self,
        low: Index = 0,
        high: Count | None = None,
        epochs: Count | None = None,
        lr: Positive | None = None,
        weighted: bool = True,
    ) -> None:
        super().__init__()
        self.clip, self.weighted = (low, high), weighted
        self.changes = {name: value for name, value in (("epochs", epochs), ("lr", lr)) if value is not None}

    def stages(self, protocol: Protocol) -> tuple[Stage, ...]:
        """Weights act in the second stage only, regularizers in the first only."""
        del protocol
        return (
            Stage(REPRESENTATION, weighted=False),
            Stage(
                "regressor", self.changes, encoder="frozen", new_head=True, weighted=self.weighted, regularized=False
            ),
        )
