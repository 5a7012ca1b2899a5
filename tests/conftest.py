"""Golden cases: expected values of the published code, see the index beside them."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

GOLDEN = Path(__file__).parent / "golden"


@dataclass(frozen=True)
class Case:
    """Arrays of one case, and how near a result must come to them."""

    arrays: dict[str, np.ndarray]
    rtol: float
    atol: float

    def __getitem__(self, name):
        return self.arrays[name]

    def tensor(self, name, dtype=torch.float64, device="cpu"):
        return torch.from_numpy(self.arrays[name]).to(device, dtype)

    def check(self, actual, name):
        """Compare at the index's tolerance, or at that of float32."""
        single = getattr(actual, "dtype", None) == torch.float32
        rtol, atol = (1e-4, 1e-5) if single else (self.rtol, self.atol)
        if isinstance(actual, torch.Tensor):
            actual = actual.detach().cpu().numpy()
        np.testing.assert_allclose(actual, self.arrays[name], rtol=rtol, atol=atol)


@pytest.fixture(scope="session")
def golden():
    """Load a case by name, as in golden("oe-ties")."""
    index = {entry["file"]: entry for entry in json.loads((GOLDEN / "index.json").read_text())}

    def load(name):
        entry = index[f"{name}.npz"]
        with np.load(GOLDEN / f"{name}.npz") as arrays:
            return Case(dict(arrays), entry["rtol"], entry["atol"])

    return load
