"""Which epoch is chosen, on which samples, and what is put back."""

import math
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
import torch

from bench.method import Method, Stage
from bench.metrics import METRICS
from bench.training.loop import Diverged, Fit
from support.tiny_training import Deep, Line, Stages, fitted, follow_script, prepared, same, state_of


class Ranked(Deep):
    """Selected by a metric that is better high; the second metric would choose another epoch."""

    metrics = ("pearson", "mae")


class Closed:
    """A split that nobody may look at."""

    def __getattr__(self, name):
        raise AssertionError(f"training asked the test split for {name}")


def follow(monkeypatch, training, values, metric="mae"):
    """Fit on scripted validation values; the network's state at each validation."""
    states = []
    follow_script(monkeypatch, values, metric, seen=lambda: states.append(state_of(training.network)))
    training.fit()
    return states


@pytest.mark.parametrize(
    ("dataset", "metric", "values", "chosen"),
    [
        (Deep(), "mae", [3.0, 1.0, 2.0, 4.0], 2),
        (Deep(), "mae", [1.0, 2.0, 3.0, 4.0], 1),
        (Deep(), "mae", [4.0, 3.0, 2.0, 1.0], 4),
        (Deep(), "mae", [3.0, 1.0, 1.0, 2.0], 2),  # of equal values, the first
        (Ranked(), "pearson", [0.1, 0.9, 0.2, 0.4], 2),
        (Ranked(), "pearson", [-0.5, -0.2, -0.2, -0.9], 2),
        (Ranked(), "pearson", [0.1, 0.2, 0.3, 0.4], 4),
    ],
)
def test_the_best_epoch_is_chosen_in_the_direction_of_the_first_metric(monkeypatch, dataset, metric, values, chosen):
    training = prepared(dataset, epochs=4)
    states = follow(monkeypatch, training, values, metric)
    assert training.result.selection == {"metric": metric, "epoch": chosen, "value": values[chosen - 1]}
    assert [row["val"] for row in training.result.history] == values
    assert same(training.network.state_dict(), states[chosen - 1])
    assert not same(states[0], states[-1])


def test_weights_and_batch_statistics_of_the_best_epoch_are_restored(monkeypatch):
    training = prepared(Deep(rows=8), epochs=3, batch_size=4)
    states = follow(monkeypatch, training, [2.0, 1.0, 3.0])
    restored = training.network.state_dict()
    assert restored["encoder.1.num_batches_tracked"] == 4  # two epochs of two batches
    for name in ("encoder.0.weight", "encoder.1.running_mean", "encoder.1.running_var", "head.weight"):
        assert torch.equal(restored[name], states[1][name])
        assert not torch.equal(restored[name], states[2][name])


def test_the_validation_value_is_the_metric_of_the_validation_split_in_label_units():
    dataset = Line(shift=10.0, scale=4.0)
    training = fitted(dataset, epochs=1)
    val = dataset.load(Path()).val
    y_hat = val.x @ training.network.head.weight.detach().T * 4 + 10
    expected = (y_hat - val.labels).abs().mean().item()
    assert training.result.history[0]["val"] == pytest.approx(expected, rel=1e-5)
    assert training.result.selection["value"] == training.result.history[0]["val"]


def test_the_metric_is_given_predictions_first_and_labels_second(monkeypatch):
    class Swapped(Line):
        metrics = ("r2",)

    training = fitted(Swapped())
    val = Swapped().load(Path()).val
    y_hat = (val.x @ training.network.head.weight.detach().T).double().numpy()
    value = training.result.history[0]["val"]
    assert value == pytest.approx(METRICS["r2"].function(y_hat, val.labels), rel=1e-5)
    assert value != pytest.approx(METRICS["r2"].function(val.labels, y_hat), rel=1e-2)


def test_the_dataset_says_what_its_metrics_compare():
    class Rounded(Line):
        def evaluation_arrays(self, y_hat, split):
            assert len(split) == 5  # the validation split
            return np.full(3, 2.0), np.full(3, 5.0)

    assert fitted(Rounded()).result.history[0]["val"] == 3.0


def test_training_never_looks_at_the_test_split():
    splits = Deep().load(Path())
    plain = fitted(Deep(), splits=splits, epochs=2)
    splits.test = Closed()
    blind = fitted(Deep(), splits=splits, epochs=2)
    assert same(plain.network.state_dict(), blind.network.state_dict())


def test_validation_rows_are_never_trained_on():
    splits = Line().load(Path())
    plain = fitted(Line(), splits=splits, epochs=2).network.head.weight.detach().clone()
    splits.val.x, splits.val.labels = splits.val.x * 7, splits.val.labels * 5
    assert torch.equal(fitted(Line(), splits=splits, epochs=2).network.head.weight, plain)


def test_a_stage_that_does_not_select_keeps_its_last_weights_and_never_validates(monkeypatch):
    training = prepared(Deep(), Stages(Stage(select=False)), epochs=3, patience=1)
    last = []
    monkeypatch.setattr(training.method, "step_end", lambda network: last.append(state_of(network)))
    assert follow(monkeypatch, training, []) == []  # the script has no value to give
    assert training.result.selection is None
    assert [row["val"] for row in training.result.history] == [None] * 3
    assert same(training.network.state_dict(), last[-1])


