"""References on the way of all cells: planned, run, verified, trained again, and apart from methods on the board."""

import json
import shutil

import pytest

import bench
from bench import numerics
from bench.plugins import digests
from bench.results import store
from bench.results.key import key_of
from bench.results.record import Record
from bench.runs import catalogue
from bench.runs.plan import Wanted, compare
from support.command_line import TINY
from support.command_line import bench as call

TABLE = "concrete[rows=synthetic]"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("references")
    done = call("run", "--method", "references,baseline", "--dataset", TABLE, "--seeds", "2", *TINY, cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder, done


@pytest.fixture
def folder(trained, tmp_path):
    return shutil.copytree(trained[0], tmp_path / "at")


def records(folder) -> list[Record]:
    return store.read_all(folder / "results")


def forge(folder, one, **changes):
    """Change fields of a record, and its checksum with them."""
    path = folder / "results" / one.path
    fields = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({**fields, "checksum": store.checksum(fields)}))


def plan(folder, *words):
    said = call("plan", "--dataset", TABLE, "--json", *words, cwd=folder)
    assert said.returncode == 0, said.stderr
    return [(one["method"], one["seed"], one["state"]) for one in json.loads(said.stdout)["cells"]]


def test_what_draws_has_all_seeds_and_the_others_have_one(folder):
    found = {(one.method, one.seed) for one in records(folder) if one.is_reference}
    assert found == {("constant", 0), ("forest", 0), ("forest", 1), ("knn", 0), ("linear", 0), ("trees", 0)}
    assert [one.is_reference for one in records(folder) if one.method.startswith("baseline")] == [False, False]


def test_a_reference_has_predictions_times_and_nothing_of_a_protocol(folder):
    for one in (one for one in records(folder) if one.is_reference):
        assert one.status == "ok"
        assert (one.history, one.selection, one.timing.step_ms) == ([], None, None)
        assert one.timing.train_s is not None
        assert (one.config["protocol"], one.config["overrides"]) == ({}, {})
        assert one.config["numerics"]["references"] >= 1
        assert one.predictions.val is not None
        assert one.metrics["test"]["all"]["mae"] > 0
        assert one.environment.device == "cpu"
    constant = next(one for one in records(folder) if one.method == "constant")
    assert constant.metrics["test"]["all"]["pearson"] is None


def test_they_are_not_trained_again_whatever_seeds_and_protocol_are_asked_for(folder):
    once = [("linear", 0, "done")]
    assert plan(folder, "--method", "linear") == once
    assert plan(folder, "--method", "linear", "--seed", "3-7", "--set", "protocol.epochs=9") == once
    assert [state for _, _, state in plan(folder, "--method", "forest", "--seeds", "3")] == ["done", "done", "todo"]
    (folder / "results" / TABLE / "linear/seed-0.json").unlink()
    assert plan(folder, "--method", "linear") == [("linear", 0, "todo")]


def test_a_plan_of_plain_data_knows_that_one_seed_is_enough(tmp_path):
    wanted = catalogue.wanted("linear,forest,mt", TABLE, {})
    assert {one.method: one.one_seed for one in wanted} == {"linear": True, "forest": False, "mt": False}
    made = compare([Wanted("circle", "linear", {"protocol": {}}, one_seed=True)], {"circle": "f"}, [4, 5], tmp_path)
    assert [cell.seed for cell in made.todo] == [0]


def test_they_are_scored_again_and_trained_again_bit_for_bit(folder):
    done = call("verify", "--rerun", "6", cwd=folder)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert done.stdout.count("agrees, bit for bit") == 6
    assert ["total", "8", "8", "0"] in [line.split() for line in done.stdout.splitlines()]


def test_a_metric_that_its_predictions_do_not_give_is_found(folder):
    (linear,) = (one for one in records(folder) if one.method == "linear")
    better = {**linear.metrics["test"], "all": {**linear.metrics["test"]["all"], "r2": 0.99}}
    forge(folder, linear, metrics={**linear.metrics, "test": better})
    done = call("verify", cwd=folder)
    assert done.returncode != 0
    assert "test.all.r2 is 0.99" in done.stdout


def test_a_method_without_a_history_cannot_pass_for_a_reference(folder):
    one = next(one for one in records(folder) if one.method.startswith("baseline"))
    config = {**one.config, "protocol": {}, "overrides": {}}
    key = key_of(config, one.seed, one.data_fingerprint)
    forge(folder, one, config=config, key=key, history=[], selection=None)
    done = call("verify", cwd=folder)
    assert done.returncode != 0
    assert f"{one.cell}: history: it has none" in done.stdout
    assert f"{one.cell}: code: " in done.stdout


def test_other_code_makes_them_stale(folder, monkeypatch):
    monkeypatch.setitem(numerics.NUMERICS, "references", 99)
    monkeypatch.setenv("BENCH_CACHE", str(folder / "cache"))
    digests.numerics.cache_clear()
    try:
        assert plan(folder, "--method", "linear,baseline", "--seeds", "1", *TINY) == [
            ("linear", 0, "stale"), ("baseline", 0, "done"),
        ]  # fmt: skip
    finally:
        digests.numerics.cache_clear()


def test_the_board_has_them_apart_and_none_of_them_bold(trained):
    folder, done = trained
    page = (folder / f"leaderboard/{TABLE}.md").read_text()
    methods, _, tail = page.partition("*references*")
    apart = tail.partition("\n\n")[0]
    for name in ("constant", "forest", "knn", "linear", "trees"):
        assert f"| `{name}`" not in methods
        assert f"| `{name}`" in apart
        assert f"{name} " in done.stdout
    assert "**" not in apart
    covered = [line for line in page.splitlines() if line.startswith("| `linear` ") and line.count("|") == 4]
    assert [line.split("|")[3].strip() for line in covered] == ["–"]  # no seed of it is missing


def test_a_board_in_python_has_them_last(trained):
    found = bench.leaderboard(TABLE, trained[0] / "results", stale=True)
    assert next(name.partition(" ")[0] for name in found.index) == "baseline"
    assert set(found.index[1:]) == {"constant", "forest", "knn", "linear", "trees"}
