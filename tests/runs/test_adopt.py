"""Adoption: code that changed and numbers that did not."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.plugins import digests, resolve
from bench.results import store
from bench.results.equivalence import FILE, Equivalences, changes
from bench.runs import adopt, cells, worker
from support.inline import Inline

TINY = {"protocol.epochs": 2, "protocol.validate_every": 1}


@pytest.fixture
def results(tmp_path):
    """Two methods with two seeds each on the circle."""
    on = resolve.dataset("circle", TINY)
    fingerprint = on.dataset.load(Path()).fingerprint()
    for name in ("baseline", "mt"):
        for seed in (0, 1):
            cell = cells.make(on, resolve.method(name, on), seed, fingerprint, TINY)
            finished = worker.run(cell, worker.RunContext("."), lambda _: None)
            store.write(tmp_path, finished.record, finished.predictions)
    return tmp_path


@pytest.fixture
def changed(monkeypatch):
    """The source of mt is another one."""
    own = digests.digest

    def digest(kind, name):
        return "f" * 64 if (kind, name) == ("method", "mt") else own(kind, name)

    monkeypatch.setattr("bench.plugins.digest", digest)
    return own("method", "mt")


def candidates(results):
    return adopt.candidates(store.read_all(results), Equivalences.read(results))


def current(results):
    known = Equivalences.read(results)
    found = store.read_all(results)
    return [known.is_current(r, cells.config_today(r.dataset, r.method, r.config["overrides"])) for r in found]


def test_nothing_is_to_be_adopted_where_no_code_changed(results):
    assert candidates(results) == []
    assert current(results) == [True] * 4


def test_one_cell_of_a_changed_method_proves_all_of_it_and_writes_one_line(results, changed):
    before = {path: path.read_bytes() for path in results.rglob("seed-*.json")}
    assert current(results) == [True, True, False, False]
    found = candidates(results)
    assert [one.changes for one in found] == [(("method mt", changed, "f" * 64),)] * 2
    executor = Inline()
    told = list(adopt.adopt(results, executor, adopt.sample(found, 1)))
    assert [(same, words) for _, same, words in told] == [(True, "bit for bit")]
    (line,) = json.loads((results / FILE).read_text())
    assert (line["old"], line["new"], line["what"]) == (changed, "f" * 64, "method mt")
    assert line["cells"] == [f"circle/mt/{executor.trained[0].seed}"]
    assert current(results) == [True] * 4
    assert {path: path.read_bytes() for path in results.rglob("seed-*.json")} == before


def test_as_many_cells_are_trained_as_asked_for(results, changed):
    assert len(adopt.sample(candidates(results), 2)) == 2
    assert len(adopt.sample(candidates(results), 9)) == 2


def other_numbers(finished):
    moved = {"mean": finished.predictions["mean"] + 1}
    predictions = finished.record.predictions.model_copy(update={"sha256": store.hash_predictions(moved["mean"])})
    return replace(finished, record=finished.record.model_copy(update={"predictions": predictions}), predictions=moved)


def test_numbers_that_moved_are_not_adopted(results, changed):
    told = list(adopt.adopt(results, Inline(other_numbers), adopt.sample(candidates(results), 2)))
    assert [same for _, same, _ in told] == [False, False]
    assert not (results / FILE).exists()
    assert current(results) == [True, True, False, False]


def test_one_disagreeing_cell_of_two_is_enough(results, changed):
    turns = iter((lambda finished: finished, other_numbers))
    executor = Inline(lambda finished: next(turns)(finished))
    told = list(adopt.adopt(results, executor, adopt.sample(candidates(results), 2)))
    assert sorted(same for _, same, _ in told) == [False, True]
    assert not (results / FILE).exists()


def test_a_cell_that_differs_by_one_change_does_not_speak_against_another_that_agrees_elsewhere(results, monkeypatch):
    own = digests.digest
    new = {("method", "mt"): "e" * 64, ("dataset", "circle"): "f" * 64}
    monkeypatch.setattr("bench.plugins.digest", lambda kind, name: new.get((kind, name)) or own(kind, name))
    found = {one.record.method: one for one in candidates(results)}
    assert [len(found[name].changes) for name in ("baseline", "mt")] == [1, 2]

    def change(finished):
        return other_numbers(finished) if finished.record.method == "mt" else finished

    list(adopt.adopt(results, Inline(change), list(found.values())))
    assert [line["what"] for line in json.loads((results / FILE).read_text())] == ["dataset circle"]
    assert current(results) == [True, True, False, False]


def test_another_processor_may_round_otherwise_within_the_tolerance(results, changed):
    one = candidates(results)[0]
    stored = store.predictions(results, one.record)

    def elsewhere(shift):
        finished = next(iter(Inline().run([one.cell()]))).finished
        environment = finished.record.environment.model_copy(update={"cpu_capability": "OTHER"})
        moved = stored + np.float32(shift * stored.std())
        predictions = finished.record.predictions.model_copy(update={"sha256": "0" * 64})
        record = finished.record.model_copy(update={"environment": environment, "predictions": predictions})
        return adopt.compare(one.record, stored, worker.Finished(record, {"mean": moved}))

    assert elsewhere(adopt.TOLERANCE / 2)[0]
    assert not elsewhere(adopt.TOLERANCE * 2)[0]


def test_a_metric_that_is_newer_than_the_record_is_no_difference_and_another_value_is(results, changed):
    (one,) = adopt.sample(candidates(results), 1)
    finished = worker.run(one.cell(), worker.RunContext("."), lambda _: None)
    for name, value, agrees in (("newer", 1.0, True), ("mse", 1.0, False)):
        metrics = {**finished.record.metrics["test"]["all"], name: value}
        record = finished.record.model_copy(update={"metrics": {**one.record.metrics, "test": {"all": metrics}}})
        assert adopt.compare(one.record, None, worker.Finished(record))[0] == agrees


def test_settings_that_changed_are_never_adopted(results, changed, monkeypatch):
    own = resolve.method
    monkeypatch.setattr(resolve, "method", lambda text, on: own(text.replace("mt", "mt[copies=4]"), on))
    assert candidates(results) == []


def test_a_record_whose_key_is_not_its_own_is_never_adopted(results, changed):
    path = results / "circle/mt/seed-0.json"
    path.write_text(path.read_text().replace('"copies":8', '"copies":9'))
    assert [one.record.seed for one in candidates(results)] == [1]
    assert current(results)[2] is False


def test_equivalences_lead_over_several_lines_and_a_damaged_list_is_one_line(tmp_path):
    from bench.errors import BenchError
    from bench.results.equivalence import Equivalence

    a, b, c, d = (letter * 64 for letter in "abcd")
    lines = [
        Equivalence(old, new, "method mt", ("circle/mt/0",), None, "bit for bit")
        for old, new in ((a, b), (b, c), (c, a))
    ]
    Equivalences(tuple(lines)).write(tmp_path)
    known = Equivalences.read(tmp_path)
    assert known.leads(a, c)
    assert not known.leads(a, d)
    assert not Equivalences((lines[0],)).leads(b, a)
    (tmp_path / FILE).write_text("[{]")
    with pytest.raises(BenchError, match="restore it"):
        Equivalences.read(tmp_path)


def test_what_was_proved_of_one_value_of_a_new_parameter_says_nothing_of_another():
    from bench.results.equivalence import Equivalence

    def known(*pairs):
        return Equivalences(tuple(Equivalence(a, b, "method x", (), None, "bit for bit") for a, b in pairs))

    proved = known(("a", "b with lag=1"), ("b", "c"))
    assert proved.leads("a", "b with lag=1")
    assert proved.leads("a", "c with lag=1")
    assert not any(proved.leads("a", new) for new in ("b", "b with lag=2", "c", "c with lag=2"))
    assert known(("a", "b")).leads("a", "b with lag=2")  # of before lines said values


def test_a_change_of_code_that_brings_a_parameter_says_its_value(results):
    record = store.read_all(results)[2]
    today = cells.config_today(record.dataset, record.method, record.config["overrides"])
    then = json.loads(json.dumps(record.config))
    del then["method"][0]["params"]["noise"]
    digest = then["method"][0]["digest"]
    assert list(changes(then, today)) == [("method mt", f"{digest} without noise", f"{digest} with noise=false")]
    then["method"][0]["digest"] = "f" * 64
    assert list(changes(then, today)) == [("method mt", "f" * 64, f"{digest} with noise=false")]
