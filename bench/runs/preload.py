"""Imported once by the fork server, so that no cell pays again for what all cells need."""

import contextlib

import torch

import bench.runs.worker  # noqa: F401
from bench import plugins
from bench.errors import BenchError
from bench.plugins.discovery import KINDS

for kind in KINDS:
    # a third party's plug-in that nobody asked for must not be able to hang all cells
    for name in sorted(plugins.modules(kind).keys() - plugins.modules(kind).foreign):
        with contextlib.suppress(BenchError):
            plugins.load(kind, name)

# the first optimizer of a process imports torch's compiler, which takes seconds
torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.0)
