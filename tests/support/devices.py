"""Parameters that run a test on every device there is, and in both precisions."""

import pytest
import torch

cuda = pytest.param(
    "cuda",
    marks=[pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")],
)
on_every_device = pytest.mark.parametrize("device", ["cpu", cuda])
in_both_precisions = pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
