"""A record that today's code, settings or data would not give is stale: to a board, to a plan and to a run."""

import re
import sys
from dataclasses import replace

import pytest

from bench import cli, plugins
from bench.leaderboard.board import Board
from bench.leaderboard.spec import BoardSpec
from bench.leaderboard.staleness import stale_cells
from bench.leaderboard.tables import main_table
from bench.numerics import NUMERICS
from bench.plugins import resolve
from bench.results import store
from bench.results.equivalence import Equivalence, Equivalences
from bench.results.key import key_of
from bench.results.record import Record, Timing
from bench.runs import catalogue, cells
from support.records import TIME, readable

ON = resolve.dataset("circle")
METHOD = resolve.method("mt", ON)
CHANGED, BETWEEN = "c" * 64, "b" * 64


@pytest.fixture(scope="module")
def data():
    return cells.load(ON, None).fingerprint()


def made(data, seed=0, overrides=None, method="mt", **changed):
    """A record of a finished cell, as today's code would leave it, but for what is changed."""
    on = resolve.dataset("circle", overrides or {})
    cell = cells.make(on, resolve.method(method, on), seed, data, overrides or {})
    config = {**cell.config, **changed.pop("config", {})}
    fields = {
        "key": key_of(config, seed, data), "dataset": "circle", "method": method, "seed": seed, "status": "ok",
        "config": config, "data_fingerprint": data, "metrics": {"test": {"all": {"mse": 1.0 + seed, "n": 5}}},
        "timing": Timing(wall_s=1.0), "started": TIME, "finished": TIME,
    }  # fmt: skip
    return readable(Record(**{**fields, **changed}))


def keyed(record, **changed):
    """A record whose key is that of what it says."""
    other = record.model_copy(update=changed)
    return other.model_copy(update={"key": key_of(other.config, other.seed, other.data_fingerprint)})


def board_says(records, known=None):
    """The seeds that a board calls stale."""
    stale = stale_cells(records, known or Equivalences(), cells.config_today)
    return sorted(int(name.rpartition("/")[2]) for name in stale)


def plan_says(records, results, known=None, overrides=None, rerun=False):
    """The state of each record's cell in a plan, and the seeds that would be trained."""
    for record in records:
        store.write(results, record)
    (known or Equivalences()).write(results)
    on = resolve.dataset("circle", overrides or {})
    rows = [(on, [resolve.method("mt", on)])]
    seeds = [record.seed for record in records]
    plan = cells.plan(rows, seeds, overrides or {}, results, None, rerun_stale=rerun)
    return [item.state for item in plan.planned], [cell.seed for cell in plan.todo]


def run_says(records, results, monkeypatch, capsys):
    """What `bench run` says of the cells, of which it trains none."""
    for record in records:
        store.write(results, record)
    seeds = ",".join(str(record.seed) for record in records)
    words = ["run", "--method", "mt", "--dataset", "circle", "--seed", seeds, "--results", str(results)]
    monkeypatch.setattr(sys, "argv", ["bench", *words])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    told = " ".join(capsys.readouterr().err.split())
    assert ended.value.code == 0, told
    return int(found[1]) if (found := re.search(r"(\d+) cells are stale", told)) else 0


def code_changes(monkeypatch, kind="method", name="mt"):
    """Another digest of one plug-in than the records have."""
    today = plugins.digest
    monkeypatch.setattr(plugins, "digest", lambda k, n: CHANGED if (k, n) == (kind, name) else today(k, n))


def version_rises(monkeypatch, group="training"):
    """Another version of one group of shared code than the records have."""
    today = plugins.numerics
    monkeypatch.setattr(plugins, "numerics", lambda kind, name: {**today(kind, name), group: 99})


def default_changes(monkeypatch):
    """Another default of one hyper-parameter than the records have."""
    monkeypatch.setattr(plugins.load("method", "mt"), "defaults", {"circle": {"copies": 3}})


def protocol_changes(monkeypatch):
    """Another protocol of the dataset than the records have."""
    cls = plugins.load("dataset", "circle")
    monkeypatch.setattr(cls, "protocol", replace(cls.protocol, lr=0.5))


CHANGES = {
    "the method's code": code_changes,
    "the dataset's code": lambda monkeypatch: code_changes(monkeypatch, "dataset", "circle"),
    "shared code": version_rises,
    "a default": default_changes,
    "the protocol": protocol_changes,
}


def test_what_today_would_give_is_not_stale(data, tmp_path, monkeypatch, capsys):
    records = [made(data), made(data, 1)]
    assert board_says(records) == []
    assert plan_says(records, tmp_path) == (["done", "done"], [])
    assert run_says(records, tmp_path, monkeypatch, capsys) == 0


@pytest.mark.parametrize("what", CHANGES)
def test_what_was_made_before_a_change_is_stale(data, tmp_path, monkeypatch, what):
    records = [made(data), made(data, 1)]
    CHANGES[what](monkeypatch)
    assert board_says(records) == [0, 1]
    assert plan_says(records, tmp_path) == (["stale", "stale"], [])
    assert plan_says(records, tmp_path, rerun=True) == (["stale", "stale"], [0, 1])


def test_a_run_names_the_stale_cells_and_keeps_them(data, tmp_path, monkeypatch, capsys):
    records = [made(data), made(data, 1)]
    code_changes(monkeypatch)
    assert run_says(records, tmp_path, monkeypatch, capsys) == 2
    assert [record.key for record in store.read_all(tmp_path, "circle")] == [record.key for record in records]


