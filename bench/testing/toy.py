"""What a method is tried on: a few dozen rows that train in a moment."""

from pathlib import Path

import torch
from torch import nn

from bench.dataset import Bins, Dataset, Split, Splits
from bench.protocol import Protocol


class Toy(Dataset):
    """A few dozen rows with integer labels, one target or three: what a method is tried on."""

    metrics = ("mae", "mse")
    unit = "years"
    protocol = Protocol(batch_size=16, epochs=3, lr=1e-2)

    def __init__(self, outputs: int = 1, rows: int = 48, labels: str = "mixed") -> None:
        self.outputs, self.rows, self.labels = outputs, rows, labels
        self.bins = Bins(0.0, 1.0, 100) if outputs == 1 else None

    def load(self, root: Path) -> Splits:
        """Labels that grow with the inputs, under noise."""
        del root
        rng = torch.Generator().manual_seed(0)

        def split(n: int) -> Split:
            x = torch.randn(n, 6, generator=rng)
            y = (20 + 4 * x[:, : self.outputs] + torch.randn(n, self.outputs, generator=rng)).round()
            if self.labels == "equal":
                y = torch.full_like(y, 20.0)
            elif self.labels == "distinct":
                y = torch.arange(float(n))[:, None].expand(n, self.outputs).clone()
            return Split(x, y)

        return Splits(split(self.rows), split(16), split(16))

    def encoder(self, splits: Splits) -> tuple[nn.Module, int]:
        """One hidden layer, 8 features."""
        return nn.Sequential(nn.Linear(splits.train.x.shape[1], 8), nn.ReLU()), 8
