"""The optimizers that a protocol names."""

from typing import Any

import torch

from bench.protocol import Protocol


def protocol_optimizer(groups: list[dict[str, Any]], protocol: Protocol) -> torch.optim.Optimizer:
    """The protocol's optimizer over groups of parameters; each group carries its own "lr"."""
    shared: dict[str, Any] = {"lr": protocol.lr, "weight_decay": protocol.weight_decay, "fused": True}
    if protocol.optimizer == "sgd":
        return torch.optim.SGD(groups, momentum=protocol.momentum, **shared)
    return {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[protocol.optimizer](groups, **shared)
