"""What tests of PH-Reg, TopoAE and ROT-Reg share."""

import torch
from torch import Tensor

from bench.method import Batch, Method, Task
from bench.protocol import Protocol

DTYPES = (torch.float64, torch.float32)


def inputs(case, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    return case.tensor("in_features", dtype).requires_grad_(), case.tensor("in_targets", dtype)


def with_gradient(loss: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
    return loss, torch.autograd.grad(loss, z)[0]


def batch(z: Tensor, y: Tensor) -> Batch:
    return Batch(y, None, z, y, y, torch.clone)  # type: ignore[arg-type]


def prepared(method: Method, y: Tensor) -> Method:
    method.prepare(Task(y, y, 0.0, 1.0, 1, None, Protocol(), torch.Generator().manual_seed(0)))
    return method
