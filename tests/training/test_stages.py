"""What each stage trains and minimises: encoder, head, views, weights, regularizer, masks."""

from pathlib import Path

import numpy as np
import pytest
import torch

from bench.method import Stage
from bench.methods.gaussian_nll import GaussianNLL
from bench.methods.mt import MultipleTargets
from bench.testing.toy import Toy
from bench.training.loop import Training
from support.tiny_training import START, STILL, Deep, Line, Modes, Seen, Stages, fitted, prepared, state_of


def deep_states(**changes):
    """The encoder before and after a stage."""
    training = prepared(Deep(), Stages(Stage(**changes)), epochs=3, weight_decay=0.5)
    before = state_of(training.network)
    training.fit()
    return before, training.network.state_dict(), training


@pytest.mark.parametrize("encoder", ["frozen", "eval"])
def test_a_frozen_encoder_moves_neither_by_gradient_nor_by_decay(encoder):
    before, after, training = deep_states(encoder=encoder, select=False)
    for name in ("encoder.0.weight", "encoder.0.bias", "encoder.1.weight", "encoder.1.bias"):
        assert torch.equal(before[name], after[name])
    assert not torch.equal(before["head.weight"], after["head.weight"])
    assert torch.equal(before["encoder.1.running_mean"], after["encoder.1.running_mean"]) == (encoder == "eval")
    assert not any(parameter.requires_grad for parameter in training.network.encoder.parameters())


def test_an_encoder_trains_again_in_the_stage_after_a_frozen_one(monkeypatch):
    training = prepared(Deep(), Stages(Stage(encoder="eval"), Stage(select=False)), epochs=1)
    began = []
    monkeypatch.setattr(training.method, "stage_start", lambda network, stage: began.append(state_of(network)))
    training.fit()
    assert torch.equal(began[0]["encoder.0.weight"], began[1]["encoder.0.weight"])
    assert not torch.equal(began[1]["encoder.0.weight"], training.network.encoder[0].weight)


def test_clipping_with_a_frozen_encoder_reads_the_gradient_of_the_head_alone(monkeypatch):
    two = Stage(select=False), Stage(encoder="eval", select=False)
    training = prepared(Deep(), Stages(*two), epochs=1, clip=100.0)
    clip, read = torch.nn.utils.clip_grad_norm_, []

    def clipping(parameters, limit):
        there = list(parameters)
        own = torch.stack([p.grad.norm() for p in training.network.head.parameters()]).norm()
        read.append((clip(there, limit), own))

    monkeypatch.setattr(torch.nn.utils, "clip_grad_norm_", clipping)
    training.fit()
    norm, own = read[-1]
    assert norm == pytest.approx(float(own), rel=1e-6)
    assert read[0][0] > read[0][1]  # the stage before reads both


@pytest.mark.parametrize("new_head", [False, True])
def test_a_stage_starts_from_a_new_head_only_where_it_says_so(monkeypatch, new_head):
    training = prepared(Line(), Stages(Stage(select=False), Stage(new_head=new_head)), epochs=1)
    began = []
    monkeypatch.setattr(training.method, "stage_start", lambda network, stage: began.append(state_of(network)))
    training.fit()
    assert np.allclose(began[1]["head.weight"], [START]) == new_head


class ThreeViews(Stages):
    views = 3

    def regularizer(self, batch):
        self.views_seen, self.z = batch.views, batch.z
        return batch.outputs.sum() * 0


@pytest.mark.parametrize(
    ("stage", "modes"),
    [
        (Stage(), ["view"] * 3 + ["train"]),
        (Stage(strong=True), ["strong"] * 4),
        (Stage(pretext=True), ["view"] * 3),
        (Stage(regularized=False), ["train"]),
    ],
)
def test_each_view_is_drawn_once_in_the_mode_of_its_stage(stage, modes):
    dataset, method = Modes(), ThreeViews(stage)
    fitted(dataset, method)
    assert dataset.modes == modes
    if stage.regularized:
        x = dataset.load(Path()).train.x
        torch.testing.assert_close(method.views_seen.z, torch.cat([x + 1, x + 2, x + 3]))
        torch.testing.assert_close(method.z, x + (1 if stage.pretext else 4))


class Terms(Stages):
    """A loss of 1 or, with weights, 10; a regularizer of 100."""

    def weights(self, labels):
        return torch.full_like(labels, 5.0)

    def loss(self, batch):
        return batch.outputs.sum() * 0 + (1.0 if batch.w is None else 2 * batch.w.mean())

    def regularizer(self, batch):
        return batch.outputs.sum() * 0 + 100.0


@pytest.mark.parametrize(
    ("stage", "loss"),
    [
        (Stage(), 110.0),
        (Stage(weighted=False), 101.0),
        (Stage(regularized=False), 10.0),
        (Stage(pretext=True), 100.0),
    ],
)
def test_a_stage_minimises_the_terms_that_it_names(stage, loss):
    assert fitted(Line(), Terms(stage)).result.history[0]["loss"] == loss


@pytest.mark.parametrize(("weighted", "factor"), [(True, 5.0), (False, 1.0)])
def test_a_stage_may_name_a_plain_loss_of_its_own(weighted, factor):
    stage = Stage(loss="l1", weighted=weighted, regularized=False)
    train = Line().load(Path()).train
    expected = (train.x @ torch.tensor([START]).T - train.labels).abs().mean().item()
    found = fitted(Line(), Terms(stage)).result.history[0]["loss"]
    assert found == pytest.approx(factor * expected, rel=1e-5)


