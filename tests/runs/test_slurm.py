"""Cells on a real SLURM: the boards of a local run, whatever becomes of jobs or of the run that asks."""

import json
import os
import signal
import subprocess
import sys

import pytest

from support import slurm
from support.clusters import finish, records, wait_for, whole_run
from support.kills import made, start

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not slurm.is_there(), reason="needs SLURM's daemons, and root")]

TABLE = "concrete[rows=synthetic]"
RUN = ["run", "--method", "baseline,mt,trees", "--dataset", TABLE, "--seeds", "4", "--set", "protocol.epochs=60"]
ON_SLURM = [*RUN, "--on", "slurm", "--slurm", "time=30", "--jobs", "2"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return whole_run(tmp_path_factory.mktemp("local"), RUN)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    pytest.importorskip("submitit", reason="needs the extra slurm")
    with slurm.cluster(tmp_path_factory.mktemp("slurm")) as env:
        os.environ["SLURM_CONF"] = env["SLURM_CONF"]
        yield env
        del os.environ["SLURM_CONF"]


def status(folder):
    said = subprocess.run(
        [sys.executable, "-m", "bench", "status", "--json"], cwd=folder, capture_output=True, text=True, check=True
    )
    return json.loads(said.stdout)


def training(folder):
    return [one for run in status(folder) for one in run["training"]]


def jobs(env):
    return slurm.said("squeue", "-h", "-r", "-o", "%i %T", env=env).splitlines()


def test_the_boards_are_those_of_one_machine_whatever_becomes_of_jobs(cluster, whole, tmp_path):
    process, _ = start(ON_SLURM, tmp_path)
    wait_for(lambda: len(training(tmp_path)) == 2)
    first, second = (one["job"] for one in training(tmp_path))
    slurm.said("scontrol", "requeue", first, env=cluster)
    slurm.said("scancel", second, env=cluster)
    finish(process)
    assert made(tmp_path) == whole
    assert not (tmp_path / "results" / ".slurm").exists()
    wait_for(lambda: not jobs(cluster))


def test_jobs_outlive_the_run_that_asked_and_the_next_one_takes_what_they_made(cluster, whole, tmp_path):
    process, _ = start(ON_SLURM, tmp_path)
    wait_for(lambda: training(tmp_path))
    process.kill()
    process.communicate(timeout=60)
    (run,) = status(tmp_path)
    assert run["done"] < run["cells"]
    assert set(run["jobs"]) <= {"RUNNING", "COMPLETING"}
    wait_for(lambda: status(tmp_path)[0]["done"] == run["cells"], 300)
    assert "9 cells to run" in finish(start(ON_SLURM, tmp_path)[0])
    assert made(tmp_path) == whole


def test_ctrl_c_cancels_the_jobs_and_the_next_run_goes_on(cluster, whole, tmp_path):
    process, _ = start(ON_SLURM, tmp_path)
    wait_for(lambda: len(records(tmp_path)) >= 2)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGINT
    wait_for(lambda: not jobs(cluster))
    finish(start(ON_SLURM, tmp_path)[0])
    assert made(tmp_path) == whole
    assert not (tmp_path / "results" / ".slurm").exists()


def test_what_slurm_refuses_is_one_line(cluster, tmp_path):
    process, _ = start([*ON_SLURM, "--slurm", "partition=nowhere"], tmp_path)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 2
    assert "SLURM takes no jobs" in errors.decode()
    assert "Traceback" not in errors.decode()
    assert not list(tmp_path.rglob("cells.jsonl"))
