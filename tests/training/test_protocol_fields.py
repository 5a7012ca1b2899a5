"""Each field of the protocol against steps by hand: a loop that ignores one of them fails here."""

import math
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from bench.method import Method, Stage
from bench.protocol import Protocol
from support.tiny_training import START, Deep, Line, Stages, fitted, follow_script, prepared

FIELDS = {
    "loss": "test_the_loss_is_the_protocols",
    "optimizer": "test_each_optimizer_takes_the_steps_of_its_formula",
    "lr": "test_each_optimizer_takes_the_steps_of_its_formula",
    "weight_decay": "test_each_optimizer_takes_the_steps_of_its_formula",
    "momentum": "test_momentum_by_hand",
    "batch_size": "test_batches_have_the_size_of_the_protocol",
    "epochs": "test_training_lasts_as_many_epochs_as_the_protocol_says",
    "validate_every": "test_validation_comes_every_so_many_epochs_and_after_the_last",
    "validate_steps": "test_validation_comes_every_so_many_steps_and_after_the_last",
    "patience": "test_patience_counts_validations_since_the_last_improvement",
    "milestones": "test_the_rate_falls_after_each_milestone_by_gamma",
    "gamma": "test_the_rate_falls_after_each_milestone_by_gamma",
    "cosine_floor": "test_the_rate_follows_a_cosine_down_to_its_floor",
    "clip": "test_a_gradient_is_clipped_to_the_norm_of_the_protocol",
    "drop_last": "test_a_last_short_batch_is_dropped_only_where_the_protocol_says_so",
    "precision": "test_precision_is_that_of_the_network_and_never_of_what_methods_see",
    "channels_last": "test_channels_last_is_the_layout_of_the_weights",
    "batchnorm_split": "test_batch_statistics_are_those_of_each_part_of_a_batch",
    "huber_beta": "test_the_loss_is_the_protocols",
    "compile": "test_the_encoder_is_compiled_only_where_the_protocol_says_so",
}


def test_every_field_of_the_protocol_has_a_test_in_this_file():
    assert set(FIELDS) == {field.name for field in fields(Protocol)}
    assert set(FIELDS.values()) <= set(globals())


def weights(training):
    return training.network.head.weight.detach().double().numpy()[0]


def gradient(w, loss="mse", beta=1.0):
    split = Line().load(Path()).train
    x, y = split.x.double().numpy(), split.labels.double().numpy()[:, 0]
    error = x @ w - y
    slope = {"mse": 2 * error, "l1": np.sign(error), "huber": np.clip(error / beta, -1, 1)}[loss]
    return (slope[:, None] * x).mean(0)


def sgd(w, steps, lr, decay, momentum=0.0):
    velocity = np.zeros(2)
    for _ in range(steps):
        velocity = momentum * velocity + gradient(w) + decay * w
        w = w - lr * velocity
    return w


def adam(w, steps, lr, decay, decoupled=False):
    m = v = np.zeros(2)
    for t in range(1, steps + 1):
        g = gradient(w) + (0 if decoupled else decay * w)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        w = w * (1 - lr * decay) if decoupled else w
        w = w - lr * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return w


def adamw(w, steps, lr, decay):
    return adam(w, steps, lr, decay, decoupled=True)


@pytest.mark.parametrize(("loss", "beta"), [("l1", 1.0), ("mse", 1.0), ("huber", 1.0), ("huber", 0.3), ("huber", 4.0)])
def test_the_loss_is_the_protocols(loss, beta):
    after = weights(fitted(Line(), loss=loss, huber_beta=beta))
    np.testing.assert_allclose(after, START - 0.1 * gradient(np.array(START), loss, beta), rtol=1e-5)


@pytest.mark.parametrize("lr", [0.05, 0.2])
@pytest.mark.parametrize("decay", [0.0, 0.3])
@pytest.mark.parametrize("formula", [sgd, adam, adamw])
def test_each_optimizer_takes_the_steps_of_its_formula(formula, decay, lr):
    after = weights(fitted(Line(), optimizer=formula.__name__, epochs=3, lr=lr, weight_decay=decay))
    np.testing.assert_allclose(after, formula(np.array(START), 3, lr, decay), rtol=1e-4)


def test_momentum_by_hand():
    after = weights(fitted(Line(), epochs=3, momentum=0.9, weight_decay=0.3))
    np.testing.assert_allclose(after, sgd(np.array(START), 3, 0.1, 0.3, 0.9), rtol=1e-4)


class Watch(Method):
    """Remembers the rows of each batch, and the rates of all groups at each step."""

    def __init__(self):
        super().__init__()
        self.rows, self.rates = [], []

    def loss(self, batch):
        self.rows.append(batch.index.tolist())
        return super().loss(batch)

    def step(self, optimizer, backward):
        self.rates.append([group["lr"] for group in optimizer.param_groups])
        return super().step(optimizer, backward)


