"""Selection: the weights with the best validation value so far."""

import math

from torch import Tensor, nn

from bench.metrics import METRICS


class Best:
    """Keeps the best weights; of equal values, the first."""

    def __init__(self, metric: str) -> None:
        self.metric, self.sign = metric, 1.0 if METRICS[metric].higher_is_better else -1.0
        self.value, self.epoch, self.checks_without_improvement = -math.inf, 0, 0
        self.state: dict[str, Tensor] = {}

    def consider(self, value: float, epoch: int, network: nn.Module) -> None:
        """Keep the network's weights and buffers if the value is better than all before."""
        self.checks_without_improvement += 1
        if self.sign * value > self.value:
            self.value, self.epoch, self.checks_without_improvement = self.sign * value, epoch, 0
            self.state = {key: tensor.clone() for key, tensor in network.state_dict().items()}

    def restore(self, network: nn.Module) -> dict:
        """Put them back; what a record says of the selection."""
        network.load_state_dict(self.state)
        return {"metric": self.metric, "epoch": self.epoch, "value": self.sign * self.value}
