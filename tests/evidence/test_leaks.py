"""What splits have in common: counts on real data, on made-up rows, and what is remembered of them."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from bench.dataset import Split
from bench.evidence import leaks
from bench.evidence.leaks import Leak
from bench.plugins import resolve
from bench.runs import audit
from bench.runs.audit import known
from support.datasets import real

ROOT = Path(os.environ.get("BENCH_DATA") or "no BENCH_DATA")


def in_training(found):
    return {(leak.what, leak.split): (leak.shared, leak.rows) for leak in found if leak.other == "train"}


@pytest.mark.parametrize(
    ("name", "what", "number", "rows"),
    [
        ("airfoil", "configuration", 266, 266),
        ("concrete", "row", 9, 255),
        ("concrete", "mix", 166, 255),
        ("real_estate", "place", 41, 107),
        ("stsb", "sentence", 194, 1000),
        ("abalone", "inputs", 0, 436),
        ("airfoil[split=grouped]", "configuration", 0, 231),
        ("concrete[split=grouped]", "mix", 0, 191),
        ("real_estate[split=grouped]", "place", 0, 75),
        ("stsb[split=grouped]", "sentence", 0, 961),
    ],
)
def test_leaks_of_real_data_are_counted_as_they_are_remembered(name, what, number, rows):
    _, root = real(name)
    data, found = audit.audit(resolve.dataset(name), root)
    assert in_training(found)[what, "test"] == (number, rows)
    assert leaks.remembered(data) == found


def test_generated_data_are_remembered_as_they_are():
    for name in ("digits", "circle"):
        data, found = audit.audit(resolve.dataset(name), Path("no data is read"))
        assert leaks.remembered(data) == found
        assert {leak.shared for leak in found} == {0}


def test_persons_are_counted_where_only_the_list_of_pictures_is_there():
    if not (ROOT / "agedb/agedb.csv").is_file():
        pytest.skip(f"{ROOT}/agedb/agedb.csv is missing")
    data, found = audit.audit(resolve.dataset("agedb"), ROOT)
    assert data is None
    assert in_training(found)["person", "test"] == (2140, 2140)
    _, apart = audit.audit(resolve.dataset("agedb[split=grouped]"), ROOT)
    assert [leak.shared for leak in apart] == [0, 0, 0]
    assert min(leak.rows for leak in apart) > 1500


def test_a_row_leaks_by_any_one_of_what_it_has():
    train = Split(
        torch.tensor([[1.0], [2.0]]), torch.tensor([[5.0], [6.0]]), shared={"sentence": np.array([[0, 1], [2, 3]])}
    )
    test = Split(
        torch.tensor([[2.0], [1.0]]), torch.tensor([[6.0], [7.0]]), shared={"sentence": np.array([[8, 3], [8, 9]])}
    )
    found = leaks.count({"train": known(train), "val": {}, "test": known(test)})
    assert in_training(found) == {("row", "test"): (1, 2), ("inputs", "test"): (2, 2), ("sentence", "test"): (1, 2)}


def test_a_board_says_what_is_shared_and_nothing_where_nobody_counted():
    assert leaks.line("unknown") == ""
    counts = {"row": 9, "inputs": 15, "mix": 166}
    found = [Leak(what, split, "train", 1255, n) for what, n in counts.items() for split in ("val", "test")]
    said = "Of 1,255 test rows 9 share inputs and label, 15 share inputs, 166 share a mix with a training row."
    assert leaks.sentence(found) == said


def test_what_is_counted_again_takes_the_place_of_what_was_remembered(tmp_path, monkeypatch):
    monkeypatch.setattr(leaks, "FILE", tmp_path / "leaks.json")
    leaks._file.cache_clear()
    one, other = [Leak("row", "test", "train", 9, 1)], [Leak("row", "test", "train", 9, 2)]
    try:
        leaks.remember("b", "f1", one)
        leaks.remember("a", "f2", one)
        leaks.remember("b", "f3", other)  # b has other data now
        leaks.remember("a[x=1]", "f2", other)  # another name for the data of a
        assert [leaks.remembered(data) for data in ("f1", "f2", "f3")] == [None, other, other]
        assert [known["dataset"] for known in json.loads(leaks.FILE.read_text()).values()] == ["a", "b"]
    finally:
        leaks._file.cache_clear()


def test_the_audit_prints_a_table_or_json_and_keeps_only_counts_of_whole_data(bench, tmp_path, monkeypatch):
    monkeypatch.setattr(leaks, "FILE", tmp_path / "leaks.json")
    leaks._file.cache_clear()
    code, out, _ = bench("data", "audit", "digits[images=few]")
    assert code == 0
    assert out.splitlines()[2].split() == ["digits[images=few]", "val", "60", "0", "row", "train", "0%"]
    code, out, _ = bench("data", "audit", "digits[images=few]", "--json", "--keep")
    content = json.loads(out)["digits[images=few]"]
    assert content["leaks"][1] == {"what": "row", "split": "test", "other": "train", "rows": 120, "shared": 0}
    assert leaks.line(content["data"]) == "No test row shares inputs or a picture with a training row."
    (tmp_path / "agedb").mkdir()
    (tmp_path / "agedb/agedb.csv").write_text(
        "age,path,split\n"
        + "".join(
            f"{20 + i % 3},AgeDB/{i}_Somebody{i % 5}_{20 + i % 3}_f.jpg,{('train', 'val', 'test')[i % 3]}\n"
            for i in range(30)
        )
    )
    code, out, errors = bench("data", "audit", "agedb", "--keep", "--data", tmp_path)
    assert (code, errors.count("\n")) == (2, 1)
    assert "agedb has no samples here" in errors
    code, out, _ = bench("data", "audit", "agedb", "--data", tmp_path)
    assert "10 person" in out
    code, _, errors = bench("data", "audit", "airfoil", "--data", tmp_path)
    assert code == 2
    assert "bench data fetch airfoil" in errors
    leaks._file.cache_clear()
