"""What happens in a step and an epoch, in which order and in which mode."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from bench.functional.random_streams import generator
from bench.method import Method, Stage
from support.tiny_training import START, STILL, Deep, EpochEnd, Line, Modes, Seen, Stages, fitted, prepared, rows_of


class Probe(nn.Module):
    """Passes features on and remembers in which mode it was asked for them."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def forward(self, x):
        self.seen.append((self.training, torch.is_grad_enabled()))
        return x


class Probed(Deep):
    def encoder(self, splits):
        network, width = super().encoder(splits)
        return network.append(Probe()), width


TRAINS, EVALUATES, PASSES = (True, True), (False, False), (True, False)


def test_steps_are_in_training_mode_and_validation_in_evaluation_mode_without_gradients():
    training = fitted(Probed(), epochs=2, batch_size=4)
    assert training.network.encoder[-1].seen == [TRAINS, TRAINS, EVALUATES] * 2


def test_the_pass_after_an_epoch_is_in_training_mode_without_gradients():
    training = fitted(Probed(), EpochEnd(), epochs=1, batch_size=4)
    assert training.network.encoder[-1].seen == [TRAINS, TRAINS, PASSES, PASSES, EVALUATES]


@pytest.mark.parametrize(("encoder", "trains"), [("train", True), ("frozen", True), ("eval", False)])
def test_validation_gives_each_part_back_the_mode_of_its_stage(encoder, trains):
    heads = []

    class Head(Probed):
        def head(self, width, outputs):
            heads.append(Probe())
            return nn.Sequential(super().head(width, outputs), heads[-1])

    training = fitted(Head(), Stages(Stage(encoder=encoder)), epochs=2)
    assert [mode for mode, _ in training.network.encoder[-1].seen] == [trains, False] * 2
    assert [mode for mode, _ in heads[0].seen] == [True, False] * 2


def test_an_epoch_goes_from_rows_to_updates_to_its_end_to_validation():
    events = []

    def tell(name):
        def hook(self, *given):
            events.append(name)
            return getattr(Method, name)(self, *given)

        return hook

    names = ("stage_start", "sampler", "inputs", "loss", "regularizer", "step_end", "epoch_end", "evaluated")
    told = type("Told", (Method,), {name: tell(name) for name in names})()
    fitted(Line(rows=8), told, batch_size=4, epochs=2)
    step = ["inputs", "loss", "regularizer", "step_end"]
    epoch = ["sampler", *step, *step, "epoch_end", "evaluated"]
    assert events == ["stage_start", *epoch, *epoch]


def test_gradients_of_one_step_do_not_reach_the_next():
    class Slope(Stages):
        """A loss whose gradient is the mean input, whatever the weights."""

        def loss(self, batch):
            return batch.outputs.mean()

    after = fitted(Line(), Slope(Stage(select=False)), epochs=3).network.head.weight.detach()
    torch.testing.assert_close(after, torch.tensor([START]) - 3 * 0.1 * Line().load(Path()).train.x.mean(0))


def test_history_has_the_mean_loss_since_the_last_validation():
    class Counted(Method):
        steps = 0

        def loss(self, batch):
            self.steps += 1
            return batch.outputs.sum() * 0 + self.steps

    def losses(**changes):
        return [row["loss"] for row in fitted(Line(), Counted(), batch_size=4, **changes).result.history]

    assert losses(epochs=3) == [1.5, 3.5, 5.5]
    assert losses(epochs=3, validate_every=2) == [2.5, 5.5]


def test_each_epoch_has_an_order_of_its_own_from_the_order_stream():
    method = Seen()
    fitted(Line(), method, seed=5, batch_size=4, epochs=2)
    rng = generator(5, "order")
    expected = [part.tolist() for _ in range(2) for part in torch.randperm(8, generator=rng).split(4)]
    assert rows_of(method) == expected


def test_the_whole_split_at_once_stays_in_order_but_for_a_sampler():
    class Reversed(Seen):
        def sampler(self, rows, rng):
            return torch.arange(rows).flip(0)

    for method, rows in ((Seen(), range(8)), (Reversed(), reversed(range(8)))):
        fitted(Line(), method)
        assert rows_of(method) == [list(rows)]


