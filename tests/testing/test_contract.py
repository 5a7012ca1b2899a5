"""Every plug-in keeps the contract."""

from pathlib import Path

import numpy as np
import pytest

from bench import plugins
from bench.data import files
from bench.method import Method
from bench.plugins import resolve
from bench.testing import contract
from bench.testing.toy import Toy


# the tuned baseline is defined on coordinates alone, and tests/methods/test_tuned_baseline.py holds it to the contract
@pytest.mark.parametrize("name", sorted(plugins.modules("method").keys() - {"tuned_baseline"}))
def test_every_method_keeps_the_contract(name):
    problems = [finding for finding in contract.run("method", name, Path()) if finding.state != "ok"]
    assert not problems


@pytest.mark.parametrize("name", sorted(plugins.modules("dataset")))
def test_every_dataset_keeps_the_contract(name):
    root = files.root()
    dataset = resolve.dataset(name).dataset
    missing = any(row.state != "present" for row in files.status(dataset, root))
    # a dataset that has a small source is too large to be loaded here
    given = dataset.small or (dataset.offline if missing else name)
    problems = [finding for finding in contract.run("dataset", given, root) if finding.state != "ok"]
    assert not problems


@pytest.fixture
def plugged(monkeypatch):
    """Put a method class in the place of a plug-in file; `baseline` stays."""
    load = plugins.load

    def put(cls):
        monkeypatch.setattr(plugins, "load", lambda kind, name: cls if name == "mine" else load(kind, name))

    return put


def test_a_method_that_does_nothing_is_warned_of_with_one_and_with_three_targets(plugged):
    plugged(type("Idle", (Method,), {}))
    doubtful = [finding for finding in contract.run("method", "mine", Path()) if finding.state != "ok"]
    assert [finding.state for finding in doubtful] == ["warning", "warning"]
    assert [finding.title for finding in doubtful] == [
        f"predicts other numbers than the baseline with {targets}" for targets in ("1 target", "3 targets")
    ]


def test_a_broken_method_fails_and_the_baseline_is_not_compared_with_itself(plugged):
    class Broken(Method):
        def loss(self, batch):
            return super().loss(batch) * float("nan")

    plugged(Broken)
    assert {finding.state for finding in contract.run("method", "mine", Path())} >= {"FAILED"}
    assert not [finding for finding in contract.run("method", "baseline", Path()) if "baseline" in finding.title]


def test_a_warning_is_printed_and_ends_well(bench, monkeypatch):
    found = [contract.Finding("is fast"), contract.Finding("acts", "warning", "it does not")]
    monkeypatch.setattr(contract, "run", lambda *_: iter(found))
    assert bench("check", "method", "oe") == (0, "ok      is fast\nwarning acts: it does not\n", "")
    found.append(contract.Finding("learns", "FAILED", "no"))
    code, out, errors = bench("check", "method", "oe")
    assert code == 1
    assert out.endswith("FAILED  learns: no\n")
    assert "1 checks failed" in errors


def test_what_rows_share_is_said_of_every_row():
    class Short(Toy):
        def load(self, root):
            splits = super().load(root)
            splits.val.shared = {"person": np.zeros(3)}
            return splits

    failed = [one.problem for one in contract.check_dataset(Short(), Path()) if one.state == "FAILED"]
    assert any("shared says of 3 rows what person they have" in problem for problem in failed)
