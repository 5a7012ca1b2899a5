"""`bench.run` in a script without a guard, and in an interpreter that reads its program."""

import subprocess
import sys

import pandas as pd
import pytest

import bench
from bench.errors import BenchError

SCRIPT = """
import bench
found = bench.run(["baseline", "mt"], "circle", seeds=[0, 3], results="r", epochs=1)
print(found.groupby("method")["seed"].apply(list).to_dict(), set(found["status"]))
again = bench.run("mt", "circle", seeds=[3], results="r", epochs=1)
print("again", len(again))
"""


@pytest.mark.slow
@pytest.mark.parametrize("from_file", [True, False])
def test_a_script_trains_and_gets_its_records(from_file, tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    arguments = ["script.py"] if from_file else ["-"]
    done = subprocess.run(
        [sys.executable, *arguments], cwd=tmp_path, input=SCRIPT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert "{'baseline': [0, 3], 'mt': [0, 3]} {'ok'}" in done.stdout
    assert "again 1" in done.stdout
    assert done.stdout.count("cells to run") == 1  # what is there is not trained again
    assert "[4/4]" in done.stdout
    assert "Traceback" not in done.stderr


def test_a_file_of_ones_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pd.DataFrame({"x": range(60), "z": [i % 7 for i in range(60)], "y": [i / 2 for i in range(60)]}).to_csv("own.csv")
    found = bench.run("baseline,linear", "own.csv", seeds=1, target="y", results="r", epochs=2)
    assert found["method"].tolist() == ["baseline", "linear"]
    assert bench.leaderboard("own", "r").index.tolist() == ["baseline {protocol.epochs=2}", "linear"]


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"method": "nothing"}, "nothing"),
        ({"dataset": "nothing"}, "nothing"),
        ({"seeds": []}, "seeds"),
        ({"seeds": -1}, "seeds"),
        ({"nothing": 1}, "nothing"),
        ({"target": "y"}, "target"),
        ({"checkpoint_minutes": float("nan")}, "checkpoint_minutes nan is no time"),
        ({"checkpoint_minutes": -1}, "checkpoint_minutes -1 is no time"),
    ],
)
def test_what_is_wrong_is_said_before_anything_runs(given, word, tmp_path):
    with pytest.raises(BenchError, match=word):
        bench.run(**{"method": "baseline", "dataset": "circle", "results": tmp_path, **given})
    assert not list(tmp_path.iterdir())
