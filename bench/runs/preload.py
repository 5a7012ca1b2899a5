"""Imported once by the fork server, so that no cell pays again for what all cells need."""

import torch

import bench.runs.worker  # noqa: F401

# the first optimizer of a process imports torch's compiler, which takes seconds
torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.0)
