"""EMA: validate and test an exponential moving average of the weights.

Polyak and Juditsky, SIAM J. Control Optim. 1992; as a teacher in Tarvainen and Valpola, NeurIPS 2017, arXiv:1703.01780.
Follows CuriousAI/mean-teacher pytorch/main.py at bd4313d5691f, its average alone.
Differs: buffers are averaged too, counters copied; the average starts anew with each stage.
"""

from copy import deepcopy

from torch import nn

from bench.method import Method, Stage
from bench.ranges import Fraction


class EMA(Method):
    """Training itself never sees the average. Args: decay: of the average, after a plain mean of the first steps."""

    origins = {"": "code of Mean Teacher"}
    candidates = tuple({"decay": decay} for decay in (0.9, 0.97, 0.99, 0.997, 0.999))

    def __init__(self, decay: Fraction = 0.999) -> None:
        super().__init__()
        self.decay = decay

    def stage_start(self, network: nn.Module, stage: Stage) -> None:
        """Start from the weights as they are."""
        del stage
        self.steps, self.average = 0, {network: deepcopy(network)}  # in a dict, where no optimizer finds it

    def step_end(self, network: nn.Module) -> None:
        """Move the average towards the weights."""
        self.steps += 1
        new = 1 - min(self.decay, 1 - 1 / (self.steps + 1))
        for mean, value in zip(self.average[network].state_dict().values(), network.state_dict().values(), strict=True):
            mean.lerp_(value, new) if mean.is_floating_point() else mean.copy_(value)

    def evaluated(self, network: nn.Module) -> nn.Module:
        """The average."""
        return self.average[network]
