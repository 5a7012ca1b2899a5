"""The network for depth maps: an encoder, a decoder, a fusion of the encoder's scales, and a refinement.

Hu et al., Revisiting Single Image Depth Estimation, WACV 2019, arXiv:1803.08673, as NYUD2-DIR uses it
(YyzHarry/imbalanced-regression nyud2-dir/models at c37d6f46d35e).
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet's pixels, of 0 to 1


class DepthNet(nn.Module):
    """Pictures (B, 3, H, W) of 0 to 255, a quarter of H and W whole, to features (B, width, H / 2, W / 2).

    With ResNet-50 the decoder narrows 2048 channels to 1024, 512, 256, 128 and 64, and the width is 128.

    Args:
        backbone: gives its maps at strides 4, 8, 16 and 32, as timm's models do with `features_only`.
        fused: channels of each scale in the fusion.
        narrow: width of the features, from a last convolution of single pixels; None for none.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, backbone: nn.Module, fused: int = 16, narrow: int | None = None) -> None:
        super().__init__()
        self.backbone = backbone
        channels: list[int] = backbone.feature_info.channels()  # type: ignore[operator, union-attr]
        widths = [channels[-1] >> halvings for halvings in range(1, 6)]
        self.width = len(channels) * fused + widths[-1]
        self.narrow = _conv(channels[-1], widths[0], 1)
        self.decoder = nn.ModuleList(UpProjection(*pair) for pair in pairwise(widths))
        self.scales = nn.ModuleList(UpProjection(width, fused) for width in channels)
        self.fusion = _conv(len(channels) * fused, len(channels) * fused, 5)
        self.refinement = nn.Sequential(_conv(self.width, self.width, 5), _conv(self.width, self.width, 5))
        if narrow is not None:
            self.refinement.append(nn.Conv2d(self.width, narrow, 1))
            self.width = narrow
        for name, values in (("mean", MEAN), ("deviation", DEVIATION)):
            self.register_buffer(name, 255 * torch.tensor(values)[:, None, None], persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """What the last convolution, the head, reads depth from."""
        maps = self.backbone((x - self.mean) / self.deviation)
        height, width = maps[0].shape[-2:]
        full = (2 * height, 2 * width)
        decoded = self.narrow(maps[-1])
        for up, size in zip(self.decoder, [*(m.shape[-2:] for m in maps[-2::-1]), full], strict=True):
            decoded = up(decoded, size)
        fused = self.fusion(torch.cat([up(m, full) for up, m in zip(self.scales, maps, strict=True)], 1))
        return self.refinement(torch.cat([decoded, fused], 1))


class UpProjection(nn.Module):
    """Enlarge a map, then add a branch of two convolutions and one of a single convolution."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.long = nn.Sequential(_conv(inputs, outputs, 5), *_linear(outputs, outputs, 3))
        self.short = nn.Sequential(*_linear(inputs, outputs, 5))

    def forward(self, x: Tensor, size: tuple[int, int]) -> Tensor:
        """(B, inputs, h, w) -> (B, outputs, *size)."""
        x = interpolate(x, size=size, mode="bilinear")
        return (self.long(x) + self.short(x)).relu_()


def _conv(inputs: int, outputs: int, kernel: int) -> nn.Sequential:
    return nn.Sequential(*_linear(inputs, outputs, kernel), nn.ReLU(inplace=True))


def _linear(inputs: int, outputs: int, kernel: int) -> tuple[nn.Module, nn.Module]:
    return nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False), nn.BatchNorm2d(outputs)
