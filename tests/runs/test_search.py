"""The search for values that no paper gives."""

import json
from datetime import UTC, datetime
from functools import partial
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

import bench
from bench import plugins
from bench.cli import run, tune
from bench.data import files
from bench.errors import BenchError
from bench.plugins import lookup, resolve
from bench.results.record import Record
from bench.results.store import write
from bench.runs import cells, runner, search, select
from support.records import readable

ROOT = Path(bench.__file__).parents[1]
STSB = "stsb[hidden=32,protocol=short]"
SEARCHED = f"coordinates,uci,digits,{STSB}"
OURS = "circle,torus,swiss_roll"  # generated: no file is needed
# searched again, with these seeds and widening; airfoil method by method, as they are trained
ANEW = dict.fromkeys(("airfoil", "concrete", "real_estate", STSB), range(100, 103))
# these came later, and are searched dataset by dataset, with widening everywhere
LATER = {"cmixup", "dino", "ema", "l2cs", "lde", "sam", "simclr", "supcon", "supremix", "uvote", "vir"}


def record(cell, value):
    now = datetime(2026, 1, 1, tzinfo=UTC).isoformat()
    chosen = None if value is None else {"metric": "mse", "epoch": 1, "value": value}
    return readable(
        Record.model_validate(
            {
                "key": cell.key,
                "dataset": cell.dataset,
                "method": cell.method,
                "seed": cell.seed,
                "status": "diverged" if value is None else "ok",
                "config": cell.config,
                "data_fingerprint": cell.fingerprint,
                "selection": chosen,
                "timing": {"wall_s": 1.0},
                "started": now,
                "finished": now,
            }
        )
    )


def test_published_values_are_not_searched_for():
    with pytest.raises(BenchError, match="nothing to search"):
        search.candidate_rows("oe,ph_reg,mt", OURS)
    ((on, rows),) = search.candidate_rows("oe,mt", "circle,airfoil")
    assert on.base == "airfoil"
    assert [row.parts[0][1]["weight"] for row in rows] == [0.001, 0.01, 0.1, 1, 10]


def test_beyond_an_end_it_goes_on_with_the_very_dataset_and_keeps_the_best_by_its_plugin(tmp_path, monkeypatch):
    name = "concrete[hidden=20-30-10,rows=synthetic]"
    ((on, rows),) = search.candidate_rows("oe", name)
    plan = cells.plan([(on, rows)], [100], {}, tmp_path, Path())
    for value, cell in enumerate(plan.todo):
        write(tmp_path, record(cell, float(value)), None)
    found = search.tried(cells.plan([(on, rows)], [100], {}, tmp_path, Path()), tmp_path)
    ((further, methods),) = search.beyond(found)
    assert further.name == name
    assert [row.name for row in methods] == ["oe[weight=0.0001]"]
    monkeypatch.setattr(resolve, "OUTCOME", tmp_path / "searched.json")
    search.keep(found)
    assert json.loads(resolve.OUTCOME.read_text())["oe"]["concrete"] == {"weight": 0.001}


def test_the_best_candidate_on_validation_becomes_the_default(tmp_path, monkeypatch):
    monkeypatch.setattr(resolve, "OUTCOME", tmp_path / "searched.json")
    results = tmp_path / "results"
    plan = cells.plan(search.candidate_rows("ranksim", OURS), [100, 101], {}, results, tmp_path)
    assert len(plan.todo) == 3 * 5 * 2
    for cell in plan.todo:
        weight = cell.config["method"][0]["params"]["weight"]
        # the smallest weight is best, but fails on the circle for one seed
        failed = cell.dataset == "circle" and weight == 0.001 and cell.seed == 101
        write(results, record(cell, None if failed else weight + cell.seed), None)
    found = search.tried(plan, results)
    assert {(one.dataset, one.text) for one in search.best(found)} == {
        ("circle", "weight=0.01"),
        ("torus", "weight=0.001"),
        ("swiss_roll", "weight=0.001"),
    }
    lines = search.candidates_table(found).splitlines()
    assert len(lines) == 2 + 15
    assert "failed" in lines[2]
    assert "**weight=0.01**" in lines[3]
    search.keep(found)
    assert json.loads(resolve.OUTCOME.read_text())["ranksim"]["circle"] == {"weight": 0.01}


def tried(method, scores):
    settings = plugins.load("method", method).candidates
    return [search.Tried("airfoil", method, one, score) for one, score in zip(settings, scores, strict=True)]


