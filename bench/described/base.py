"""What all datasets that a description makes have in common."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from torch import Tensor

from bench.dataset import Dataset
from bench.plugins.described import Described

if TYPE_CHECKING:
    import pandas as pd


class DescribedDataset(Dataset):
    """Base of these datasets; `described` is set by whoever makes the class of one description.

    After `load`, or `restore` of what `preprocessing` gave then, new samples become inputs as the training ones did.
    """

    described: ClassVar[Described]

    @property
    def resolved(self) -> dict[str, Any]:
        """The description as a cell's key holds it: all that can move a number, and not where the data lie."""
        raise NotImplementedError

    @property
    def targets(self) -> Sequence[str]:
        """Names of what is predicted."""
        raise NotImplementedError

    def preprocessing(self) -> dict[str, Any]:
        """What the training split taught of how samples become inputs, as JSON can hold it."""
        raise NotImplementedError

    def restore(self, preprocessing: dict[str, Any]) -> None:
        """Take that up again, without the data."""
        raise NotImplementedError

    def inputs(self, rows: "pd.DataFrame | str | Path") -> tuple[Tensor, "pd.Index"]:
        """Inputs (N, ...) of new samples, and how a frame of their predictions is indexed.

        Raises:
            BenchError: they lack something that the network needs.
        """
        raise NotImplementedError

    def examples(self, number: int) -> Tensor:
        """Made-up inputs (N, ...) of the right form."""
        raise NotImplementedError

    def in_own_units(self, y_hat: Tensor) -> np.ndarray:
        """Predictions (N, T) in label units as whoever brought the data has them, float64."""
        return y_hat.double().numpy()
