"""Networks for pictures: a small ResNet, or any of timm's, from nothing or from weights."""

import hashlib
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from bench.data.pretrained import timm_model
from bench.data.reading import content, why
from bench.errors import BenchError

# a CPU core takes about 0.1 s for a step of 64 pictures of 64 x 64
TINY = ("resnet18", {"layers": (1,) * 4, "channels": (16, 32, 64, 128), "stem_type": "deep", "stem_width": 8})
LARGEST = 2**34  # bytes of weights


class Pixels(nn.Module):
    """0 to 255 to values of the mean and deviation that a network expects, by channel."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, mean: tuple[float, ...], deviation: tuple[float, ...]) -> None:
        super().__init__()
        for name, values in (("mean", mean), ("deviation", deviation)):
            self.register_buffer(name, 255 * torch.tensor(values)[:, None, None], persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, 3, H, W) uint8 -> float32."""
        return (x.float() - self.mean) / self.deviation


def backbone(name: str, pretrained: bool | str, folder: Path) -> tuple[nn.Module, int]:
    """A network from pictures (B, 3, H, W) to features (B, D), and D.

    Args:
        name: tiny, or a model of timm.
        pretrained: whether it starts from timm's weights, or a file of weights, from `folder` on.

    Raises:
        BenchError: there is no such model, or no such weights.
    """
    require(name, pretrained, folder)
    name, changes = TINY if name == "tiny" else (name, {})
    made = timm_model(name, pretrained is True, **changes)
    if isinstance(pretrained, str):
        _put(made, folder / pretrained)
    given: Any = made.pretrained_cfg if pretrained else {}
    pixels = Pixels(given.get("mean", (0.5,) * 3), given.get("std", (0.5,) * 3))
    return nn.Sequential(pixels, made), int(made.num_features)


def require(name: str, pretrained: bool | str, folder: Path) -> None:
    """Refuse a backbone that there is not.

    Raises:
        BenchError: it is neither tiny nor a model of timm, or is to have weights that it has not.
    """
    if name == "tiny":
        if pretrained:
            raise BenchError("backbone = tiny has no weights; name a model of timm with pretrained")
        return
    import timm

    if name not in timm.list_models():
        near = timm.list_models(f"*{name}*")[:3] or ["resnet18", "convnext_tiny"]
        raise BenchError(f"backbone '{name}' is no model of timm; name tiny, or one such as {', '.join(near)}")
    if isinstance(pretrained, str) and not (folder / pretrained).is_file():
        raise BenchError(f"pretrained = {pretrained}: there is no such file of weights in {folder}")


def weights_digest(pretrained: bool | str, folder: Path) -> dict[str, str]:
    """Of weights in a file, what a key holds of them."""
    if not isinstance(pretrained, str) or not (folder / pretrained).is_file():
        return {}  # which `backbone` refuses
    return {"weights_sha256": hashlib.sha256(content(folder / pretrained, LARGEST)).hexdigest()}


def _put(made: nn.Module, path: Path) -> None:
    # a head of other weights is left out, as there is none here
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load

            state = load(content(path, LARGEST))
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
            state = state.get("state_dict", state)
        own = made.state_dict()
        fitting = {name: value for name, value in state.items() if name in own and own[name].shape == value.shape}
        if len(fitting) < len(own):
            lacking = next(name for name in own if name not in fitting)
            raise ValueError(f"{len(own) - len(fitting)} of {len(own)} tensors are not in it, the first is {lacking}")
        made.load_state_dict(fitting)
    except Exception as error:
        raise BenchError(f"pretrained = {path}: these weights are not of that backbone: {why(error)}") from None
