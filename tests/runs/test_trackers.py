"""What is told of a run: lines of JSON, TensorBoard's files, a callback of one's own, and one that fails."""

import json

import pytest

import bench
from bench.runs.callbacks import Callback
from support.command_line import TINY
from support.command_line import bench as call

RUN = ["run", "--method", "baseline", "--dataset", "concrete[rows=synthetic]", "--seeds", "2", *TINY]


def test_lines_of_json_say_what_happened_in_order(tmp_path):
    assert call(*RUN, "--log", "run.jsonl", cwd=tmp_path).returncode == 0
    lines = [json.loads(line) for line in (tmp_path / "run.jsonl").read_text().splitlines()]
    assert lines[-1]["event"] == "finished"
    of_one = [line for line in lines if line.get("seed") == 1]
    assert [of_one[0]["event"], of_one[-1]["event"]] == ["started", "ended"]
    assert len(of_one[0]["key"]) == 64
    last = [line for line in of_one if line["event"] == "progress"][-1]
    assert (last["epoch"], last["epochs"], last["share"], last["step"]) == (4, 4, 1.0, 4)
    assert of_one[-1]["status"] == "ok"
    assert of_one[-1]["metrics"]["mae"] > 0
    assert call(*RUN, "--log", "run.jsonl", "--seed", "2", "--seeds", "1", cwd=tmp_path).returncode == 2
    assert len((tmp_path / "run.jsonl").read_text().splitlines()) == len(lines)  # nothing ran, nothing is said


def test_tensorboard_has_curves_and_test_metrics(tmp_path):
    reading = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    done = call(*RUN, "--track", "tensorboard", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "trackers/concrete[rows=synthetic]"
    found = reading.EventAccumulator(str(next(folder.glob("baseline*/seed-1"))))
    found.Reload()
    assert [point.step for point in found.Scalars("val")] == [2, 4]
    assert found.Scalars("test/all/mae")[0].value > 0


class Counting(Callback):
    def __init__(self):
        self.events = []

    def started(self, cell):
        self.events.append(("started", cell.seed))

    def ended(self, cell, record):
        self.events.append((record.status, cell.seed))


class Failing(Callback):
    def ended(self, cell, record):
        raise OSError("the service is gone")


def test_a_callback_of_ones_own_hears_and_one_that_fails_harms_nothing(tmp_path, capsys):
    counting = Counting()
    found = bench.run("baseline", "circle", seeds=2, results=tmp_path, callbacks=[Failing(), counting], epochs=1)
    assert set(found["status"]) == {"ok"}
    assert sorted(counting.events) == [("ok", 0), ("ok", 1), ("started", 0), ("started", 1)]
    assert capsys.readouterr().err.count("Failing is left out from here on: OSError: the service is gone") == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--track", "nothing"], "no tracker 'nothing'"),
        (["--track", ","], "cannot read the list"),
        (["--log", "no/such/folder/x.jsonl"], "--log"),
        (["--log", "."], "--log"),
    ],
)
def test_bad_input_is_one_line(words, message, tmp_path):
    done = call(*RUN, *words, cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
