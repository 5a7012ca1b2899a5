"""Information Dropout against the published code, and its second encoder."""

from pathlib import Path

import torch

from bench.methods.infdrop import InformationDropout, information_dropout
from bench.plugins import resolve
from bench.training.loop import Training
from support.batches import batch_of, prepared, random


def test_information_dropout_is_that_of_the_published_code(golden):
    case = golden("infdrop-mlp")
    z, branch, noise = (case.tensor(f"in_{name}") for name in ("hidden", "alpha_input", "noise"))
    weight, bias = case.tensor("in_head_weight"), case.tensor("in_head_bias")
    noisy, kl = information_dropout(z, branch, noise)
    case.check(kl, "out_kl")
    case.check(0.01 * kl.sum(-1).mean(), "out_penalty")
    case.check(noisy @ weight.T + bias, "out_pred_train")
    case.check(information_dropout(z, branch, noise * 0)[0] @ weight.T + bias, "out_pred_eval")


def test_information_dropout_draws_from_its_own_generator_and_charges_each_batch_once():
    method = prepared(InformationDropout(weight=0.5), random(9, 1))
    z, y = random(4, 5), random(4, 1)
    x = method.task.encoder(random(4, 5))
    before = torch.get_rng_state()
    noisy = method.features(z, y, 1)
    assert torch.equal(torch.get_rng_state(), before)
    penalty = method.regularizer(batch_of(noisy, y))
    alpha = 0.001 + 0.49 * method.branch(x).sigmoid()
    torch.testing.assert_close(penalty, -0.5 * (alpha / 0.701).log().sum() / 4)
    noise = torch.randn(4, 5, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(noisy, z * (alpha * noise).exp())
    assert method.regularizer(batch_of(noisy, y)) == 0


def test_information_dropout_gates_dense_features_pixel_by_pixel():
    method = prepared(InformationDropout(), random(9, 1))
    method.task.encoder(random(2, 5, 3, 4))
    assert method.features(random(2, 5, 3, 4), random(2, 1, 3, 4), 1).shape == (2, 5, 3, 4)


def test_information_dropout_branches_off_a_second_encoder_that_is_trained_with_the_first():
    circle = resolve.dataset("circle", {"protocol.epochs": 3, "protocol.validate_every": 3})
    method = resolve.method("infdrop", circle).build()
    splits = circle.dataset.load(Path())
    training = Training(circle.dataset, circle.protocol, splits, method, 0, torch.device("cpu"))
    first = [p.detach().clone() for p in method.branch.parameters()]
    assert [p.shape for p in first] == [p.shape for p in training.network.encoder.parameters()]
    assert not torch.equal(first[0], next(training.network.encoder.parameters()))
    training.fit()
    assert torch.equal(method.x, splits.val.x)  # what the encoder saw last
    assert all(not torch.equal(a, b) for a, b in zip(first, method.branch.parameters(), strict=True))