@pytest.mark.parametrize(("weights", "expected"), [(None, [1, 0, 1, 0]), (3.0, [3, 0, 3, 0])])
def test_what_a_mask_leaves_out_weighs_nothing(weights, expected):
    class Weighted(Seen):
        def weights(self, labels):
            return None if weights is None else torch.full_like(labels, weights)

    splits = Line(rows=4).load(Path())
    splits.train.mask = torch.tensor([[True], [False], [True], [False]])
    method = Weighted()
    fitted(Line(rows=4), method, splits=splits)
    assert method.batches[0].w.flatten().tolist() == expected


@pytest.mark.parametrize(("weighted", "factor"), [(True, 5.0), (False, 1.0)])
def test_weights_of_the_rows_themselves_count_in_every_stage(weighted, factor):
    splits = Line(rows=4).load(Path())
    splits.train.weights = torch.tensor([[1.0], [2.0], [0.5], [0.5]])
    train, method = splits.train, Terms(Stage(loss="l1", weighted=weighted, regularized=False))
    error = (train.x @ torch.tensor([START]).T - train.labels).abs()
    found = fitted(Line(rows=4), method, splits=splits).result.history[0]["loss"]
    assert found == pytest.approx(factor * (train.weights * error).mean().item(), rel=1e-5)


@pytest.mark.parametrize(("weighted", "factor"), [(True, 5.0), (False, 1.0)])
@pytest.mark.parametrize("loss", ["l1", "mse"])
def test_the_plain_task_loss_is_the_protocols_with_the_weights_of_its_stage(loss, weighted, factor):
    class Weighted(Stages):
        def weights(self, labels):
            return torch.full_like(labels, 5.0)

    train = Line().load(Path()).train
    error = train.x @ torch.tensor([START]).T - train.labels
    expected = {"l1": error.abs(), "mse": error.square()}[loss].mean().item()
    found = fitted(Line(), Weighted(Stage(weighted=weighted)), loss=loss).result.history[0]["loss"]
    assert found == pytest.approx(factor * expected, rel=1e-5)


def test_a_stage_hands_its_optimizer_what_it_trains_and_the_parameters_of_the_method():
    class Own(Stages):
        def __init__(self):
            super().__init__()
            self.own = torch.nn.Parameter(torch.zeros(()))

    training = prepared(Deep(), Own())
    for stage, network in ((Stage(), training.network), (Stage(encoder="frozen"), training.network.head)):
        groups = [group["params"] for group in training.optimizer(training.protocol, stage).param_groups]
        wanted = [list(network.parameters()), [training.method.own]]
        assert [list(map(id, group)) for group in groups] == [list(map(id, group)) for group in wanted]


def test_predictions_are_what_the_method_makes_of_the_outputs_of_the_head():
    class Halves(Stages):
        def head(self, make, targets):
            return make(3 * targets)

        def targets(self, y):
            return y.repeat(1, 3)

        def predict(self, outputs):
            return outputs.sum(1, keepdim=True)

        def loss(self, batch):
            self.outputs, self.y_hat = batch.outputs.detach(), batch.y_hat.detach()
            return super().loss(batch)

    training = fitted(Line(), Halves(Stage()), lr=STILL)
    method, val = training.method, Line().load(Path()).val
    assert method.outputs.shape == (8, 3)
    torch.testing.assert_close(method.y_hat, method.outputs.sum(1, keepdim=True))
    torch.testing.assert_close(training.predict(val), 3 * val.x @ torch.tensor([START]).T)


@pytest.mark.parametrize("targets", [1, 3])
def test_a_stage_with_a_loss_of_its_own_compares_predictions_where_the_head_gives_more(targets):
    class Own(GaussianNLL):
        def stages(self, protocol):
            return (Stage(loss="mse"),)

    toy = Toy(targets)
    training = Training(toy, toy.protocol, toy.load(Path()), Own(), 0, torch.device("cpu"))
    (stage,) = training.method.stages(toy.protocol)
    batch = training.batch(None, stage, 1)
    assert batch.outputs.shape[1] == 2 * targets
    torch.testing.assert_close(training.loss(batch, stage), (batch.outputs[:, :targets] - batch.y).square().mean())


def test_a_stage_with_a_loss_of_its_own_compares_copies_of_a_target_one_by_one():
    class Own(MultipleTargets):
        def stages(self, protocol):
            return (Stage(loss="mse"),)

    toy = Toy()
    training = Training(toy, toy.protocol, toy.load(Path()), Own(), 0, torch.device("cpu"))
    (stage,) = training.method.stages(toy.protocol)
    batch = training.batch(None, stage, 1)
    torch.testing.assert_close(training.loss(batch, stage), (batch.outputs - batch.y).square().mean())


@pytest.mark.parametrize("beta", [0.3, 2.0])
def test_a_stage_that_names_huber_turns_where_the_protocol_says(beta):
    named = fitted(Line(), Stages(Stage(loss="huber", select=False)), huber_beta=beta)
    as_named = fitted(Line(), loss="huber", huber_beta=beta)
    assert torch.equal(named.network.head.weight, as_named.network.head.weight)
    assert not torch.equal(named.network.head.weight, fitted(Line(), loss="huber").network.head.weight)
