"""UVOTE against its released code, and how its experts vote and weigh."""

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import stats

from bench.dataset import Bins
from bench.errors import ShapeError
from bench.method import Batch
from bench.methods.lds import LDS
from bench.methods.uvote import UVOTE, expert_weights, uvote
from bench.plugins import resolve
from bench.training.loop import Training
from support import batches
from support.batches import gradient_of, random
from support.devices import in_both_precisions, on_every_device

BINS = Bins(0.0, 1.0, 6)
LABELS = torch.tensor([0.0, 0.0, 0.0, 0.0, 1.0, 4.0])[:, None]


def prepared(method, labels, bins=BINS):
    batches.prepared(method, labels, bins)
    method.weights(labels)
    return method


def batch(method, outputs, y, w=None, epoch=1):
    return Batch(y, w, y, outputs, y, method.predict, epoch=epoch)


@on_every_device
@in_both_precisions
@pytest.mark.parametrize("name", ["uvote-two", "uvote-three"])
def test_value_gradient_and_vote_are_those_of_the_published_code(golden, name, dtype, device):
    case = golden(name)
    means, scales, y, w = (
        case.tensor(f"in_{key}", dtype, device) for key in ("means", "log_scales", "targets", "weights")
    )
    loss = uvote(means.requires_grad_(), scales.requires_grad_(), y, w, case["in_share"].item())
    assert loss.dtype == dtype
    case.check(loss, "out_loss")
    found = torch.autograd.grad(loss, [means, scales])
    case.check(found[0], "out_grad_means")
    case.check(found[1], "out_grad_log_scales")
    method, outputs = UVOTE(experts=means.shape[1]), torch.cat([means, scales], 1).flatten(1).detach()
    case.check(method.predict(outputs), "out_predictions")
    deviation = 2**0.5 * case.tensor("out_log_scale", dtype, device).clamp(-5, 5).exp()
    torch.testing.assert_close(method.columns(outputs)["deviation"], deviation)


def test_weights_by_bin_are_those_of_the_published_code(golden):
    case = golden("uvote-weights")
    ages = case.tensor("in_ages")[:, None]
    method = prepared(UVOTE(low=5, high=1000), ages, Bins(0.0, 1.0, 121))
    case.check(method.weight_of_bin[:, ages.long().flatten()].double(), "out_weights")
    counts, lds = np.bincount(case["in_ages"], minlength=121).astype(float), prepared(LDS(), ages, Bins(0.0, 1.0, 121))
    found = expert_weights(counts, 3, (5, 1000), lds.density)
    case.check(found[:, ages.long().flatten()].double(), "out_smoothed")


def test_stacked_with_lds_it_keeps_its_own_weights_and_takes_the_smoothing():
    on = resolve.dataset("concrete[rows=synthetic]")
    splits = on.dataset.load(Path("no data is read"))
    plain, stack = (resolve.method(name, on).build() for name in ("uvote", "lds+uvote"))
    for method in (plain, stack):
        Training(on.dataset, on.protocol, splits, method, 0, torch.device("cpu"))
    assert stack.weights(splits.train.labels) is None
    (expert,) = [part for part in stack.parts if isinstance(part, UVOTE)]
    assert not torch.equal(expert.weight_of_bin, plain.weight_of_bin)


def test_each_experts_loss_is_laplaces_likelihood_in_its_own_weights():
    method = prepared(UVOTE(experts=3, dynamic=False), LABELS)
    outputs, y = random(6, 6), LABELS
    bins = y.long().flatten()
    total = 0.0
    for expert, power in enumerate((0, 0.5, 1)):
        weights = np.array([4.0, 1, 1, 1, 1, 1])[bins] ** -power
        nll = -stats.laplace.logpdf(y[:, 0], outputs[:, expert], outputs[:, 3 + expert].exp())
        total += np.mean(nll * weights / weights.mean())
    assert method.loss(batch(method, outputs, y)).item() == pytest.approx(total, rel=1e-5)


def test_later_experts_join_as_epochs_pass_and_rows_own_weights_count():
    method = prepared(UVOTE(experts=2), LABELS)
    outputs, epochs = random(6, 4), method.task.protocol.epochs
    w = torch.tensor([[1.0], [0.0], [2.0], [1.0], [0.5], [1.5]])
    means, scales = outputs[:, :2].unsqueeze(2), outputs[:, 2:].unsqueeze(2)
    of_bins = method.weight_of_bin.T[LABELS.long().flatten()].unsqueeze(2)
    for epoch in (1, epochs // 2 + 1, epochs + 9):
        share = min(1, (epoch - 1) / epochs) ** 2
        expected = uvote(means, scales, LABELS, of_bins * w.unsqueeze(2), share)
        torch.testing.assert_close(method.loss(batch(method, outputs, LABELS, w, epoch)), expected)
    assert method.loss(batch(method, outputs, LABELS)) == uvote(means[:, :1], scales[:, :1], LABELS)


def test_it_votes_pixel_by_pixel_and_leaves_out_what_is_masked():
    on = resolve.dataset("nyud2[images=small]", {"protocol.epochs": 1, "protocol.batch_size": 4})
    method, splits = resolve.method("uvote", on).build(), on.dataset.load(Path("no data is read"))
    Training(on.dataset, on.protocol, splits, method, 0, torch.device("cpu"))
    assert torch.equal(method.weight_of_bin[:, 0], method.weight_of_bin[:, on.dataset.bins.first])
    outputs = random(2, 6, 3, 4)
    choice = outputs[:, 3:].argmin(1)
    assert method.predict(outputs).shape == (2, 1, 3, 4)
    assert method.predict(outputs)[1, 0, 2, 3] == outputs[1, choice[1, 2, 3], 2, 3]
    y, mask = 1 + 5 * torch.rand(2, 1, 3, 4, generator=torch.Generator().manual_seed(1)), torch.ones(2, 1, 3, 4)
    mask[0, 0, 0] = 0
    changed = torch.where(mask == 0, y + 3, y)
    assert method.loss(batch(method, outputs, y, mask)) == method.loss(batch(method, outputs, changed, mask))


def test_an_infinitely_sure_expert_gives_finite_gradients():
    means, scales = random(4, 2, 1).requires_grad_(), (random(4, 2, 1) - 1e6).requires_grad_()
    loss = uvote(means, scales, random(4, 1))
    assert gradient_of(loss, means).isfinite().all()


def test_other_shapes_and_datasets_without_bins_are_refused():
    for means, targets in ((random(4, 2), random(4, 1)), (random(4, 2, 1), random(4, 2)), (random(4, 2, 1), random(3))):
        with pytest.raises(ShapeError):
            uvote(means, means, targets)
    on = resolve.dataset("circle")
    assert "bins" in resolve.method("uvote", on).refusal(on.dataset)