def sizes(rows, **changes):
    method = Watch()
    fitted(Line(rows=rows), method, **changes)
    return [len(batch) for batch in method.rows]


def test_batches_have_the_size_of_the_protocol():
    assert sizes(10, batch_size=5) == [5, 5]
    assert sizes(10, batch_size=4) == [4, 4, 2]
    assert sizes(10, batch_size=None) == [10]


def test_a_last_short_batch_is_dropped_only_where_the_protocol_says_so():
    assert sizes(10, batch_size=4, drop_last=True) == [4, 4]
    assert sizes(8, batch_size=4, drop_last=True) == [4, 4]
    assert sizes(10, batch_size=16, drop_last=True) == [10]  # all there is, or nothing would be trained


def test_training_lasts_as_many_epochs_as_the_protocol_says():
    training = fitted(Line(), epochs=3)
    assert [row["epoch"] for row in training.result.history] == [1, 2, 3]
    np.testing.assert_allclose(weights(fitted(Line(), epochs=2)), sgd(np.array(START), 2, 0.1, 0.0), rtol=1e-4)


def checks(**changes):
    return [row["epoch"] for row in fitted(Line(rows=12), **changes).result.history]


def test_validation_comes_every_so_many_epochs_and_after_the_last():
    assert checks(epochs=5, validate_every=2) == [2, 4, 5]
    assert checks(epochs=4, validate_every=2) == [2, 4]
    assert checks(epochs=2, validate_every=9) == [2]


def test_validation_comes_every_so_many_steps_and_after_the_last():
    # three steps an epoch: after steps 2, 4, 6, 8 and, once, after the last one
    assert checks(epochs=3, batch_size=4, validate_steps=2) == [1, 2, 2, 3, 3]
    assert checks(epochs=2, batch_size=4, validate_steps=2) == [1, 2, 2]


@pytest.mark.parametrize(
    ("patience", "values", "epochs"),
    [
        (2, [3, 2, 2.5, 2, 1], 4),  # an equal value is no improvement
        (2, [3, 4, 2, 5, 1], 5),  # each improvement starts the count again
        (1, [3, 4, 1], 2),
        (None, [1, 2, 3, 4, 5], 5),
    ],
)
def test_patience_counts_validations_since_the_last_improvement(monkeypatch, patience, values, epochs):
    follow_script(monkeypatch, values)
    assert checks(epochs=len(values), patience=patience) == list(range(1, epochs + 1))


def test_patience_can_end_training_in_the_middle_of_an_epoch(monkeypatch):
    follow_script(monkeypatch, [1, 2])
    method = Watch()
    fitted(Line(rows=12), method, batch_size=4, epochs=9, validate_steps=1, patience=1)
    assert len(method.rates) == 2


class OwnRates(Watch):
    """Two parameters of its own: one at a constant rate, one that follows the schedule."""

    def __init__(self):
        super().__init__()
        self.still, self.moved = nn.Parameter(torch.ones(())), nn.Parameter(torch.ones(()))

    def parameter_groups(self):
        return [{"params": [self.still], "lr": 7.0, "scheduled": False}, {"params": [self.moved], "lr": 3.0}]

    def loss(self, batch):
        return super().loss(batch) + 0 * (self.still + self.moved)


def rates(**changes):
    method = OwnRates()
    fitted(Line(), method, **changes)
    return np.array(method.rates).T


def test_the_rate_falls_after_each_milestone_by_gamma():
    network, still, moved = rates(epochs=5, milestones=(2, 4), gamma=0.5)
    np.testing.assert_allclose(network, [0.1, 0.1, 0.05, 0.05, 0.025])
    np.testing.assert_allclose(still, [7.0] * 5)
    np.testing.assert_allclose(moved, [3.0, 3.0, 1.5, 1.5, 0.75])


def test_the_rate_follows_a_cosine_down_to_its_floor():
    network, still, moved = rates(epochs=4, cosine_floor=0.2)
    # 0.2 + 0.8 (1 + cos(π e / 4)) / 2 at e = 1, 2, 3, 4
    share = np.array([0.6 + 0.4 * math.sqrt(0.5), 0.6, 0.6 - 0.4 * math.sqrt(0.5), 0.2])
    np.testing.assert_allclose(network, 0.1 * share)
    np.testing.assert_allclose(still, [7.0] * 4)
    np.testing.assert_allclose(moved, 3 * share)


def test_a_floor_of_zero_is_a_cosine_too():
    np.testing.assert_allclose(rates(epochs=2, cosine_floor=0.0)[0], [0.05, 0.0], atol=1e-12)


