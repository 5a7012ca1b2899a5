"""Adoption by what earlier code trains on this machine."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import bench
from bench.errors import BenchError
from bench.plugins import resolve
from bench.results import store
from bench.results.equivalence import Equivalences
from bench.runs import adopt, before, cells, worker
from support.inline import Inline

ROOT = Path(bench.__file__).parents[1]
TINY = {"protocol.epochs": 2, "protocol.validate_every": 1}


def git(place, *words):
    subprocess.run(["git", "-C", str(place), "-c", "user.name=a", "-c", "user.email=a@b", *words], check=True)


@pytest.fixture
def results(tmp_path):
    """One cell, as a processor of another kind might have trained it."""
    on = resolve.dataset("circle", TINY)
    cell = cells.make(on, resolve.method("mt", on), 0, on.dataset.load(Path()).fingerprint(), TINY)
    finished = worker.run(cell, worker.RunContext("."), lambda _: None)
    moved = {"mean": finished.predictions["mean"] + np.float32(1)}
    evidence = finished.record.predictions.model_copy(update={"sha256": store.hash_predictions(moved["mean"])})
    store.write(tmp_path / "results", finished.record.model_copy(update={"predictions": evidence}), moved)
    return tmp_path / "results"


@pytest.fixture
def code(tmp_path, monkeypatch):
    """A repository of its own with the code as it is, in one commit."""
    place = tmp_path / "repository"
    for part in ("bench", "methods", "datasets"):
        shutil.copytree(ROOT / part, place / part, ignore=shutil.ignore_patterns("__pycache__"))
    git(place, "init", "-q")
    git(place, "add", ".")
    git(place, "commit", "-qm", "one")
    monkeypatch.setattr(before, "HERE", place)
    return place


def adopted(results, **words):
    found = adopt.candidates(store.read_all(results), Equivalences.read(results))
    then = before.trained(words.get("commit", "HEAD"), found, results, Path())
    return [(same, how) for _, same, how in adopt.adopt(results, Inline(), found, then)]


@pytest.mark.slow
def test_a_cell_of_another_processor_is_compared_with_what_earlier_code_trains_here(results, code, monkeypatch):
    own = bench.plugins.digest
    changed = {("method", "mt"): "f" * 64}
    monkeypatch.setattr("bench.plugins.digest", lambda kind, name: changed.get((kind, name)) or own(kind, name))
    found = adopt.candidates(store.read_all(results), Equivalences.read(results))
    assert [same for _, same, _ in adopt.adopt(results, Inline(), found)] == [False]
    ((same, how),) = adopted(results)
    assert same
    assert how.startswith("bit for bit with ")
    assert len(Equivalences.read(results).lines) == 1
    with pytest.raises(BenchError, match="cannot check out nowhere"):
        before.trained("nowhere", found, results, Path())
    assert not list(code.glob(".git/worktrees/*"))


@pytest.mark.slow
def test_code_that_gives_another_record_is_no_witness(results, code, monkeypatch):
    (code / "methods/mt.py").write_text((code / "methods/mt.py").read_text() + "\n\nMORE = 1 + 1\n")
    subprocess.run(
        ["git", "-C", str(code), "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qam", "2"], check=True
    )
    own = bench.plugins.digest
    changed = {("method", "mt"): "f" * 64}
    monkeypatch.setattr("bench.plugins.digest", lambda kind, name: changed.get((kind, name)) or own(kind, name))
    with pytest.raises(BenchError, match="is not what the code of HEAD gives"):
        adopted(results)
