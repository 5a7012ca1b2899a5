"""Runs in which seeds of a row train side by side."""

from types import SimpleNamespace

import pytest

from bench.errors import BenchError
from bench.results import store
from bench.runs.at_once import groups, require
from support.command_line import TINY, start

FOLDERS = ("alone", "together")


def cell(method, seed, dataset="circle"):
    return SimpleNamespace(dataset=dataset, method=method, seed=seed, fingerprint="f", key=f"{dataset}{method}{seed}")


def seeds(made):
    return [[one.method + str(one.seed) for one in group] for group in made]


def test_seeds_of_a_row_come_together_as_evenly_as_the_processes_can_share_them():
    two = [cell(method, seed) for seed in range(4) for method in "ab"]
    assert seeds(groups(two, 10, 2)) == [["a0", "a1", "a2", "a3"], ["b0", "b1", "b2", "b3"]]
    assert seeds(groups(two, 3, 2)) == [["a0", "a1", "a2"], ["b0", "b1", "b2"], ["a3"], ["b3"]]
    one = [cell("a", seed) for seed in range(5)]
    assert seeds(groups(one, 10, 2)) == [["a0", "a1", "a2"], ["a3", "a4"]]
    assert seeds(groups(one, 1, 2)) == [["a0"], ["a1"], ["a2"], ["a3"], ["a4"]]


def test_rows_on_other_data_are_other_rows():
    assert seeds(groups([cell("a", 0), cell("a", 1, "torus")], 10, 1)) == [["a0"], ["a1"]]


@pytest.mark.parametrize("number", [0, -1, 10**9])
def test_numbers_out_of_range_are_refused(number):
    with pytest.raises(BenchError, match="write a whole number from 1"):
        require(number, "--seeds-at-once", {})


def test_what_treats_seeds_one_by_one_is_refused_beside_it():
    require(1, "--seeds-at-once", {"--race": True})
    with pytest.raises(BenchError, match="--race one by one"):
        require(2, "--seeds-at-once", {"--race": True})


@pytest.mark.slow
def test_records_are_those_of_single_cells_and_say_how_they_were_trained(tmp_path):
    words = ["--method", "baseline,mt,rnc", "--dataset", "airfoil[rows=synthetic]", "--seeds", "4", *TINY]
    for folder, more in zip(FOLDERS, ([], ["--seeds-at-once", "4"]), strict=True):
        process = start("run", *words, "--results", f"{folder}/results", *more, cwd=tmp_path)
        _, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors
    alone, together = ({one.cell: one for one in store.read_all(tmp_path / name / "results")} for name in FOLDERS)
    assert alone.keys() == together.keys()
    assert len(together) == 12
    for name, record in together.items():
        assert record.key == alone[name].key
        mae, expected = (one.metrics["test"]["all"]["mae"] for one in (record, alone[name]))
        assert mae == pytest.approx(expected, rel=1e-5)
        assert record.timing.seeds_at_once == (1 if record.method == "rnc" else 4)
        assert alone[name].timing.seeds_at_once == 1


@pytest.mark.slow
def test_a_seed_that_diverges_says_that_it_was_trained_with_others(tmp_path):
    words = ["--method", "baseline", "--dataset", "airfoil[rows=synthetic]", "--seeds", "2", *TINY]
    process = start("run", *words, "--set", "protocol.lr=1e9", "--seeds-at-once", "2", "--jobs", "1", cwd=tmp_path)
    process.communicate(timeout=300)
    records = list(store.read_all(tmp_path / "results"))
    assert [(record.status, record.timing.seeds_at_once) for record in records] == [("diverged", 2)] * 2
