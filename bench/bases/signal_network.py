"""A ResNet along time, for signals of several channels."""

import torch
from torch import Tensor, nn

KERNEL = 7


class SignalNetwork(nn.Module):
    """Signals (B, C, L) of any length, in integer steps, to features (B, D).

    Convolutions are He fan-out, and residual branches start at full strength.

    Args:
        channels: C.
        widths: of the stages, each of which but the first halves the length; D is the last.
        blocks: of two convolutions, in a stage.
        unit: steps that are 1 to the network.
    """

    def __init__(self, channels: int, widths: tuple[int, ...], blocks: int, unit: float) -> None:
        super().__init__()
        self.unit = unit
        self.stem = nn.Sequential(_conv(channels, widths[0], 2, 15), nn.BatchNorm1d(widths[0]), nn.ReLU())
        before = (widths[0], *widths[:-1])
        self.stages = nn.Sequential(
            *(
                _Block(into if block == 0 else width, width, 2 if block == 0 and stage else 1)
                for stage, (into, width) in enumerate(zip(before, widths, strict=True))
                for block in range(blocks)
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, L) -> (B, D), the mean over time."""
        return self.stages(self.stem(x.float() / self.unit)).mean(2)


class _Block(nn.Module):
    def __init__(self, into: int, width: int, stride: int) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            _conv(into, width, stride, KERNEL),
            nn.BatchNorm1d(width),
            nn.ReLU(),
            _conv(width, width, 1, KERNEL),
            nn.BatchNorm1d(width),
        )
        plain = into == width and stride == 1
        self.skip = nn.Identity() if plain else nn.Sequential(_conv(into, width, stride, 1), nn.BatchNorm1d(width))

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.branch(x) + self.skip(x))


def _conv(into: int, width: int, stride: int, kernel: int) -> nn.Conv1d:
    layer = nn.Conv1d(into, width, kernel, stride, kernel // 2, bias=False)
    nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    return layer
