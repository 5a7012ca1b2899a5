"""Cells on a Ray cluster of two nodes: the boards of a local run, whatever becomes of a node or of the run."""

import os
import signal

import pytest

from bench.data import files
from bench.plugins import resolve
from support.clusters import finish, records, wait_for, whole_run
from support.command_line import TINY
from support.kills import left_after, made, start

pytestmark = pytest.mark.slow
cluster_utils = pytest.importorskip("ray.cluster_utils", reason="needs the extra ray")

TABLE = "concrete[rows=synthetic]"
RUN = ["run", "--method", "baseline,mt,trees", "--dataset", TABLE, "--seeds", "6", "--set", "protocol.epochs=30"]
CELLS = 13


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return whole_run(tmp_path_factory.mktemp("local"), RUN)


@pytest.fixture
def cluster(monkeypatch):
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    made = cluster_utils.Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    yield made
    made.shutdown()


def test_a_cluster_whose_node_dies_gives_the_boards_of_one_machine(cluster, whole, tmp_path):
    lost = cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    process, mark = start([*RUN, "--on", "ray", "--ray-address", cluster.address], tmp_path)
    wait_for(lambda: len(records(tmp_path)) >= 3)
    cluster.remove_node(lost, allow_graceful=False)
    assert len(records(tmp_path)) < CELLS
    finish(process)
    assert made(tmp_path) == whole
    assert left_after(mark, tmp_path) == []


def test_ctrl_c_leaves_no_process_and_the_next_run_goes_on(cluster, whole, tmp_path):
    words = [*RUN, "--on", "ray", "--ray-address", cluster.address]
    process, mark = start(words, tmp_path)
    wait_for(lambda: len(records(tmp_path)) >= 2)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGINT
    assert left_after(mark, tmp_path) == []
    finish(start(words, tmp_path)[0])
    assert made(tmp_path) == whole


def test_a_cluster_of_its_own_ends_with_a_run_that_is_killed(tmp_path):
    process, mark = start([*RUN, "--on", "ray"], tmp_path)
    wait_for(lambda: len(records(tmp_path)) >= 1)
    process.kill()
    process.communicate(timeout=60)
    assert left_after(mark, tmp_path, seconds=120) == []  # Ray's own agents notice late


@pytest.mark.skipif("BENCH_DATA" not in os.environ, reason="needs the data files of concrete")
def test_a_node_takes_the_data_that_it_lacks(cluster, tmp_path):
    far = tmp_path / "far"
    cluster.add_node(num_cpus=4, env_vars={"BENCH_DATA": str(far)})
    cluster.wait_for_nodes()
    words = ["run", "--method", "baseline", "--dataset", "concrete", "--seeds", "4", *TINY]
    finish(start([*words, "--on", "ray", "--ray-address", cluster.address], tmp_path)[0])
    files.verify(resolve.dataset("concrete").dataset, far)
    assert len(records(tmp_path)) == 4


def test_no_cluster_and_too_much_for_a_cell_are_one_line_each(cluster, tmp_path):
    words = [*RUN, "--on", "ray", "--ray-address"]
    for more, line in (
        ([cluster.address, "--cpus-per-cell", "3"], "no node of the Ray cluster has 3 CPUs"),
        (["127.0.0.1:9"], "no Ray cluster answers at 127.0.0.1:9"),
        (["nowhere"], "write HOST:PORT"),
    ):
        process, _ = start([*words, *more], tmp_path)
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 2
        assert line in errors.decode()
        assert "Traceback" not in errors.decode()
