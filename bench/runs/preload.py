"""Imported once by the fork server, so that no cell pays again for what all cells need."""

import contextlib
import importlib

import torch

import bench.runs.worker  # noqa: F401
from bench import plugins

for module in (*plugins.modules("method").values(), *plugins.modules("dataset").values()):
    # a plug-in that cannot be imported fails in its own cell, with its own record
    with contextlib.suppress(Exception):
        importlib.import_module(module)

# the first optimizer of a process imports torch's compiler, which takes seconds
torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.0)
