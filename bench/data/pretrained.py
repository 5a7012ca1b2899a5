"""Weights of networks that were trained elsewhere: fetched once, then read from the disk."""

from pathlib import Path
from typing import Any

from bench.data import hub
from bench.data.reading import why
from bench.errors import BenchError


def resnet50_weights() -> Path:
    """The file of a ResNet-50 trained on ImageNet.

    Raises:
        BenchError: it is not here and cannot be fetched.
    """
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    name = ("timm/resnet50.tv_in1k", "model.safetensors")
    try:
        return _whole(Path(hf_hub_download(*name, local_files_only=True)))
    except LocalEntryNotFoundError:
        pass  # the first time
    try:
        with hub.at_hand():
            return _whole(Path(hf_hub_download(*name)))
    except (OSError, ValueError) as error:  # what being offline raises
        raise BenchError(
            f"no ImageNet weights for nyud2 ({why(error)}); fetch them once, or add weights=scratch"
        ) from None


def timm_model(name: str, pretrained: bool, **changes: object) -> Any:
    """A network of timm, without its classes.

    Raises:
        BenchError: its weights cannot be had.
    """
    import timm

    try:
        with hub.at_hand(pretrained):
            return timm.create_model(name, pretrained=pretrained, num_classes=0, **changes)  # pyright: ignore[reportArgumentType]
    except Exception as error:  # no network, no such weights, a cache that is not whole
        raise BenchError(f"backbone '{name}': its weights cannot be had: {why(error)}") from None


def _whole(path: Path) -> Path:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt"):  # its header says how long the file must be
            return path
    except (OSError, SafetensorError) as error:
        raise BenchError(f"{path} is damaged ({why(error)}); remove it, so that it is fetched again") from None
