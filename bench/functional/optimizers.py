"""The optimizers that a protocol names."""

from typing import Any

import torch

from bench.protocol import Protocol


def protocol_optimizer(groups: list[dict[str, Any]], protocol: Protocol) -> torch.optim.Optimizer:
    """The protocol's optimizer over groups of parameters; each group carries its own "lr"."""
    shared: dict[str, Any] = {"lr": protocol.lr, "weight_decay": protocol.weight_decay, "fused": True}
    if protocol.optimizer == "sgd":
        made = torch.optim.SGD(groups, momentum=protocol.momentum, **shared)
        if protocol.momentum:  # from zero, which rounds alike: a fused step refuses a layer whose gradients begin later
            for parameter in (one for group in made.param_groups for one in group["params"]):
                made.state[parameter]["momentum_buffer"] = torch.zeros_like(parameter)
        return made
    return {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[protocol.optimizer](groups, **shared)