def test_one_stale_seed_leaves_the_others_alone(data, tmp_path):
    old = made(data, 1)
    records = [made(data), keyed(old, config={**old.config, "numerics": {"training": 0}}), made(data, 2)]
    assert board_says(records) == [1]
    assert plan_says(records, tmp_path) == (["done", "stale", "done"], [])


def test_other_data_are_stale(data, tmp_path):
    records = [made(data), keyed(made(data, 1), data_fingerprint="f" * 64), made(data, 2)]
    assert board_says(records) == [1]
    assert plan_says(records, tmp_path) == (["done", "stale", "done"], [])


@pytest.mark.parametrize("changed", ["key", "seed", "config", "data"])
def test_a_record_whose_key_is_not_that_of_what_it_says_counts_as_none(data, tmp_path, changed):
    record = made(data)
    forged = {
        "key": record.model_copy(update={"key": "0" * 64}),
        "seed": made(data, key=made(data, 1).key),
        "config": made(data, key=key_of(made(data, method="baseline").config, 0, data)),
        "data": made(data, key=key_of(record.config, 0, "f" * 64)),
    }[changed]
    assert board_says([forged]) == [0]
    assert plan_says([forged], tmp_path) == (["todo"], [0])


def test_a_plugin_that_is_gone_makes_its_records_stale(data):
    record = made(data)
    gone = record.model_copy(update={"method": "vanished", "seed": 1})
    assert board_says([record, keyed(gone)]) == [1]


def test_overrides_are_part_of_what_was_asked_for(data, tmp_path):
    short = made(data, overrides={"protocol.epochs": 5})
    assert board_says([made(data, 1), short, made(data, 2)]) == []  # a row of its own, beside the others
    assert plan_says([short], tmp_path) == (["stale"], [])  # not what is asked for here
    assert plan_says([short], tmp_path, overrides={"protocol.epochs": 5}) == (["done"], [])


def test_a_stale_record_that_failed_is_stale_first(data, tmp_path, monkeypatch):
    failed = [made(data, status="diverged", metrics={})]
    assert plan_says(failed, tmp_path) == (["failed"], [])
    code_changes(monkeypatch)
    assert plan_says(failed, tmp_path) == (["stale"], [])


@pytest.mark.parametrize("what", CHANGES)
def test_a_stale_record_is_in_no_mean(data, monkeypatch, what):
    old = [made(data), made(data, 1)]
    CHANGES[what](monkeypatch)
    records = [*old, made(data, 2), made(data, 3)]
    spec = BoardSpec.of(catalogue.describe("circle"), {"all"})
    table = main_table(Board(spec, records, stale_cells(records, Equivalences(), cells.config_today)))
    (row,) = (line for line in table.rows if line[0] == "mt")
    assert row[1] == "2"
    assert row[2].startswith("3.5")  # of 3 and 4; with the stale ones it would be 2.5


def line(old, new):
    return Equivalence(old, new, "method mt", ("circle/mt/0",), "abc0" * 10, "bit for bit")


def test_a_change_that_was_proved_to_move_nothing_makes_nothing_stale(data, tmp_path, monkeypatch):
    records, before = [made(data)], plugins.digest("method", "mt")
    code_changes(monkeypatch)
    for lines, state in (
        ([line(before, CHANGED)], "done"),
        ([line(before, BETWEEN), line(BETWEEN, CHANGED)], "done"),
        ([line(CHANGED, before)], "stale"),
        ([line(before, BETWEEN)], "stale"),
        ([line(BETWEEN, CHANGED)], "stale"),
    ):
        known = Equivalences(tuple(lines))
        assert board_says(records, known) == ([] if state == "done" else [0])
        assert plan_says(records, tmp_path, known) == ([state], [])


def test_each_changed_part_must_be_proved(data, monkeypatch):
    records, before = [made(data)], plugins.digest("method", "mt")
    code_changes(monkeypatch)
    version_rises(monkeypatch)
    first, second = line(before, CHANGED), line(f"training {NUMERICS['training']}", "training 99")
    assert board_says(records, Equivalences((first,))) == [0]
    assert board_says(records, Equivalences((second,))) == [0]
    assert board_says(records, Equivalences((first, second))) == []


@pytest.mark.parametrize("change", [default_changes, protocol_changes])
def test_no_proof_of_code_covers_other_settings(data, monkeypatch, change):
    records, before = [made(data)], plugins.digest("method", "mt")
    code_changes(monkeypatch)
    change(monkeypatch)
    assert board_says(records, Equivalences((line(before, CHANGED),))) == [0]


def test_a_proof_covers_a_parameter_that_is_new_and_none_that_is_gone(data):
    now = cells.make(ON, METHOD, 0, data, {}).config
    (part,) = now["method"]
    known = Equivalences((line("before", part["digest"]),))
    fewer = dict(list(part["params"].items())[1:])
    for params, stale in ((fewer, []), ({**part["params"], "gone": 1}, [0]), ({"copies": 2}, [0])):
        config = {"method": [{**part, "params": params, "digest": "before"}]}
        assert board_says([made(data, config=config)], known) == stale
        assert board_says([made(data, config=config)]) == [0]


def test_no_proof_covers_a_forged_key_or_other_data(data, tmp_path, monkeypatch):
    before = plugins.digest("method", "mt")
    records = [made(data), made(data, 1, key="0" * 64), keyed(made(data, 2), data_fingerprint="f" * 64)]
    code_changes(monkeypatch)
    known = Equivalences((line(before, CHANGED),))
    assert board_says(records, known) == [1, 2]
    assert plan_says(records, tmp_path, known) == (["done", "todo", "stale"], [1])
