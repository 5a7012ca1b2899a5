"""Supervised contrastive learning (SupCon): first pull views of samples of one label bin together, then fit a head.

Khosla et al., Supervised Contrastive Learning, NeurIPS 2020, arXiv:2004.11362.
Follows HobbitLong/SupContrast losses.py and networks/resnet_big.py at 66a8fe53880d.
Differs: classes are label bins; network and augmentation are the dataset's, ages train both stages as rnc does; no
factor of the temperature before the loss, as in the paper's formula (the code has temperature / 0.07).
"""

from typing import ClassVar

from torch import Tensor

from bench.bases.pretraining import ORIGINS, Contrastive, Recipe
from bench.dataset import Dataset
from bench.functional.contrast import view_contrast
from bench.functional.shapes import as_vector_of
from bench.ranges import Positive, Several


class SupCon(Contrastive):
    """Contrast of a projection of the views, samples of one label bin being alike.

    Args:
        temperature: of the cosines.
        width: of the projection, which has one hidden layer as wide as the features.
        recipe: optimiser, schedule, batch and augmentation of both stages: "paper" (as rnc, ages) or the "dataset"'s.
        freeze: hold the encoder still in the second stage, a linear probe; else fine-tune it.
    """

    origins: ClassVar = {"": "paper and code", **ORIGINS}

    def __init__(
        self, temperature: Positive = 0.1, width: Several = 128, recipe: Recipe = "dataset", freeze: bool = True
    ) -> None:
        super().__init__(temperature, width, recipe, freeze)

    @classmethod
    def unsupported_reason(cls, dataset: Dataset) -> str | None:
        """Classes are label bins."""
        reason = None if dataset.bins else "its classes are label bins, and this dataset has none"
        return super().unsupported_reason(dataset) or reason

    def contrast(self, features: Tensor, y: Tensor) -> Tensor:
        """By label bin."""
        return supcon(features, self.task.bin_of(y), self.temperature)


def supcon(features: Tensor, bins: Tensor, temperature: float = 0.1) -> Tensor:
    """Mean cross-entropy of each positive of a view among all other views, by cosine; (B, V, D), (B,) -> ().

    >>> import torch
    >>> views = torch.tensor([[[1.0, 0.0], [0.6, 0.8]], [[0.0, 1.0], [0.0, 2.0]]])
    >>> supcon(views, torch.tensor([3, 3]), temperature=1.0)
    tensor(1.1521)
    """
    bins = as_vector_of(features, bins, "bins")
    return view_contrast(features, bins.unsqueeze(1) == bins, temperature)
