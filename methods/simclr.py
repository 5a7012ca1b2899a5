"""SimCLR: first tell each sample's two views from all other samples, without labels, then fit a linear head.

Chen et al., A Simple Framework for Contrastive Learning of Visual Representations, ICML 2020, arXiv:2002.05709.
Follows HobbitLong/SupContrast losses.py and networks/resnet_big.py at 66a8fe53880d.
Differs: network and augmentation are the dataset's, ages train both stages as rnc does; no factor of the temperature
before the loss, as in the paper (the code has temperature / 0.07).
"""

from typing import ClassVar

import torch
from torch import Tensor

from bench.bases.pretraining import ORIGINS, Contrastive, Recipe
from bench.functional.contrast import view_contrast
from bench.ranges import Positive, Several


class SimCLR(Contrastive):
    """Self-supervised contrast of a projection of the views.

    Args:
        temperature: of the cosines.
        width: of the projection, which has one hidden layer as wide as the features.
        recipe: optimiser, schedule, batch and augmentation of both stages: "paper" (as rnc, ages) or the "dataset"'s.
        freeze: hold the encoder still in the second stage, a linear probe; else fine-tune it.
    """

    origins: ClassVar = {"": "code", **ORIGINS}

    def __init__(
        self, temperature: Positive = 0.5, width: Several = 128, recipe: Recipe = "dataset", freeze: bool = True
    ) -> None:
        super().__init__(temperature, width, recipe, freeze)

    def contrast(self, features: Tensor, y: Tensor) -> Tensor:
        """Without labels."""
        del y
        return nt_xent(features, self.temperature)


def nt_xent(features: Tensor, temperature: float = 0.5) -> Tensor:
    """Cross-entropy of each view's own other views among all others, by cosine; (B, V, D) -> ().

    >>> nt_xent(torch.tensor([[[1.0, 0.0], [0.6, 0.8]], [[0.0, 1.0], [0.0, 2.0]]]), temperature=1.0)
    tensor(0.8854)
    """
    return view_contrast(features, torch.eye(len(features), dtype=torch.bool, device=features.device), temperature)