def test_a_gradient_is_clipped_to_the_norm_of_the_protocol():
    slope = gradient(np.array(START))
    norm = np.linalg.norm(slope)
    for clip, factor in ((norm / 3, 1 / 3), (3 * norm, 1.0)):
        after = weights(fitted(Line(), clip=float(clip)))
        np.testing.assert_allclose(after, START - 0.1 * factor * slope, rtol=1e-4)


class Dtype(nn.Module):
    """Passes features on and remembers their type."""

    def __init__(self, seen):
        super().__init__()
        self.seen = seen

    def forward(self, x):
        self.seen.append((self.training, x.dtype))
        return x


@pytest.mark.parametrize(("precision", "inside"), [("fp32", torch.float32), ("bf16", torch.bfloat16)])
def test_precision_is_that_of_the_network_and_never_of_what_methods_see(precision, inside):
    encoder, head, given = [], [], []

    class Typed(Line):
        def encoder(self, splits):
            return nn.Sequential(nn.Linear(2, 2), Dtype(encoder)), 2

        def head(self, width, outputs):
            return nn.Sequential(super().head(width, outputs), Dtype(head))

    class See(Method):
        def loss(self, batch):
            given.extend([batch.z.dtype, batch.outputs.dtype])
            return super().loss(batch)

    training = fitted(Typed(), See(), precision=precision)
    assert encoder == head == [(True, inside), (False, inside)]  # one step, one validation
    assert given == [torch.float32] * 2
    assert training.network.head[0].weight.dtype == torch.float32


@pytest.mark.parametrize("channels_last", [False, True])
def test_channels_last_is_the_layout_of_the_weights(channels_last):
    class Pictures(Line):
        def load(self, root):
            splits = super().load(root)
            for split in (splits.train, splits.val, splits.test):
                split.x = split.x[:, :, None, None].expand(-1, -1, 3, 3).contiguous()
            return splits

        def encoder(self, splits):
            return nn.Sequential(nn.Conv2d(2, 2, 3), nn.Flatten()), 2

    weight = fitted(Pictures(), channels_last=channels_last).network.encoder[0].weight
    assert weight.is_contiguous(memory_format=torch.channels_last) == channels_last


def test_batch_statistics_are_those_of_each_part_of_a_batch():
    halved, whole = (prepared(Deep(), batchnorm_split=parts) for parts in (2, 1))
    x = whole.train.x
    parts = [whole.network.encoder(part) for part in x.chunk(2)]
    torch.testing.assert_close(halved.network.encoder(x), torch.cat(parts))


@pytest.mark.parametrize("wanted", [False, True])
def test_the_encoder_is_compiled_only_where_the_protocol_says_so(monkeypatch, wanted):
    compiled = []
    monkeypatch.setattr(nn.Module, "compile", lambda module: compiled.append(module))
    training = prepared(Deep(), compile=wanted)
    assert compiled == ([training.network.encoder] if wanted else [])


def test_a_stage_changes_the_protocol_for_itself_and_the_user_changes_every_stage():
    class Two(Watch):
        def stages(self, protocol):
            return Stage("first", {"lr": 0.5, "epochs": 2}), Stage("second", {"milestones": (1,), "epochs": 2})

    method = Two()
    fitted(Line(), method)
    assert np.ravel(method.rates) == pytest.approx([0.5, 0.5, 0.1, 0.01])
    method = Two()
    fitted(Line(), method, user={"protocol.lr": 0.3, "protocol.gamma": 0.5})
    assert np.ravel(method.rates) == pytest.approx([0.3, 0.3, 0.3, 0.15])


class Late(Method):
    """Has two weights of its own, of which the second gets no gradient in the first step."""

    def prepare(self, task):
        super().prepare(task)
        self.early, self.late = (torch.nn.Parameter(torch.ones(1)) for _ in range(2))
        self.steps = 0

    def regularizer(self, batch):
        self.steps += 1
        return self.early.sum() + (self.late.sum() if self.steps > 1 else 0)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_sgd_takes_up_a_weight_whose_gradients_begin_later(momentum):
    method = Late()
    fitted(Line(), method, epochs=3, momentum=momentum)
    assert method.late.item() == pytest.approx(1 - 0.1 - 0.1 * (1 + momentum))


@pytest.mark.parametrize("beta", [0.3, 2.0])
def test_a_stage_that_names_huber_turns_where_the_protocol_says(beta):
    after = weights(fitted(Line(), Stages(Stage(loss="huber", select=False)), huber_beta=beta))
    np.testing.assert_allclose(after, START - 0.1 * gradient(np.array(START), "huber", beta), rtol=1e-5)
