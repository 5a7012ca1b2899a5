"""Hugging Face encoders of texts, from a folder or the hub: frozen, so that features are made once, or trained."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from bench.data import hub
from bench.data.reading import why
from bench.described.hugging_face import hide_retries
from bench.errors import BenchError

BATCH = 64  # texts that are read together


def inputs(name: str, folder: Path, texts: list[list[str]], length: int, frozen: bool) -> Tensor:
    """Of one column of texts or two: token numbers (N, L), both texts in one row; or features (N, D) of a frozen one.

    Features are means over tokens; of two texts [u; v; |u - v|; u * v].
    """
    tokenizer, model = _load(name, str(folder))
    if not frozen:
        return _tokens(tokenizer, texts, length)
    sides = [_features(model, _tokens(tokenizer, [column], length), tokenizer.pad_token_id) for column in texts]
    if len(sides) == 1:
        return sides[0]
    u, v = sides
    return torch.cat([u, v, (u - v).abs(), u * v], dim=1)


def trained(name: str, folder: Path) -> tuple[nn.Module, int]:
    """A model to be trained on, with the mean over its tokens on top, and its width."""
    import copy

    tokenizer, model = _load(name, str(folder))
    return Mean(copy.deepcopy(model), tokenizer.pad_token_id), model.config.hidden_size


class Mean(nn.Module):
    """Token numbers (B, L) to the mean of a model's last states (B, D), padding left out."""

    def __init__(self, model: Any, padding: int) -> None:
        super().__init__()
        self.model, self.padding = model, padding

    def forward(self, x: Tensor) -> Tensor:
        """(B, L) -> (B, D)."""
        mask = (x != self.padding).long()
        states = self.model(input_ids=x, attention_mask=mask).last_hidden_state
        weight = mask[..., None].to(states.dtype)
        return (states * weight).sum(1) / weight.sum(1).clamp_min(1)


def digest(name: str, folder: Path) -> dict[str, str]:
    """What a key holds of an encoder: SHA-256 over its weights' names and values."""
    return {"encoder_sha256": _digest(name, str(folder))}


@cache
def _digest(name: str, folder: str) -> str:
    made = hashlib.sha256()
    for key, value in sorted(_load(name, folder)[1].state_dict().items()):
        made.update(key.encode() + value.float().numpy().tobytes())
    return made.hexdigest()


@cache
def _load(name: str, folder: str) -> tuple[Any, Any]:
    try:
        from transformers import AutoModel, AutoTokenizer  # pyright: ignore[reportMissingImports]
        from transformers.utils import logging  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise BenchError(
            f"the encoder {name} needs the package transformers: install regression-bench with its extra transformers"
        ) from None
    logging.disable_progress_bar()
    hide_retries()
    place = Path(folder, name)
    if place.exists() and not place.is_dir():  # a name that the hub would be asked for
        raise BenchError(f"the encoder {name} is a file; name the folder of a model, or its name on the hub")
    where = str(place) if place.is_dir() else name
    try:
        with hub.at_hand(not place.is_dir()):
            tokenizer: Any = AutoTokenizer.from_pretrained(where)
            model = AutoModel.from_pretrained(where, use_safetensors=True)
    except Exception as error:  # of the library's and the network's many kinds
        raise BenchError(f"the encoder {name} cannot be loaded, nor is it a folder in {folder}: {why(error)}") from None
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer, model.eval()


def _tokens(tokenizer: Any, texts: list[list[str]], length: int) -> Tensor:
    found = tokenizer(*texts, padding="max_length", truncation=True, max_length=length, return_tensors="pt")
    return found["input_ids"]


@torch.no_grad()
def _features(model: Any, tokens: Tensor, padding: int) -> Tensor:
    read = Mean(model, padding)
    return torch.cat([read(part) for part in tokens.split(BATCH)]).float()
