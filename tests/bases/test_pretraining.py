"""The two stages of methods that learn features from views, and the contrast that two of them share."""

from pathlib import Path

import pytest
import torch

from bench.dataset import Bins, Dataset
from bench.functional.contrast import view_contrast
from bench.method import Views
from bench.methods.dino import DINO
from bench.methods.simclr import SimCLR
from bench.methods.supcon import SupCon
from bench.plugins import resolve
from bench.protocol import Protocol, with_protocol
from bench.training.loop import Training
from support.batches import batch_of, gradient_of, prepared, random

METHODS = [SimCLR, SupCon, DINO]


def slow_contrast(features, alike, temperature):
    z, views = features.transpose(0, 1).flatten(0, 1), features.shape[1]
    z, alike, total = z / z.norm(dim=1, keepdim=True), alike.repeat(views, views), 0.0
    for i in range(len(z)):
        others = [k for k in range(len(z)) if k != i]
        s = {k: z[i] @ z[k] / temperature for k in others}
        everything = torch.stack([s[k] for k in others]).logsumexp(0)
        positives = [everything - s[k] for k in others if alike[i, k]]
        total = total + (torch.stack(positives).mean() if positives else 0.0)
    return total / len(z)


@pytest.mark.parametrize("views", [1, 2, 3])
def test_the_contrast_equals_a_double_loop(views):
    z = random(7, views, 4, dtype=torch.float64).requires_grad_()
    labels = torch.tensor([0, 1, 1, 2, 0, 3, 1])
    alike = labels[:, None] == labels
    fast, slow = view_contrast(z, alike, 0.3), slow_contrast(z, alike, 0.3)
    torch.testing.assert_close(fast, slow, rtol=1e-12, atol=0)
    torch.testing.assert_close(gradient_of(fast, z), gradient_of(slow, z), rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("method", METHODS)
def test_the_datasets_protocol_is_kept_unless_the_paper_is_to_be_followed(method):
    protocol = Protocol(epochs=7, lr=0.1, patience=3)
    first, second = method().stages(protocol)
    assert (first.changes, second.changes) == ({}, {})
    assert (first.pretext, first.select, first.strong) == (True, False, False)
    assert (second.encoder, second.new_head, second.regularized) == ("eval", True, False)
    first, second = method(recipe="paper").stages(protocol)
    one, other = (with_protocol(protocol, stage.changes) for stage in (first, second))
    assert (one.epochs, one.lr, one.batch_size, one.drop_last) == (400, method.lr, 256, True)
    assert (other.epochs, other.lr, other.batch_size, other.drop_last) == (100, 0.05, 64, False)
    assert first.strong
    assert second.strong


@pytest.mark.parametrize("method", METHODS)
def test_dense_targets_are_refused(method):
    dataset = Dataset()
    dataset.bins = Bins(0.0, 1.0, 4)
    assert method.unsupported_reason(dataset) is None
    dataset.dense_targets = True
    assert "one row" in method.unsupported_reason(dataset)


def test_each_projection_is_compared_with_those_of_its_own_sample():
    y, z = torch.tensor([[1.0], [2.0], [5.0]]), random(6, 5)
    method = prepared(SimCLR(), y)
    pairs = torch.stack([method.projector(z[:3]), method.projector(z[3:])], 1)
    term = method.regularizer(batch_of(z[:3], y, views=Views(z, y)))
    torch.testing.assert_close(term, view_contrast(pairs, torch.eye(3, dtype=torch.bool), 0.5))


def test_supcon_compares_by_label_bin_in_label_units():
    y, z = torch.tensor([[0.1], [0.4], [2.5]]), random(6, 5)
    method = prepared(SupCon(), 10 * y, Bins(0.0, 5.0, 8), scale=10.0)  # 1 and 4 are in the first bin, 25 is not
    pairs = torch.stack([method.projector(z[:3]), method.projector(z[3:])], 1)
    alike = torch.tensor([[1, 1, 0], [1, 1, 0], [0, 0, 1]]).bool()
    term = method.regularizer(batch_of(z[:3], y, views=Views(z, y)))
    torch.testing.assert_close(term, view_contrast(pairs, alike, 0.1))


@pytest.mark.parametrize("name", ["simclr", "supcon", "dino"])
@pytest.mark.parametrize("freeze", ["true", "false"])
def test_the_second_stage_trains_the_head_and_the_encoder_only_where_it_is_fine_tuned(name, freeze):
    on = resolve.dataset("digits[images=few]", {"protocol.epochs": 1})
    method = resolve.method(f"{name}[freeze={freeze}]", on).build_method()
    training = Training(on.dataset, on.protocol, on.dataset.load(Path()), method, 0, torch.device("cpu"))
    seen, start = {}, method.stage_start

    def stage_start(network, stage):
        start(network, stage)
        seen[stage.name] = {key: value.clone() for key, value in network.state_dict().items()}

    method.stage_start = stage_start
    fit = training.fit()
    assert [row["stage"] for row in fit.history] == ["representation", "regressor"]
    first, second, last = *seen.values(), training.network.state_dict()
    encoder = [key for key in last if key.startswith("encoder") and last[key].is_floating_point()]
    assert any(not torch.equal(first[key], second[key]) for key in encoder)
    assert all(torch.equal(second[key], last[key]) for key in encoder) is (freeze == "true")
    assert not torch.equal(second["head.weight"], last["head.weight"])
