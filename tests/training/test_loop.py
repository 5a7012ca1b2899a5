"""The loop against steps by hand, its stages, hooks and views."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from bench.method import Method, Stage
from bench.protocol import Protocol
from bench.testing.toy import Toy
from bench.training.loop import Diverged, Training

CPU = torch.device("cpu")


class Quadratic(Toy):
    """One weight, so that every step can be computed by hand."""

    protocol = Protocol(loss="mse", optimizer="sgd", lr=0.1, batch_size=None, epochs=3)

    def encoder(self, splits):
        return nn.Identity(), splits.train.x.shape[1]

    def head(self, width, outputs):
        head = nn.Linear(width, outputs, bias=False)
        nn.init.zeros_(head.weight)
        return head


def train(dataset, method=None, seed=0, **changes):
    splits = dataset.load(Path())
    training = Training(dataset, replace(dataset.protocol, **changes), splits, method or Method(), seed, CPU)
    return training, training.fit(), splits


def test_gradient_descent_by_hand_gives_the_same_weights():
    training, _, splits = train(Quadratic(), epochs=3)
    weight = torch.zeros(1, splits.train.x.shape[1])
    for _ in range(3):
        error = splits.train.x @ weight.T - splits.train.labels
        weight -= 0.1 * 2 * (error * splits.train.x).mean(0)
    torch.testing.assert_close(training.network.head.weight.detach(), weight)


def test_sample_weights_multiply_the_loss_and_the_mean_divides_by_the_batch():
    class Doubled(Method):
        def weights(self, labels):
            return torch.full_like(labels, 2.0)

    slow, _, _ = train(Quadratic(), Doubled(), lr=0.05)
    fast, _, _ = train(Quadratic(), lr=0.1)
    torch.testing.assert_close(slow.network.head.weight, fast.network.head.weight)


def test_the_epoch_with_the_best_validation_value_is_restored():
    training, fit, splits = train(Toy(), epochs=6, lr=0.3)
    values = [row["val"] for row in fit.history]
    assert fit.selection == {"metric": "mae", "epoch": values.index(min(values)) + 1, "value": min(values)}
    error = (training.predict(splits.val) - splits.val.labels).abs().double().mean().item()
    assert error == pytest.approx(min(values), rel=1e-6)


def test_a_diverging_run_stops_at_the_first_check():
    with pytest.raises(Diverged, match="epoch"):
        train(Quadratic(), lr=1e9, epochs=500)


def test_patience_ends_training_early():
    _, fit, _ = train(Quadratic(), lr=1e-30, epochs=50, patience=3)
    assert [row["epoch"] for row in fit.history] == [1, 2, 3, 4]


def test_validation_can_count_steps_instead_of_epochs():
    _, fit, _ = train(Toy(rows=48), batch_size=16, epochs=4, validate_steps=2)
    assert [row["epoch"] for row in fit.history] == [1, 2, 2, 3, 4, 4]


def test_seed_k_of_two_methods_starts_from_the_same_encoder_and_order():
    class Noisy(Method):
        def prepare(self, task):
            super().prepare(task)
            self.extra = nn.Linear(task.width, 3)
            torch.rand(5, generator=task.generator)

    plain, _, _ = train(Toy(), epochs=1, lr=1e-30)
    noisy, _, _ = train(Toy(), Noisy(), epochs=1, lr=1e-30)
    for first, second in zip(plain.network.parameters(), noisy.network.parameters(), strict=True):
        assert torch.equal(first, second)
    assert torch.equal(torch.randperm(9, generator=plain.order), torch.randperm(9, generator=noisy.order))


class TwoStages(Method):
    """Train everything, then a new head over a frozen encoder with a constant rate of its own."""

    def __init__(self, encoder="frozen"):
        super().__init__()
        self.encoder = encoder
        self.scale = nn.Parameter(torch.ones(()))
        self.seen = []

    def loss(self, batch):
        self.seen.append((batch.stage, batch.epoch, batch.w is not None))
        return super().loss(batch) + 0 * self.scale

    def weights(self, labels):
        return torch.ones_like(labels)

    def parameter_groups(self):
        return [{"params": [self.scale], "lr": 1e-2, "scheduled": False}]

    def stages(self, protocol):
        first = Stage("first", weighted=False, select=False)
        return first, Stage("second", {"epochs": 1}, encoder=self.encoder, new_head=True)


@pytest.mark.parametrize(("encoder", "moves"), [("frozen", True), ("eval", False)])
def test_a_second_stage_freezes_the_encoder_and_takes_a_new_head(encoder, moves):
    class WithBatchNorm(Toy):
        def encoder(self, splits):
            network, width = super().encoder(splits)
            return nn.Sequential(network, nn.BatchNorm1d(width)), width

    kept = {}

    class Watch(TwoStages):
        def loss(self, batch):
            if batch.stage == "second" and not kept:
                network = training.network
                kept.update({key: value.clone() for key, value in network.encoder.state_dict().items()})
            return super().loss(batch)

    dataset = WithBatchNorm()
    splits = dataset.load(Path())
    training = Training(dataset, dataset.protocol, splits, Watch(encoder), 0, CPU)
    fit = training.fit()
    after = training.network.encoder.state_dict()
    assert torch.equal(kept["0.0.weight"], after["0.0.weight"])
    assert torch.equal(kept["1.running_mean"], after["1.running_mean"]) != moves
    assert {row["stage"]: row["val"] is None for row in fit.history} == {"first": True, "second": False}
    assert {(stage, weighted) for stage, _, weighted in training.method.seen} == {
        ("first", False),
        ("second", True),
    }


def test_the_epoch_end_hook_sees_every_training_row_in_order():
    class Watch(Method):
        rows = 0

        def features(self, z, y, epoch):
            return z + 1

        def epoch_end(self, z, y, epoch):
            self.rows += len(z)
            assert torch.equal(y, self.task.y)
            assert not z.requires_grad

    method = Watch()
    train(Toy(rows=40), method, epochs=3)
    assert method.rows == 120


def test_views_come_stacked_and_a_pretext_stage_needs_only_them():
    class Contrast(Method):
        views = 2
        sizes = ()

        def regularizer(self, batch):
            self.sizes = (len(batch.y), len(batch.views.z), len(batch.views.y_hat))
            return batch.views.z.square().mean()

        def loss(self, batch):
            raise AssertionError("a pretext stage has no task loss")

        def stages(self, protocol):
            return (Stage("pretext", pretext=True, select=False),)

    method = Contrast()
    train(Toy(rows=16), method, epochs=1)
    assert method.sizes == (16, 32, 32)


def test_dense_targets_with_masks_pass_through_the_loop():
    class Dense(Toy):
        metrics = ("mse",)

        def load(self, root):
            splits = super().load(root)
            for split in (splits.train, splits.val, splits.test):
                split.x = split.x[:, :1, None, None].expand(-1, 1, 4, 4).contiguous()
                split.labels = 2 * split.x
                split.mask = split.labels > 0
            return splits

        def encoder(self, splits):
            return nn.Conv2d(1, 5, 1), 5

        def head(self, width, outputs):
            return nn.Conv2d(width, outputs, 1)

    class Rows(Method):
        def regularizer(self, batch):
            z, y = batch.sample(10**6, self.task.generator)
            assert z.shape[1] == 5
            assert (y > 0).all()
            return z.square().mean() * 1e-3

    _, fit, _ = train(Dense(), Rows(), epochs=20)
    assert fit.history[-1]["val"] < fit.history[0]["val"]


def test_overrides_reach_the_protocol_of_every_stage():
    class Own(Method):
        def stages(self, protocol):
            return (Stage("first", {"epochs": 5}), Stage("second"))

    dataset = Toy()
    training = Training(dataset, dataset.protocol, dataset.load(Path()), Own(), 0, CPU, changes={"protocol.epochs": 2})
    assert [(row["stage"], row["epoch"]) for row in training.fit().history][-1] == ("second", 2)
    assert max(row["epoch"] for row in training.result.history) == 2
