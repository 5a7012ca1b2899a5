"""Golden cases: expected values of the published code, see the index beside them; and the command line.

`pytest --certify tests` (in one process) writes methods/certificates.json from what the cases gave;
`pytest --fingerprints tests/test_fingerprints.py` writes tests/fingerprints.json.
"""

import json
import os
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from bench import cli
from bench.atomic import replace_file
from bench.cores import available_cores
from bench.plugins.certificates import FILE as CERTIFICATES

if "PYTEST_XDIST_WORKER" not in os.environ:  # the processes of a session share a memory, which is not the user's
    memory = tempfile.TemporaryDirectory(prefix="bench-memory-")
    os.environ["BENCH_CACHE"] = memory.name

GOLDEN = Path(__file__).parent / "golden"
INDEX = {
    entry["file"].removesuffix(".npz"): entry
    for entry in json.loads((GOLDEN / "index.json").read_text())
    if entry["file"]
}

# start of a case's name -> the methods that it certifies; the longest start counts
CERTIFIES = {
    "ranksim": ("ranksim",),
    "oe": ("oe",),
    "phreg": ("ph_reg",),
    "phreg-topo": ("ph_reg", "topo_ae"),
    "rot": ("rot_reg",),
    "conr": ("conr",),
    "rnc": ("rnc",),
    "srl": ("srl",),
    "simclr": ("simclr",),
    "supcon": ("supcon",),
    "dino": ("dino",),
    "srl-surrogate": (),  # of a class that no released training uses
    "loss": ("baseline",),
    "loss-focal": ("focal_r",),
    "bmse": ("balanced_mse",),
    "lds": ("lds",),
    "lds-kernels": ("lds", "fds"),
    "lds-agedb-sqrtinv": ("sqinv",),
    "lds-agedb-sqrtinv-lds": ("lds",),
    "lds-stsb-inverse": ("inv",),
    "fds": ("fds",),
    "infdrop": ("infdrop",),
    "l2cs": ("l2cs",),
    "supremix": ("supremix",),
    "vir": ("vir",),
    "uvote": ("uvote",),
    "metrics": (),
}
# in double precision, over the largest entry of what is expected
deviations: dict[str, float] = defaultdict(float)


@dataclass(frozen=True)
class Case:
    """Arrays of one case, and how near a result must come to them."""

    name: str
    arrays: dict[str, np.ndarray]
    rtol: float
    atol: float

    def __getitem__(self, name):
        return self.arrays[name]

    def __contains__(self, name):
        return name in self.arrays

    def tensor(self, name, dtype=torch.float64, device="cpu"):
        return torch.from_numpy(self.arrays[name]).to(device, dtype)

    def check(self, actual, name):
        """Compare at the index's tolerance, or at that of float32."""
        single = getattr(actual, "dtype", None) == torch.float32
        rtol, atol = (1e-4, 1e-5) if single else (self.rtol, self.atol)
        if isinstance(actual, torch.Tensor):
            actual = actual.detach().cpu().numpy()
        expected = self.arrays[name]
        np.testing.assert_allclose(actual, expected, rtol=rtol, atol=atol)
        if not single:
            apart = np.abs(np.asarray(actual, np.float64) - expected).max() / (np.abs(expected).max() or 1)
            deviations[self.name] = max(deviations[self.name], float(apart))


@pytest.fixture(scope="session")
def golden():
    """Load a case by name, as in golden("oe-ties")."""

    def load(name):
        with np.load(GOLDEN / f"{name}.npz") as arrays:
            return Case(name, dict(arrays), INDEX[name]["rtol"], INDEX[name]["atol"])

    return load


@pytest.fixture
def bench(monkeypatch, capsys):
    """The command line in this process: words -> exit code, output, errors."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["bench", *map(str, words)])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        return stopped.value.code, *capsys.readouterr()

    return run


def certified(case):
    """The methods that a case certifies."""
    return CERTIFIES[max((start for start in CERTIFIES if case.startswith(start)), key=len)]


def pytest_addoption(parser):
    parser.addoption("--certify", action="store_true", help="write the parity certificates from the golden cases")
    parser.addoption("--fingerprints", action="store_true", help="write tests/fingerprints.json anew")


def pytest_sessionfinish(session, exitstatus):
    if not session.config.getoption("--certify"):
        return
    if exitstatus or (missing := sorted(case for case in INDEX if certified(case) and case not in deviations)):
        raise pytest.UsageError(f"no certificates: {'a test failed' if exitstatus else f'no test of {missing}'}")
    written = defaultdict(lambda: {"references": set(), "cases": {}})
    for case in sorted(deviations):
        for method in certified(case):
            source = INDEX[case]["reference"]
            written[method]["references"].add(f"{source['repo']} at {source['commit']}")
            written[method]["cases"][case] = float(f"{deviations[case]:.1e}")
    made = {method: {**entry, "references": sorted(entry["references"])} for method, entry in sorted(written.items())}
    replace_file(CERTIFICATES, (json.dumps(made, indent=1) + "\n").encode())


def pytest_xdist_auto_num_workers(config):
    """One more than there are cores: the tests of runs wait for other processes most of the time."""
    return available_cores() + 1
