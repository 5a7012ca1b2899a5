"""Cells and profiles whose process fails in its own way."""

import os

import pytest

from bench.results import store
from support.command_line import TINY, start

pytestmark = pytest.mark.slow

BROKEN = '''"""A method that fails in its own way.

None. Follows nothing.
Differs: it fails.
"""

import os
import time

from bench.functional.random_streams import stream_seed
from bench.method import Method


class Broken(Method):
    """Fail. Args: how: crash, raise, hang or diverge; "third": crash at seed 2."""

    def __init__(self, how: str = "raise") -> None:
        super().__init__()
        self.how = how

    def loss(self, batch):
        if self.how == "crash" or (
            self.how == "third" and self.task.generator.initial_seed() == stream_seed(2, "method")
        ):
            os.abort()
        if self.how == "hang":
            time.sleep(600)
        if self.how == "raise":
            raise RuntimeError("as told")
        return super().loss(batch) * (1.0 if self.how == "third" else float("nan"))
'''


@pytest.fixture
def broken_plugin(tmp_path):
    package = tmp_path / "site"
    package.mkdir()
    (package / "broken_method.py").write_text(BROKEN)
    info = package / "broken_method-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-method\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[bench.methods]\nbroken = broken_method\n")
    return os.environ | {"PYTHONPATH": f"{package}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}


def test_a_crash_a_hang_and_an_exception_become_records_and_the_others_go_on(tmp_path, broken_plugin):
    how = {"crash": "killed", "raise": "error", "hang": "timeout", "diverge": "diverged"}
    methods = ",".join([*(f"broken[how={key}]" for key in how if key != "raise"), "broken", "baseline"])
    words = ["--dataset", "circle", "--seeds", "1", *TINY, "--timeout", "10"]
    process = start("run", "--method", methods, *words, cwd=tmp_path, env=broken_plugin)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 1, errors
    status = {r.method: r.status for r in store.read_all(tmp_path / "results")}
    assert status == {
        "broken[how=crash]": "killed",
        "broken": "error",
        "broken[how=hang]": "timeout",
        "broken[how=diverge]": "diverged",
        "baseline": "ok",
    }
    plan = start("plan", "--method", methods, *words[:-2], cwd=tmp_path, env=broken_plugin)
    assert "4 cells failed before" in plan.communicate(timeout=300)[0]
    again = start("run", "--method", "broken", *words, "--retry", "failed", cwd=tmp_path, env=broken_plugin)
    assert "[1/1]" in again.communicate(timeout=300)[1]


def test_seeds_side_by_side_whose_process_dies_are_trained_alone(tmp_path, broken_plugin):
    words = ["--method", "broken[how=third]", "--dataset", "circle", "--seeds", "4", *TINY, "--jobs", "1"]
    process = start("run", *words, "--seeds-at-once", "4", cwd=tmp_path, env=broken_plugin)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 1, errors
    status = {record.seed: record.status for record in store.read_all(tmp_path / "results")}
    assert status == {0: "ok", 1: "ok", 2: "killed", 3: "ok"}


def test_a_profile_whose_process_is_lost_says_so_in_one_line(tmp_path, broken_plugin):
    words = ["profile", "--method", "broken[how=crash]", "--dataset", "circle", "--steps", "2"]
    process = start(*words, cwd=tmp_path, env=broken_plugin)
    out, errors = process.communicate(timeout=300)
    assert (process.returncode, out) == (2, "")
    assert errors.splitlines()[-1].startswith("bench: broken[how=crash] on circle could not be measured")
    assert "SIGABRT" in errors
