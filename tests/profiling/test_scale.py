"""How the harness grows, on a few records."""

from pathlib import Path

import pytest

import bench
from bench.errors import BenchError
from bench.profiling import scale
from bench.results import store
from bench.runs import verify

RESULTS = Path(bench.__file__).parents[1] / "results"


def test_made_records_are_such_as_verify_and_each_row_has_a_name_of_its_own(tmp_path):
    (tmp_path / "few").mkdir()
    (tmp_path / "few/circle").symlink_to(RESULTS / "circle")
    number = scale._make(tmp_path / "few", tmp_path / "made", 80)
    records = store.read_all(tmp_path / "made")
    assert number == len(records) == 80
    assert {record.method for record in records} == {
        "baseline",
        "mt",
        *(f"mt[copies={copies}]" for copies in range(2, 8)),
    }
    assert verify.verify(tmp_path / "made", Path("nowhere")).is_good


def test_seconds_grow_with_a_power():
    spent = {10: (1.5, 1.0, 5.0), 100: (15.0, 10.0, 6.0), 1000: (1500.0, 1000.0, float("nan"))}
    lines = list(scale._lines("read", {size: scale.Spent(*one) for size, one in spent.items()}))
    assert [line[5] for line in lines] == ["", "1.00", "2.00"]
    assert lines[2][1:5] == ("1,000", "1500.00", "1000.00", "")


def test_the_cost_of_a_command_is_its_own(tmp_path):
    spent = scale._timed(["--version"], tmp_path)
    assert 0 < spent.cpu < spent.seconds * 2
    assert spent.peak > 10


def test_without_baselines_there_is_nothing_to_multiply(tmp_path):
    with pytest.raises(BenchError, match="no baseline of 10 seeds"):
        scale.scale(tmp_path, tmp_path, 250, 10)
