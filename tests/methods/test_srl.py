"""SRL against the published code and the formulas, and its surrogate."""

import torch
from torch.nn.functional import normalize

from bench.dataset import Bins
from bench.methods.srl import SRL, contrast, enveloping, homogeneity, latent_trace
from support.batches import batch_of, prepared, random
from support.devices import in_both_precisions, on_every_device


@on_every_device
@in_both_precisions
def test_srl_terms_on_the_completed_trace_are_those_of_the_published_code(golden, dtype, device):
    case = golden("srl-typical")
    f = case.tensor("in_features", dtype, device).requires_grad_()
    bins = case.tensor("in_labels", torch.int64, device)
    trace = latent_trace(f, bins, case.tensor("in_surrogate", dtype, device))
    terms = {
        "contrastive": contrast(f, bins, trace.detach(), temperature=0.3),
        "uniformity": enveloping(trace, case.tensor("in_points", dtype, device)),
        "smooth": homogeneity(trace),
    }
    for name, term in terms.items():
        case.check(term, f"out_{name}")
        case.check(torch.autograd.grad(term, f, retain_graph=True)[0], f"out_grad_{name}")


def test_srl_weighs_its_terms_and_completes_the_trace_with_the_surrogate():
    labels = torch.tensor([[0.5], [1.5], [1.7], [3.2]])
    method = prepared(SRL(2.0, 3.0, 4.0, points=7, width=6), labels, Bins(0.0, 1.0, 5))
    z, y = random(4, 5), method.task.y
    method.epoch_end(random(4, 5, seed=1), y, 1)
    f, bins = method.projector(z), torch.tensor([0, 1, 1, 3])
    trace = latent_trace(f, bins, method.surrogate)
    centre = normalize(normalize(f)[1:3].mean(0), dim=0)
    torch.testing.assert_close(trace[1], centre)
    expected = 2 * contrast(f, bins, trace.detach()) + 3 * enveloping(trace, method.points) + 4 * homogeneity(trace)
    torch.testing.assert_close(method.regularizer(batch_of(z, y)), expected)


def test_srl_moves_the_surrogate_with_momentum_and_leaves_unseen_bins_at_zero():
    labels = torch.tensor([[0.5], [2.5]])
    method = prepared(SRL(width=6), labels, Bins(0.0, 1.0, 4))
    first, second = random(2, 5), random(2, 5, seed=1)
    for epoch, z in enumerate((first, second), start=1):
        method.epoch_end(z, method.task.y, epoch)
    means = [normalize(method.projector(z)).detach() for z in (first, second)]
    torch.testing.assert_close(method.surrogate[[0, 2]], 0.9 * means[0] + 0.1 * means[1])
    assert not method.surrogate[[1, 3]].any()


def test_contrast_of_weighted_bins_counts_distant_ones_more():
    f, trace, bins = random(3, 4), random(5, 4, seed=1), torch.tensor([0, 4, 2])
    cosines = normalize(f) @ normalize(trace).T / 0.1
    factors = torch.tensor([[1, 2, 3, 4, 5], [5, 4, 3, 2, 1], [3, 2, 1, 2, 3]]) / 5
    expected = ((factors * cosines.exp()).sum(1).log() - cosines[torch.arange(3), bins]).mean()
    torch.testing.assert_close(contrast(f, bins, trace, weighted=True), expected)


def test_integer_labels_stay_in_their_bin_when_the_targets_are_standardised():
    labels = torch.arange(1.0, 30.0)[:, None]
    task = prepared(SRL(), labels, Bins(1.0, 1.0, 29), shift=9.930834, scale=3.221).task
    assert task.bin_of(task.y)[:, 0].tolist() == list(range(29))


def test_the_surrogate_is_zero_for_one_epoch_more_as_released_and_then_the_newest():
    labels = torch.tensor([[0.5], [2.5]])
    now, later = (prepared(SRL(width=6, lag=lag), labels, Bins(0.0, 1.0, 4)) for lag in (1, 2))
    for epoch in range(3):
        for method in (now, later):
            method.epoch_end(random(2, 5, seed=epoch), method.task.y, epoch)
        assert now.surrogate.any()
        assert torch.equal(later.surrogate, now.surrogate if epoch else torch.zeros_like(now.surrogate))


def test_the_first_epochs_may_be_of_the_task_loss_alone():
    labels = torch.tensor([[0.5], [2.5]])
    method = prepared(SRL(width=6, warm_up=1), labels, Bins(0.0, 1.0, 4))
    z = random(2, 5)
    assert method.regularizer(batch_of(z, method.task.y)) == 0
    method.epoch_end(z, method.task.y, 0)
    assert method.regularizer(batch_of(z, method.task.y)) != 0


def test_without_a_surrogate_the_trace_runs_over_the_bins_of_the_batch():
    labels = torch.tensor([[0.5], [1.5], [1.7], [3.2]])
    method = prepared(SRL(2.0, 3.0, 4.0, points=7, width=6, surrogate=False), labels, Bins(0.0, 1.0, 5))
    method.epoch_end(random(4, 5, seed=1), method.task.y, 0)
    z = random(4, 5)
    f, own = method.projector(z), torch.tensor([0, 1, 1, 2])
    trace = latent_trace(f, own, torch.zeros(3, 6))
    expected = 2 * contrast(f, own, trace.detach()) + 3 * enveloping(trace, method.points) + 4 * homogeneity(trace)
    torch.testing.assert_close(method.regularizer(batch_of(z, method.task.y)), expected)