def beyond(found):
    return [row.name for _, rows in search.beyond(found) for row in rows]


def test_a_range_goes_on_where_its_best_value_is_at_an_end():
    assert beyond(tried("oe", [5, 4, 3, 2, 1])) == ["oe[weight=100]"]
    assert beyond(tried("oe", [1, 2, 3, 4, 5])) == ["oe[weight=0.0001]"]
    assert beyond(tried("oe", [2, 1, 3, 4, 5])) == []
    assert beyond(tried("oe", [5, 4, 3, 2, None])) == []  # what failed ends a range too
    further = [search.Tried("airfoil", "oe", {"weight": 100.0}, 9.0)]
    assert beyond(tried("oe", [5, 4, 3, 2, 1]) + further) == []
    two = tried("rot_reg", [9, 8, 7, 6, 1, 9, 8, 7, 6, 5])  # gamma 0.01, weight 1000
    assert beyond(two) == ["rot_reg[gamma=0.001,weight=1000]", "rot_reg[gamma=0.01,weight=10000]"]


def test_a_range_does_not_go_on_to_values_that_a_parameter_cannot_have_nor_where_several_move_at_once():
    assert beyond(tried("ema", [5, 4, 3, 2, 1])) == []
    assert beyond(tried("srl", [1, 2, 3, 4, 5])) == []


@pytest.mark.parametrize("dataset", lookup.dataset_names(SEARCHED))
def test_committed_defaults_are_the_best_of_the_committed_search(dataset):
    if not _present(dataset):
        pytest.skip("its data are not here")
    here = {method for method, settings in resolve.outcome().items() if dataset.partition("[")[0] in settings}
    by_method = LATER if dataset not in ("airfoil", STSB) else set(plugins.methods())
    methods = set(plugins.methods()) - (by_method - here)
    anew = methods if dataset in ANEW else methods & LATER
    found = _tried(methods - anew, dataset, 0) + _tried(anew, dataset, search.WIDENINGS)
    assert found
    for one in search.best(found):
        assert resolve.outcome()[one.method][one.dataset.partition("[")[0]] == one.setting


def _tried(methods, dataset, widenings):
    rows, found = search.candidate_rows(",".join(sorted(methods)), dataset) if methods else [], []
    for _ in range(1 + widenings if rows else 0):
        plan = cells.plan(rows, ANEW.get(dataset, [search.SEED]), {}, ROOT / "search/results", files.root())
        assert not plan.todo
        assert {item.state for item in plan.planned} <= ({"done", "failed"} if widenings else {"done"})
        found += search.tried(plan, ROOT / "search/results")
        if not (rows := search.beyond(found)):
            break
    return found


def _present(name):
    return all(row.state == "present" for row in files.status(resolve.dataset(name).dataset, files.root()))


@pytest.mark.parametrize("command", [partial(run.search, "ranksim"), tune.tune])
def test_what_is_told_of_a_candidate_is_its_validation_value_alone(command, tmp_path, monkeypatch):
    def tells(plan, executor, results, display):
        with display:
            display.started(plan.todo[0])
            display.ended(plan.todo[0], ended)
        raise StopSearch

    said = StringIO()
    ended = record(cells.plan(select.rows("mt", "circle", {}), [100], {}, tmp_path, tmp_path).todo[0], 1.0)
    values = {split: {"all": {"mse": value}} for split, value in (("val", 0.125), ("test", 0.75))}
    ended = ended.model_copy(update={"metrics": values})
    monkeypatch.setattr(runner, "run", tells)
    monkeypatch.setattr("rich.console.Console", lambda **_: Console(file=said))
    with pytest.raises(StopSearch):
        command("circle", jobs=1, results=tmp_path)
    assert "validation mse 0.125" in said.getvalue()
    assert "0.75" not in said.getvalue()


@pytest.mark.parametrize("command", [partial(run.search, "ranksim"), tune.tune])
def test_seeds_of_a_setting_train_side_by_side_where_asked_for(command, tmp_path, monkeypatch):
    made = []

    def local(*given, **options):
        made.append(executor_of(*given, **options))
        raise StopSearch

    executor_of = runner.local
    monkeypatch.setattr(runner, "local", local)
    with pytest.raises(StopSearch):
        command("circle", jobs=1, results=tmp_path, seeds_at_once=3)
    assert made[0].seeds_at_once == 3
    with pytest.raises(BenchError, match="--seeds-at-once 0: write a whole number"):
        command("circle", seeds_at_once=0)


class StopSearch(Exception):
    pass
