"""Cells trained again on another processor, where bits are others."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from statistics import stdev

import pytest

from bench.plugins import resolve
from bench.results import store
from bench.runs import cells, rerun, worker
from support.inline import Inline

TINY = {"protocol.epochs": 2, "protocol.validate_every": 1}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    on = resolve.dataset("circle", TINY)
    fingerprint = on.dataset.load(Path()).fingerprint()
    for seed in range(4):
        cell = cells.make(on, resolve.method("baseline", on), seed, fingerprint, TINY)
        finished = worker.run(cell, worker.RunContext("."), lambda _: None)
        store.write(folder, finished.record, finished.predictions)
    return folder


def elsewhere(trained, moved, seeds=4, **changes):
    """What is said of a cell whose test error another processor moves by so many deviations of its row."""
    records = store.read_all(trained)
    spread = stdev(record.metrics["test"]["all"]["mse"] for record in records)

    def change(finished):
        record = finished.record
        predictions = finished.predictions["mean"] + 1
        tested = {**record.metrics["test"]["all"], "mse": record.metrics["test"]["all"]["mse"] + moved * spread}
        evidence = record.predictions.model_copy(update={"sha256": store.hash_predictions(predictions)})
        environment = record.environment.model_copy(update={"cpu": "another"})
        update = {
            "metrics": {**record.metrics, "test": {**record.metrics["test"], "all": tested}},
            "predictions": evidence,
            "environment": environment,
            **changes,
        }
        return replace(finished, record=record.model_copy(update=update), predictions={"mean": predictions})

    chosen = rerun.sample(trained, records, 1)
    ((_, same, words),) = rerun.rerun(trained, Inline(change), chosen, records[:seeds])
    return same, words


def test_here_a_cell_agrees_bit_for_bit(trained):
    records = store.read_all(trained)
    ((_, same, words),) = rerun.rerun(trained, Inline(), rerun.sample(trained, records, 1), records)
    assert (same, words) == (True, "bit for bit")


def test_nobody_can_know_beforehand_which_cells_are_trained_again(trained):
    records = store.read_all(trained)
    drawn = {rerun.sample(trained, records, 1)[0].record.seed for _ in range(60)}
    assert drawn == {0, 1, 2, 3}  # all of them, but for one chance in ten million


@pytest.mark.parametrize(
    "change",
    [
        lambda fields: fields["history"][0].update(loss=fields["history"][0]["loss"] * 1.01),
        lambda fields: fields["history"][0].update(val=fields["history"][0]["val"] * 1.01),
        lambda fields: fields["history"].pop(0),
        lambda fields: fields["selection"].update(epoch=3 - fields["selection"]["epoch"]),
        lambda fields: fields["predictions"]["val"].update(sha256="0" * 64),
    ],
    ids=["loss", "validation value", "epoch", "selection", "validation predictions"],
)
def test_a_cell_whose_training_was_told_otherwise_differs(change, trained, tmp_path):
    folder = shutil.copytree(trained, tmp_path / "results")
    chosen = rerun.sample(folder, store.read_all(folder, history=False), 1)
    path = store.path_of(folder, "circle", "baseline", chosen[0].record.seed)
    fields = json.loads(path.read_bytes())
    change(fields)
    path.write_text(json.dumps(fields))
    ((_, same, words),) = rerun.rerun(folder, Inline(), chosen, [])
    assert (same, words) == (False, "bit for bit, yet with another history, selection or validation predictions")


def test_on_another_processor_it_lies_where_a_further_seed_would(trained):
    same, words = elsewhere(trained, 0.5)
    assert same
    assert "as a further seed of its row, on another torch or processor" in words
    assert not elsewhere(trained, 60)[0]
    assert not elsewhere(trained, -60)[0]


def test_neither_a_failure_nor_too_few_seeds_pass(trained):
    assert not elsewhere(trained, 0, status="diverged")[0]
    same, words = elsewhere(trained, 0, seeds=2)
    assert not same
    assert "too few seeds" in words