def test_a_batch_holds_its_own_rows_in_network_units():
    dataset, method = Line(shift=10.0, scale=4.0), Seen()
    fitted(dataset, method, batch_size=3, epochs=2)
    train = dataset.load(Path()).train
    assert [batch.epoch for batch in method.batches] == [1, 1, 1, 2, 2, 2]
    for batch in method.batches:
        assert torch.equal(batch.x, train.x[batch.index])
        assert torch.equal(batch.y, (train.labels[batch.index] - 10) / 4)
        assert torch.equal(batch.targets, batch.y)


def test_inputs_come_after_augmentation_and_before_the_encoder():
    class Doubled(Seen):
        def inputs(self, x, y):
            return 2 * x, y + 1

    class Moved(Line):
        def transform(self, examples, rng, mode):
            return replace(examples, x=examples.x + 1)

    method = Doubled()
    fitted(Moved(), method)
    train = Line().load(Path()).train
    torch.testing.assert_close(method.batches[0].z, 2 * (train.x + 1))
    torch.testing.assert_close(method.batches[0].y, train.labels + 1)


class Steep(Method):
    """A parameter of its own, whose gradient is 100."""

    def __init__(self):
        super().__init__()
        self.own = nn.Parameter(torch.zeros(()))

    def loss(self, batch):
        return super().loss(batch) + 100 * self.own


def test_clipping_takes_encoder_and_head_together_and_no_parameter_of_the_method():
    class TwoLayers(Line):
        def encoder(self, splits):
            return nn.Linear(2, 2, bias=False), 2

    def steps(**changes):
        training = prepared(TwoLayers(), Steep(), **changes)
        parameters = [training.network.encoder.weight, training.network.head.weight, training.method.own]
        before = [parameter.detach().clone() for parameter in parameters]
        training.fit()
        return [(parameter.detach() - old) / -0.1 for parameter, old in zip(parameters, before, strict=True)]

    *free, _ = steps()
    norm = sum(gradient.square().sum() for gradient in free).sqrt().item()
    *clipped, own = steps(clip=norm / 4)
    for gradient, whole in zip(clipped, free, strict=True):
        torch.testing.assert_close(gradient, whole / 4, rtol=1e-3, atol=1e-5)
    assert own.item() == pytest.approx(100)


def test_features_are_transformed_in_training_and_never_in_evaluation():
    class Scaled(Seen):
        def features(self, z, y, epoch):
            self.given = y
            return 10 * epoch * z

    method = Scaled()
    training = fitted(Line(), method, epochs=2, lr=STILL)
    splits = Line().load(Path())
    for epoch, batch in enumerate(method.batches, start=1):
        torch.testing.assert_close(batch.z, 10 * epoch * splits.train.x)
        torch.testing.assert_close(batch.outputs, 10 * epoch * splits.train.x @ torch.tensor([START]).T)
    assert torch.equal(method.given, splits.train.labels)
    torch.testing.assert_close(training.predict(splits.val), splits.val.x @ torch.tensor([START]).T)


def test_the_pass_after_an_epoch_sees_transformed_features_of_all_rows_in_order():
    class Scaled(EpochEnd):
        def features(self, z, y, epoch):
            return 10 * epoch * z

    method = Scaled()
    fitted(Line(shift=1.0, scale=2.0), method, batch_size=3, epochs=2)
    train = Line().load(Path()).train
    for epoch, (z, y, told) in enumerate(method.kept, start=1):
        assert told == epoch
        torch.testing.assert_close(z, 10 * epoch * train.x)
        torch.testing.assert_close(y, (train.labels - 1) / 2)


def test_reference_rows_stand_for_the_training_split_where_a_dataset_names_them():
    dataset, method = Modes(), EpochEnd()
    splits = dataset.load(Path())
    splits.reference_rows = torch.tensor([5, 1])
    fitted(dataset, method, splits=splits)
    assert torch.equal(method.task.labels, splits.train.labels[[5, 1]])
    assert torch.equal(method.kept[0][1], splits.train.labels[[5, 1]])
    assert dataset.modes == ["train", "evaluation"]
