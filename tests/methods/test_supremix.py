"""SupReMix against its released code and a loop over every mixture, and its two stages."""

import math

import pytest
import torch

from bench.method import Views
from bench.methods.supremix import SupReMix, supremix
from bench.plugins import resolve
from bench.protocol import Protocol, with_protocol
from support.batches import batch_of, gradient_of, prepared, random
from support.devices import in_both_precisions, on_every_device


def unit(*shape, seed=0):
    return torch.nn.functional.normalize(random(*shape, seed=seed, dtype=torch.float64), dim=-1)


def slow(features, y, shares, temperature, window):
    f, y = features.transpose(0, 1).flatten(0, 1), y.repeat(features.shape[1], 1)
    rows, constant = range(len(f)), f.detach()
    losses = []
    for i in rows:
        terms, positive = [], []
        for j in rows:
            gap = (y[i] - y[j]).abs().sum().item()
            if j != i:
                terms.append(math.log(1 + gap) + f[i] @ f[j] / temperature)
                positive += [f[i] @ f[j] / temperature] if gap == 0 else []
            if gap:
                mixture = shares[i, j] * constant[i] + (1 - shares[i, j]) * constant[j]
                terms.append(math.log(1 + (1 - shares[i, j]) * gap) + f[i] @ mixture / temperature)
        for j in rows if y.shape[1] == 1 else ():
            for k in rows:
                if y[i] - window < y[j] < y[i] < y[k] < y[i] + window:
                    share = (y[k] - y[i]) / (y[k] - y[j])
                    positive.append(f[i] @ (share * constant[j] + (1 - share) * constant[k]) / temperature)
                    terms.append(positive[-1])
        losses.append(torch.stack(terms).logsumexp(0) - torch.stack(positive).mean())
    return torch.stack(losses).mean()


@on_every_device
@in_both_precisions
@pytest.mark.parametrize("name", ["supremix-ages", "supremix-scores"])
def test_value_and_gradient_are_those_of_the_published_code(golden, name, dtype, device):
    case = golden(name)
    f, y, shares = (case.tensor(f"in_{key}", dtype, device) for key in ("features", "targets", "shares"))
    settings = case["in_temperature"].item(), case["in_window"].item()
    loss = supremix(f.requires_grad_(), y, shares, *settings, separate=True)
    assert loss.dtype == dtype
    case.check(loss, "out_loss")
    case.check(gradient_of(loss, f), "out_grad_features")


@pytest.mark.parametrize("targets", [1, 2])
def test_without_the_separate_shift_it_is_the_sum_over_pairs_and_mixtures(targets):
    f = unit(6, 2, 5).requires_grad_()
    y = torch.randint(0, 5, (6, targets), generator=torch.Generator().manual_seed(1)).double()
    shares = torch.rand(12, 12, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    fast, loop = supremix(f, y, shares, 0.3, 3.0), slow(f, y, shares, 0.3, 3.0)
    torch.testing.assert_close(fast, loop, rtol=1e-12, atol=0)
    torch.testing.assert_close(gradient_of(fast, f), gradient_of(loop, f), rtol=1e-10, atol=1e-14)


def test_rows_without_positives_count_nothing_and_one_row_is_no_batch():
    assert supremix(unit(3, 1, 4), torch.tensor([0.0, 100.0, 200.0]), torch.full((3, 3), 0.2)) == 0
    assert supremix(unit(1, 1, 4), torch.tensor([1.0]), torch.full((1, 1), 0.2)) == 0
    one = prepared(SupReMix(), random(9, 1))
    assert one.regularizer(batch_of(random(1, 5), random(1, 1), views=Views(random(2, 5), random(2, 1)))) == 0
    assert one.skipped == 1


def test_the_views_of_a_sample_are_projected_contrasted_by_groups_and_mixed_in_drawn_shares():
    y, z = 5 * random(5, 1), random(10, 5, seed=1)
    method = prepared(SupReMix(temperature=0.4, group=3), 7 * y, scale=7.0)
    assert method.window == pytest.approx(7 * y.std(correction=0).item() / 3)
    term = method.regularizer(batch_of(z[:5], y, views=Views(z, y)))
    again = prepared(SupReMix(temperature=0.4, group=3), 7 * y, scale=7.0)
    f = torch.nn.functional.normalize(again.projector(z)).unflatten(0, (2, 5)).transpose(0, 1)
    assert f.shape == (5, 2, 128)
    torch.testing.assert_close(term, (again._contrast(f[:3], 7 * y[:3]) + again._contrast(f[3:], 7 * y[3:])) / 2)
    drawn = []
    for seed in (1, 2):
        again.task.generator.manual_seed(seed)
        drawn.append(again._contrast(f, 7 * y).item())
    assert drawn[0] != drawn[1]


def test_it_keeps_the_datasets_protocol_unless_told_to_follow_the_paper():
    protocol = Protocol(epochs=7, lr=0.2, patience=3)
    first, second = SupReMix().stages(protocol)
    assert not first.changes
    assert not second.changes
    assert (first.pretext, first.select, second.encoder, second.new_head) == (True, False, "eval", True)
    first, second = SupReMix(recipe="paper", group=64).stages(protocol)
    one, other = (with_protocol(protocol, stage.changes) for stage in (first, second))
    assert (one.epochs, one.lr, one.batch_size, one.milestones, one.optimizer) == (100, 1e-3, 64, (80,), "adam")
    assert (other.epochs, other.lr, other.batch_size, other.milestones, other.loss) == (100, 0.1, 16, (60, 80), "mse")


def test_it_is_refused_on_depth():
    on = resolve.dataset("nyud2")
    assert "dense" in resolve.method("supremix", on).refusal(on.dataset)
