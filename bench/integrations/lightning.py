"""A LightningModule for regression with any loss and regularizer of `bench.losses`; needs the extra `lightning`."""

from collections.abc import Callable
from typing import Any

import lightning
import torch
from torch import Tensor, nn

from bench.errors import BenchError

Loss = Callable[[Tensor, Tensor], Tensor]


class Regression(lightning.LightningModule):
    """An encoder, a head, a task loss, and what regularizes features; logs `train_loss`, `val_loss` and `val_mae`.

    Args:
        encoder, head: inputs (B, ...) to features (B, D), and these to predictions (B, T).
        loss: of predictions and targets (B, T).
        regularizer: of features and targets, such as `bench.losses.ranksim`, which counts `weight` times.
        lr: of Adam; override `configure_optimizers` for another one.

    >>> Regression(nn.Linear(2, 4), nn.Linear(4, 1))(torch.zeros(3, 2)).shape
    torch.Size([3, 1])
    """

    def __init__(
        self, encoder: nn.Module, head: nn.Module, loss: Loss = nn.functional.l1_loss, regularizer: Loss | None = None,
        weight: float = 1.0, lr: float = 1e-3,
    ) -> None:  # fmt: skip
        super().__init__()
        self.encoder, self.head, self.lr = encoder, head, lr
        self.loss, self.regularizer, self.weight = loss, regularizer, weight

    def forward(self, x: Tensor) -> Tensor:
        """Predictions (B, T)."""
        return self.head(self.encoder(x))

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        """The loss of inputs and targets."""
        z = self.encoder(batch[0])
        value = self._loss(self.head(z), batch[1])
        value = value if self.regularizer is None else value + self.weight * self.regularizer(z, batch[1])
        self.log("train_loss", value)
        return value

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        """Loss and mean absolute error of inputs and targets."""
        y_hat = self(batch[0])
        self.log_dict({"val_loss": self._loss(y_hat, batch[1]), "val_mae": (y_hat - batch[1]).abs().mean()})

    def configure_optimizers(self) -> Any:
        """Adam."""
        return torch.optim.Adam(self.parameters(), lr=self.lr)

    def _loss(self, y_hat: Tensor, y: Tensor) -> Tensor:
        if y.shape != y_hat.shape:
            raise BenchError(f"targets of shape {tuple(y.shape)} do not fit predictions of shape {tuple(y_hat.shape)}")
        return self.loss(y_hat, y)
