"""Gaussian NLL: predict a mean and a variance, and train both by their likelihood.

Nix and Weigend, ICNN 1994; as beta-NLL in Seitzer et al., ICLR 2022, arXiv:2203.09168 (equation 5).
Follows the papers; the variance is a softplus, as in Lakshminarayanan et al., NeurIPS 2017, arXiv:1612.01474.
Differs: targets are independent, and their losses are averaged.
"""

from collections.abc import Callable, Mapping

from torch import Tensor, nn

from bench.method import Batch, Method
from bench.ranges import Positive, Share


class GaussianNLL(Method):
    """Args: epsilon: least variance, in network units; beta: 0 is the likelihood, 1 gives means the gradient of MSE."""

    origins = {"epsilon": "Lakshminarayanan et al., section 2.4", "beta": "Nix and Weigend: the likelihood"}

    def __init__(self, epsilon: Positive = 1e-6, beta: Share = 0.0) -> None:
        super().__init__()
        self.epsilon, self.beta = epsilon, beta

    def head(self, make: Callable[[int], nn.Module], targets: int) -> nn.Module:
        """T means, then T variances before the softplus."""
        return make(2 * targets)

    def predict(self, outputs: Tensor) -> Tensor:
        """(B, 2T, ...) -> (B, T, ...), the means."""
        return outputs.chunk(2, 1)[0]

    def columns(self, outputs: Tensor) -> Mapping[str, Tensor]:
        """The deviation of each prediction."""
        return {"deviation": (nn.functional.softplus(outputs.chunk(2, 1)[1]) + self.epsilon).sqrt()}

    def loss(self, batch: Batch) -> Tensor:
        """Mean over rows and targets, sample weights applied; without the likelihood's constant."""
        nll = (std := self.columns(batch.outputs)["deviation"]).log() + ((batch.y - batch.y_hat) / std) ** 2 / 2
        return (nll * std.detach() ** (2 * self.beta) * (1 if batch.w is None else batch.w)).mean()
