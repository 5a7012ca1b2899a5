"""The cells of a run in a shared folder: each is claimed once, comes back to its holder, and ends as on one machine."""

import json
import math
import os
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from bench.errors import BenchError
from bench.results import store
from bench.runs import cells, select, shared_queue, slurm_executor, worker
from bench.runs.executor import Ended
from bench.runs.shared_queue import FOLDER, SharedQueue
from bench.runs.surroundings import RunContext
from support.command_line import bench

SHORT = {"protocol.epochs": 2}


@pytest.fixture(scope="module")
def todo(tmp_path_factory):
    root = tmp_path_factory.mktemp("none")
    return cells.plan(select.rows("baseline,mt", "circle", SHORT), range(3), SHORT, root, root).todo


@pytest.fixture
def queue(todo, tmp_path):
    context = RunContext(str(tmp_path), results=str(tmp_path), checkpoint_s=math.inf)
    return SharedQueue.make(tmp_path / FOLDER / "run", todo, context, None, ["methods.mt"])


def claim_all(folder, holder):
    queue, found = SharedQueue(folder), []
    while (number := queue.claim(f"{holder}-{len(found)}")) is not None:
        found.append(number)
    return found


def test_what_is_asked_for_comes_back_as_it_was(queue, todo, tmp_path):
    again = SharedQueue(queue.folder)
    assert again.cells == todo
    assert again.asked == (RunContext(str(tmp_path), results=str(tmp_path)), None, ["methods.mt"])
    assert shared_queue.runs(tmp_path) == [queue]


@pytest.mark.parametrize("pool", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_each_cell_is_claimed_once_however_many_ask(queue, pool):
    with pool(4) as asked:
        found = list(asked.map(claim_all, [queue.folder] * 4, "abcd"))
    assert sorted(number for some in found for number in some) == list(range(6))
    assert queue.claim("late") is None


def test_a_job_that_is_run_again_has_its_cell_again_and_others_have_not(queue):
    assert (queue.claim("1_0"), queue.claim("1_1")) == (0, 1)
    assert queue.interrupted("1_0") == [0]
    assert queue.interrupted("1_2") == []
    queue.release(1)
    assert queue.claim("1_2") == 1
    assert queue.claims()[1].holder == "1_2"


def test_a_cell_that_a_job_had_begun_is_trained_when_it_is_run_again(queue):
    assert queue.claim("1_0") == 0
    assert [queue.claim("1_1") for _ in range(5)] == [1, 2, 3, 4, 5]
    slurm_executor.work(queue, "1_0")
    assert queue.done() == {0}


def test_a_claim_that_is_not_written_yet_is_nobodys_by_name(queue):
    (queue.folder / "claims" / "0").touch()
    assert queue.claims()[0].holder == ""
    assert queue.claim("1_0") == 1


def test_a_job_trains_to_the_records_and_predictions_of_one_machine(queue, todo):
    slurm_executor.work(queue, "1_0")
    assert queue.done() == set(range(6))
    for number, cell in enumerate(todo):
        there, here = queue.finished(number), worker.run(cell, RunContext("."), lambda _: None)
        assert there.record.key == cell.key
        assert there.record.predictions == here.record.predictions
        assert there.predictions.keys() == here.predictions.keys()
        np.testing.assert_array_equal(there.predictions["mean"], here.predictions["mean"])


def test_what_one_run_left_is_taken_by_those_that_ask_and_goes_when_all_is_taken(queue, todo, tmp_path, monkeypatch):
    monkeypatch.setattr(slurm_executor, "_submitit", lambda: None)
    monkeypatch.setattr(slurm_executor, "alive_jobs", lambda _: {})
    slurm_executor.work(queue, "1_0")
    executor = slurm_executor.SlurmExecutor(RunContext(str(tmp_path)), tmp_path, {})
    for asked, left in ((todo[3:], True), (todo[:3], False)):
        ended = [event for event in executor.run(asked) if isinstance(event, Ended)]
        assert [event.cell for event in ended] == asked
        assert queue.folder.exists() == left
        for event in ended:
            store.write(tmp_path, event.finished.record, event.finished.predictions)
    assert len(store.read_all(tmp_path)) == 6


def test_a_machine_with_other_code_trains_nothing_and_says_so(todo, tmp_path):
    odd = replace(todo[0], config={**todo[0].config, "numerics": {"loop": 10**6}})
    queue = SharedQueue.make(tmp_path / FOLDER / "run", [odd], RunContext(str(tmp_path)), None, [])
    with pytest.raises(BenchError, match="another version of regression-bench"):
        slurm_executor.work(queue, "1_0")
    assert not queue.done()
    assert not queue.claims()
    with pytest.raises(BenchError, match="another version of regression-bench"):
        queue.require_willing()


def test_models_need_a_folder_that_the_node_sees(todo, tmp_path):
    context = RunContext(str(tmp_path), results=str(tmp_path / "elsewhere"), save_models=True)
    queue = SharedQueue.make(tmp_path / FOLDER / "run", todo[:1], context, None, [])
    with pytest.raises(BenchError, match="does not see"):
        slurm_executor.work(queue, "1_0")


def test_status_says_what_is_done_who_trains_and_how_far(queue, tmp_path):
    (queue.folder / slurm_executor.ARRAY).write_text("1")
    queue.finish(queue.claim("1_0"), worker.run(queue.cells[0], RunContext("."), lambda _: None))
    queue.tell(queue.claim("1_0"), {"epoch": 1, "epochs": 2, "loss": 0.5, "val": 0.25})
    said = bench("status", "--results", tmp_path, "--json", cwd=tmp_path)
    (told,) = json.loads(said.stdout)
    assert (told["cells"], told["done"]) == (6, 1)
    (one,) = told["training"]
    shown = [one[name] for name in ("method", "seed", "job", "epoch", "node")]
    assert shown == ["baseline", 1, "1_0", 1, os.uname().nodename]
    said = bench("status", "--results", tmp_path, cwd=tmp_path)
    assert "1 of 6 cells done, 1 training, 4 waiting" in said.stdout


def test_status_of_a_folder_without_queue_says_how_to_begin(tmp_path):
    said = bench("status", "--results", tmp_path, cwd=tmp_path)
    assert (said.returncode, said.stdout) == (
        0,
        f"no cells of {tmp_path} are queued on a cluster; bench run --on slurm queues some\n",
    )


def test_a_queue_in_a_results_folder_is_on_no_board(queue, tmp_path):
    slurm_executor.work(queue, "1_0")
    said = bench("leaderboard", "--results", tmp_path, cwd=tmp_path)
    assert said.returncode == 2
    assert "no records" in said.stderr
