"""Weights of networks that were trained elsewhere: fetched once, then read from the disk."""

from pathlib import Path

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
        return Path(hf_hub_download(*name, local_files_only=True))
    except LocalEntryNotFoundError:
        pass  # the first time
    try:
        return Path(hf_hub_download(*name))
    except (OSError, ValueError) as error:  # what being offline raises
        why = str(error).partition("\n")[0]
        raise BenchError(f"no ImageNet weights for nyud2 ({why}); fetch them once, or add weights=scratch") from None
