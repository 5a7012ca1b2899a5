"""The record of a cell against training it by hand: seed, parameters, overrides, and which split is scored."""

from pathlib import Path

import pytest
import torch

from bench.dataset import Split, Splits
from bench.plugins import resolve
from bench.results import store
from bench.runs import cells, worker
from bench.testing.toy import Toy
from bench.training import evaluate
from bench.training.loop import Training

NAME = "airfoil[rows=synthetic]"
TINY = {"protocol.epochs": 2, "protocol.validate_every": 1}


def cell_of(method="baseline", seed=0, **overrides):
    given = {**TINY, **{f"protocol.{key}": value for key, value in overrides.items()}}
    on = resolve.dataset(NAME, given)
    return cells.make(on, resolve.method(method, on), seed, cells.load(on, Path()).fingerprint(), given)


def finished(cell):
    made = worker.run(cell, worker.RunContext("."), lambda _: None)
    assert made.record.status == "ok", made.record.error
    return made


@pytest.fixture(scope="module")
def seed_3():
    return finished(cell_of(seed=3))


def test_each_split_is_scored_on_its_own_predictions_with_the_seed_of_the_cell(seed_3):
    on = resolve.dataset(NAME, TINY)
    splits = on.dataset.load(Path())
    training = Training(on.dataset, on.protocol, splits, resolve.method("baseline", on).build(), 3, torch.device("cpu"))
    fit = training.fit()
    for name in ("val", "test"):
        expected = evaluate.metrics(on.dataset, splits, name, training.predict(getattr(splits, name)))
        assert seed_3.record.metrics[name] == expected
    test = training.predict(splits.test).numpy()
    assert seed_3.record.predictions.sha256 == store.hash_predictions(test)
    assert seed_3.predictions["mean"].tobytes() == test.tobytes()
    assert seed_3.record.selection.model_dump() == fit.selection


def test_the_chosen_value_is_the_validation_metric_of_the_record(seed_3):
    selection = seed_3.record.selection
    assert selection.value == seed_3.record.metrics["val"]["all"][selection.metric]
    assert selection.value != seed_3.record.metrics["test"]["all"][selection.metric]


def test_a_record_says_which_cell_it_is_of(seed_3):
    cell, record = cell_of(seed=3), seed_3.record
    assert (record.dataset, record.method, record.seed) == (NAME, "baseline", 3)
    assert (record.key, record.config, record.data_fingerprint) == (cell.key, cell.config, cell.fingerprint)
    assert [row.epoch for row in record.history] == [1, 2]


def test_another_seed_gives_other_predictions(seed_3):
    assert finished(cell_of(seed=4)).record.predictions.sha256 != seed_3.record.predictions.sha256


def test_overrides_reach_the_training(seed_3):
    changed = finished(cell_of(seed=3, lr=0.05)).record
    assert changed.predictions.sha256 != seed_3.record.predictions.sha256
    # a field that is no stage's: of the network itself
    coarse = finished(cell_of(seed=3, precision="bf16")).record
    assert coarse.predictions.sha256 != seed_3.record.predictions.sha256
    longer = finished(cell_of(seed=3, epochs=3)).record
    assert [row.epoch for row in longer.history] == [1, 2, 3]


def test_overrides_go_before_what_a_stage_says_of_itself():
    record = finished(cell_of("rnc[recipe=paper]", batch_size=64)).record
    assert {row.stage: row.epoch for row in record.history} == {"representation": 2, "regressor": 2}


def test_the_hyper_parameters_of_the_cell_are_those_that_train():
    made = [finished(cell_of(name)).record.predictions.sha256 for name in ("mt[copies=2]", "mt[copies=3]")]
    assert made[0] != made[1]


def test_a_cell_that_fails_leaves_a_record_with_its_reason():
    record = worker.run(cell_of(lr=1e9), worker.RunContext("."), lambda _: None).record
    assert record.status == "diverged"
    assert "epoch" in record.error
    assert record.metrics == {}
    assert record.predictions is None


def test_a_test_metric_without_a_value_is_a_failure_with_its_reason(monkeypatch):
    predict = Training.predict_columns

    def lost(self, split, network=None):
        found = predict(self, split, network)
        if self.finished and split is not self.val:
            found["mean"][0] = torch.nan
        return found

    monkeypatch.setattr(Training, "predict_columns", lost)
    record = worker.run(cell_of(), worker.RunContext("."), lambda _: None).record
    assert (record.status, record.metrics, record.predictions) == ("diverged", {}, None)
    assert record.error.startswith("1 of ")
    assert record.error.endswith("test predictions are not finite")


@pytest.mark.parametrize(
    ("y_hat", "labels", "reason"),
    [
        ([1.0, 2.0, 3.0], [1.0, 2.0, 4.0], None),
        ([2.0, 2.0, 2.0], [1.0, 2.0, 4.0], "no test pearson: all test predictions are equal"),
        ([2.0, 2.0, 2.0], [3.0, 3.0, 3.0], None),  # no prediction has a correlation with these
        ([2.0, torch.inf, 2.0], [3.0, 3.0, 3.0], "1 of 3 test predictions are not finite"),
    ],
)
def test_a_metric_that_the_labels_leave_undefined_is_no_failure(y_hat, labels, reason):
    class TwoMetrics(Toy):
        metrics = ("mae", "pearson")

        def regions(self, train_labels, labels):
            return None

    split = Split(torch.zeros(3, 1), torch.tensor(labels)[:, None])
    splits, dataset, predicted = Splits(split, split, split), TwoMetrics(), torch.tensor(y_hat)[:, None]
    found = evaluate.metrics(dataset, splits, "test", predicted)
    assert evaluate.undefined(dataset, splits, predicted, found) == reason
