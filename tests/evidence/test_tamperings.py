"""Over a hundred ways to tamper with records and predictions: each is found, and none reaches a board."""

import shutil
from functools import cache
from pathlib import Path

import pytest

from bench.leaderboard import publish
from bench.plugins import resolve
from bench.results import store
from bench.runs import catalogue, cells, evidence, verify, worker
from bench.runs.worker import failure
from support.tampering import AIRFOIL, CONCRETE, Folder
from support.tamperings import TAMPERINGS
from support.tamperings_measured import MEASURED

TINY = {"protocol.epochs": 4, "protocol.validate_every": 1}


class Remembering(evidence.Catalogue):
    describe = staticmethod(cache(catalogue.describe))


CATALOGUE = Remembering(Path())


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    """Three methods on two small generated datasets, two or three seeds each, and one cell that failed."""
    results = tmp_path_factory.mktemp("honest") / "results"
    for dataset, method, seeds in [
        (AIRFOIL, "baseline", 3), (AIRFOIL, "mt", 3), (AIRFOIL, "gaussian_nll", 2), (CONCRETE, "baseline", 2),
    ]:  # fmt: skip
        on = resolve.dataset(dataset, TINY)
        fingerprint = cells.load(on, Path()).fingerprint()
        for seed in range(seeds):
            cell = cells.make(on, resolve.method(method, on), seed, fingerprint, TINY)
            finished = worker.run(cell, worker.RunContext("."), lambda _: None)
            store.write(results, finished.record, finished.predictions)
        if method == "mt":
            cell = cells.make(on, resolve.method(method, on), 9, fingerprint, TINY)
            store.write(results, failure(cell, "diverged", "loss nan", worker.datetime.now(worker.UTC), 1.0))
    return results


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(catalogue, "config_today", cache_by_text(catalogue.config_today))


KEPT = {}


def cache_by_text(function):
    def cached(dataset, method, overrides):
        key = dataset, method, str(overrides)
        if key not in KEPT:
            KEPT[key] = function(dataset, method, overrides)
        return KEPT[key]

    return cached


def on_boards(results):
    """The finished records that count on a board, by cell."""
    made = publish.read_boards(results, CATALOGUE)
    assert all(isinstance(text, str) for text in made.pages().values())
    return {r.cell: r for board in made.boards for records in board.finished.values() for r in records}


def test_what_is_honest_is_proved_and_stands_on_its_board(honest):
    report = verify.verify(honest, Path())
    assert (report.verdict.differences, report.refused) == ([], [])
    assert len(on_boards(honest)) == 10
    assert report.is_good


@pytest.mark.parametrize("name", [*TAMPERINGS, *MEASURED])
def test_a_tampering_is_found_and_reaches_no_board(honest, tmp_path, name):
    results = tmp_path / "results"
    shutil.copytree(honest, results)
    tamper, off = {**TAMPERINGS, **MEASURED}[name]
    before = on_boards(results)
    tamper(Folder(results))
    report = verify.verify(results, Path())
    assert report.verdict.differences or report.refused
    assert not report.is_good
    assert on_boards(results) == {cell: record for cell, record in before.items() if cell not in off}


def test_a_record_from_before_a_metric_and_a_parameter_is_stale_and_not_accused(honest, tmp_path):
    results = tmp_path / "results"
    shutil.copytree(honest, results)

    def age(record):
        del record["config"]["dataset"]["params"]["selection"]
        for regions in record["metrics"].values():
            del regions["all"]["sera"]

    Folder(results).edit(age)
    report = verify.verify(results, Path())
    assert [(one.cell, one.what) for one in report.verdict.differences] == [(f"{AIRFOIL}/baseline/0", "code")]
