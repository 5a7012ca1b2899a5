"""Networks for rows of numbers and flags, beside the plain MLP."""

import torch
from torch import Tensor, nn

from bench.errors import BenchError

WIDTH, BLOCKS, EMBEDDING, DROPOUT = 192, 2, 16, 0.1


class Residual(nn.Module):
    """One block: normalise, widen, ReLU, back, add."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, 2 * width),
            nn.ReLU(),
            nn.Dropout(DROPOUT),
            nn.Linear(2 * width, width),
        )

    def forward(self, z: Tensor) -> Tensor:
        """(B, D) -> (B, D)."""
        return z + self.inner(z)


class Embedded(nn.Module):
    """A residual MLP whose numbers are embedded one by one, by periodic functions of learned frequencies.

    Gorishniy et al., On Embeddings for Numerical Features in Tabular Deep Learning, NeurIPS 2022, arXiv:2203.05556.

    Args:
        inputs: columns; the first `numbers` of them are numbers.
    """

    def __init__(self, inputs: int, numbers: int) -> None:
        super().__init__()
        self.numbers = numbers
        self.embed = _embeddings(numbers) if numbers else None
        self.first = nn.Linear(inputs - numbers + numbers * EMBEDDING, WIDTH)
        self.blocks = nn.Sequential(*(Residual(WIDTH) for _ in range(BLOCKS)), nn.LayerNorm(WIDTH), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        """(B, F) -> (B, D)."""
        flags = x[:, self.numbers :]
        known = flags if self.embed is None else torch.cat([self.embed(x[:, : self.numbers]).flatten(1), flags], dim=1)
        return self.blocks(self.first(known))


def embedded(inputs: int, numbers: int) -> tuple[nn.Module, int]:
    """A new network of this kind, and its feature width.

    Raises:
        BenchError: the package that embeds numbers is not installed.
    """
    return Embedded(inputs, numbers), WIDTH


def _embeddings(numbers: int) -> nn.Module:
    try:
        from rtdl_num_embeddings import PeriodicEmbeddings
    except ImportError:
        raise BenchError(
            "network=embedded needs the package rtdl_num_embeddings: install regression-bench with its extra tables"
        ) from None
    return PeriodicEmbeddings(numbers, EMBEDDING, lite=True)
