"""One stage from an encoder that was trained before."""

from pathlib import Path

import pytest
import torch

from bench.data import encoders
from bench.methods.pretrained import Pretrained
from bench.plugins import resolve
from bench.protocol import Protocol, with_protocol
from bench.training.loop import Training


@pytest.fixture(autouse=True)
def _root(tmp_path, monkeypatch):
    monkeypatch.setenv("BENCH_DATA", str(tmp_path))


def training_of(text, seed=0, **protocol):
    on = resolve.dataset("digits[images=few]", {f"protocol.{key}": value for key, value in protocol.items()})
    method = resolve.method(text, on).build_method()
    return Training(on.dataset, on.protocol, on.dataset.load(Path()), method, seed, torch.device("cpu"))


def state_of(network):
    return {key: value.clone() for key, value in network.state_dict().items()}


@pytest.mark.parametrize("freeze", [True, False])
def test_every_seed_starts_from_the_weights_and_a_frozen_encoder_keeps_them(freeze):
    start = training_of("baseline", 9).network.encoder.state_dict()
    name = encoders.keep(start, {})
    training = training_of(f"pretrained[freeze={str(freeze).lower()},init={name}]", epochs=1, lr=0.01)
    drawn, head = state_of(training.network.encoder), state_of(training.network.head)
    assert not torch.equal(drawn["1.0.weight"], start["1.0.weight"])
    plain = training_of("baseline").network.head.state_dict()
    assert all(torch.equal(head[key], plain[key]) for key in head)  # heads pair with those of other methods
    training.fit()
    after = training.network.encoder.state_dict()
    assert all(torch.equal(start[key], after[key]) for key in start) is freeze
    assert not torch.equal(head["weight"], training.network.head.weight)


def test_without_a_model_the_head_reads_features_of_the_drawn_weights():
    training = training_of("pretrained", epochs=1)
    drawn = state_of(training.network.encoder)
    training.fit()
    assert all(torch.equal(value, training.network.encoder.state_dict()[key]) for key, value in drawn.items())


def test_ages_follow_rncs_head_and_regularizers_act_where_the_encoder_is_trained():
    (stage,) = Pretrained(recipe="paper").stages(Protocol())
    protocol = with_protocol(Protocol(), stage.changes)
    assert (protocol.lr, protocol.batch_size, protocol.epochs, protocol.optimizer) == (0.05, 64, 100, "sgd")
    assert (stage.encoder, stage.regularized, stage.new_head, stage.strong) == ("eval", False, False, True)
    (stage,) = Pretrained(freeze=False).stages(Protocol())
    assert (stage.encoder, stage.regularized, dict(stage.changes)) == ("train", True, {})
    assert resolve.method("pretrained", resolve.dataset("agedb[images=synthetic]")).parts[0][1]["recipe"] == "paper"