def test_each_stage_chooses_anew_and_starts_from_what_the_last_one_chose(monkeypatch):
    training = prepared(Deep(), Stages(Stage("first"), Stage("second")), epochs=3)
    began = []
    monkeypatch.setattr(training.method, "stage_start", lambda network, stage: began.append(state_of(network)))
    states = follow(monkeypatch, training, [3.0, 1.0, 2.0, 9.0, 8.0, 8.5])
    assert same(began[1], states[1])
    assert training.result.selection == {"metric": "mae", "epoch": 2, "value": 8.0}
    assert same(training.network.state_dict(), states[4])
    assert [row["stage"] for row in training.result.history] == ["first"] * 3 + ["second"] * 3


def test_patience_of_one_stage_does_not_shorten_the_next(monkeypatch):
    training = prepared(Line(), Stages(Stage("first"), Stage("second")), epochs=4, patience=2)
    follow(monkeypatch, training, [1.0, 2.0, 3.0, 9.0, 8.0, 7.0, 6.0])
    assert [row["epoch"] for row in training.result.history] == [1, 2, 3, 1, 2, 3, 4]


class Shadow(Method):
    """Validates and keeps another network, whose head counts the updates so far."""

    def __init__(self, select=True):
        super().__init__()
        self.select, self.updates = select, 0

    def stages(self, protocol):
        return (Stage(select=self.select),)

    def step_end(self, network):
        self.updates += 1

    def evaluated(self, network):
        other = deepcopy(network)
        with torch.no_grad():
            other.head.weight.fill_(self.updates)
        return other


def test_the_network_that_a_method_evaluates_is_validated_and_kept(monkeypatch):
    training = fitted(Line(), Shadow(), epochs=1)
    val = Line().load(Path()).val
    expected = (val.x.sum(1, keepdim=True) - val.labels).abs().mean().item()
    assert training.result.history[0]["val"] == pytest.approx(expected, rel=1e-5)
    training = prepared(Line(), Shadow(), epochs=3)
    follow(monkeypatch, training, [2.0, 1.0, 3.0])
    assert training.network.head.weight.tolist() == [[2.0, 2.0]]


def test_without_selection_the_evaluated_network_of_the_last_step_is_kept():
    training = fitted(Line(), Shadow(select=False), epochs=3)
    assert training.network.head.weight.tolist() == [[3.0, 3.0]]


class Shifted(Method):
    """Subtracts the mean error on validation from final predictions."""

    def calibrate(self, y_hat, labels):
        self.given, self.offset = (y_hat, labels), (y_hat - labels).mean()

    def calibrated(self, y_hat):
        return y_hat - self.offset


def test_calibration_sees_raw_validation_predictions_of_the_chosen_weights(monkeypatch):
    dataset = Line(shift=10.0, scale=4.0)
    training = prepared(dataset, Shifted(), epochs=3)
    states = follow(monkeypatch, training, [1.0, 2.0, 3.0])
    splits = dataset.load(Path())
    raw = splits.val.x @ states[0]["head.weight"].T * 4 + 10
    y_hat, labels = training.method.given
    torch.testing.assert_close(y_hat, raw)
    assert torch.equal(labels, splits.val.labels)
    torch.testing.assert_close(training.predict(splits.val), raw - (raw - labels).mean())


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_validation_value_that_is_not_finite_ends_the_run(monkeypatch, value):
    follow_script(monkeypatch, [1.0, value, 1.0])
    training = prepared(Line(), epochs=3)
    with pytest.raises(Diverged, match="epoch 2 of stage 'train'"):
        training.fit()
    assert len(training.result.history) == 2


@pytest.mark.parametrize("select", [True, False])
def test_a_loss_that_is_not_finite_ends_the_run(select):
    class Broken(Stages):
        def loss(self, batch):
            return super().loss(batch) + (math.nan if batch.epoch == 2 else 0.0)

    with pytest.raises(Diverged, match="epoch 2"):
        prepared(Line(), Broken(Stage(select=select)), epochs=3).fit()


@pytest.mark.parametrize("rows", [1, 2, 3, 5, 1024])
def test_predictions_do_not_depend_on_how_a_split_is_cut(rows):
    dataset = Deep()
    dataset.evaluation_batch = rows
    training = prepared(dataset)
    split = dataset.load(Path()).test
    training.network.eval()
    expected = training.network(split.x).detach()
    torch.testing.assert_close(training.predict(split), expected)


def test_further_columns_are_in_label_units_and_a_deviation_has_no_origin():
    class Columns(Method):
        def columns(self, outputs):
            return {"deviation": outputs * 0 + 0.5, "q0.5": outputs * 0 + 0.5}

    training = prepared(Line(shift=10.0, scale=4.0), Columns())
    found = training.predict_columns(Line().load(Path()).val)
    assert list(found) == ["mean", "deviation", "q0.5"]
    assert found["deviation"].tolist() == [[2.0]] * 5
    assert found["q0.5"].tolist() == [[12.0]] * 5


def test_step_times_leave_out_the_warm_up():
    times = [9.0] * 10 + [0.001, 0.002, 0.003, 0.004, 0.010]
    median, spread = Fit(step_s=times).step_ms()
    assert median == pytest.approx(3.0)
    assert spread == pytest.approx(5.5)  # quartiles 1.5 and 7.0, as of a sample
    assert Fit(step_s=[0.002]).step_ms() == (pytest.approx(2.0), 0.0)


def test_a_network_is_left_ready_to_train_after_predicting():
    training = prepared(Deep())
    training.predict(Deep().load(Path()).val)
    assert all(module.training for module in training.network.modules())
