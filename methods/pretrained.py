"""Transfer: start from the encoder of a saved model, and fit a linear head to it or fine-tune both.

Zha et al., Rank-N-Contrast: Learning Continuous Representations for Regression, NeurIPS 2023, on transfer learning.
Follows kaiwenzha/Rank-N-Contrast main_linear.py at eca433b44650.
Differs: the network is the dataset's; except for ages so are augmentation and protocol; how the paper fine-tuned was
not released: as it fits the head, with the encoder trained too.
"""

from dataclasses import replace
from typing import ClassVar

from torch import nn

from bench.bases.pretraining import ORIGINS, Pretraining, Recipe
from bench.data import encoders
from bench.dataset import Dataset
from bench.errors import BenchError
from bench.method import Stage
from bench.protocol import Protocol


class Pretrained(Pretraining):
    """One stage from an encoder that was trained elsewhere, the same one for every seed; heads are each seed's own.

    Args:
        init: the model, as FILE.safetensors or as a row of results, DATASET/METHOD; in names and results the hash of
            its encoder. None starts from each seed's drawn weights, as a control: the head reads random features.
        recipe: optimiser, schedule, batch and augmentation: "paper" (as rnc's head, ages) or the "dataset"'s.
        freeze: hold the encoder still, a linear probe; else fine-tune it, with whatever regularizer is stacked.
    """

    origins: ClassVar = {"": "ours", **ORIGINS}

    def __init__(self, init: str | None = None, recipe: Recipe = "dataset", freeze: bool = True) -> None:
        super().__init__(recipe, freeze)
        if init is not None and not encoders.HASH.fullmatch(init):
            raise BenchError(f"pretrained[init={init}] names no saved model; write init=FILE.safetensors in bench run")
        self.init, self.views = init, 0

    @classmethod
    def unsupported_reason(cls, dataset: Dataset) -> str | None:
        """None: any encoder can be started from."""
        del dataset

    def stages(self, protocol: Protocol) -> tuple[Stage, ...]:
        """The second of the two."""
        _, second = super().stages(protocol)
        return (replace(second, new_head=False, regularized=not self.freeze),)

    def stage_start(self, network: nn.Module, stage: Stage) -> None:
        """Put the weights in."""
        del stage
        if self.init is not None:
            encoders.fill(network.get_submodule("encoder"), self.init)
