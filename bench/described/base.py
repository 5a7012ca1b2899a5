"""What all datasets that a description makes have in common."""

from typing import Any, ClassVar

from bench.dataset import Dataset
from bench.plugins.described import Described


class DescribedDataset(Dataset):
    """Base of these datasets; `described` is set by whoever makes the class of one description."""

    described: ClassVar[Described]

    @property
    def resolved(self) -> dict[str, Any]:
        """The description as a cell's key holds it: all that can move a number, and not where the data lie."""
        raise NotImplementedError
