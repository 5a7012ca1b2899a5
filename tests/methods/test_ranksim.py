"""RankSim against the published code and slow code, and which rows it draws."""

import math

import pytest
import torch
from torch.nn.functional import normalize

from bench.methods.ranksim import PENALTIES, SIMILARITIES, RankSim, one_per_label, rank, ranksim
from support.batches import LABELS, batch_of, prepared, random
from support.devices import on_every_device


@pytest.mark.parametrize("name", ["ranksim-ties", "ranksim-allequal"])
def test_rows_that_ranksim_leaves_out_have_no_gradient(golden, name):
    case = golden(name)
    z, y, rows = case.tensor("in_features_full"), case.tensor("in_targets_full"), case["in_sampled_indices"]
    ranksim(z.requires_grad_()[rows], y[rows]).backward()
    case.check(z.grad, "out_grad_features_full")


@on_every_device
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
def test_ranks_are_those_of_the_published_code(golden, dtype, device):
    case = golden("ranksim-rank")
    ranks = rank(case.tensor("in_seq", dtype, device))
    assert ranks.dtype == dtype
    case.check(ranks.double() - 1, "out_rank0")


def slow_rank(row):
    n = len(row)
    return [1 + sum(row[k] > row[j] or (row[k] == row[j] and k > j) for k in range(n)) for j in range(n)]


def slow_ranksim(z, y, step, weight):
    """The value, and the gradient of weight times it."""
    m = len(z)
    z = z.detach().requires_grad_()
    similarity = normalize(z) @ normalize(z).T
    value, proxy = 0.0, torch.zeros((), dtype=z.dtype)
    for i in range(m):
        scores = similarity[i].tolist()
        labels = [-math.dist(y[i].tolist(), y[j].tolist()) for j in range(m)]
        ranks, label_ranks = slow_rank(scores), slow_rank(labels)
        gaps = [(a - b) / m for a, b in zip(ranks, label_ranks, strict=True)]
        value += sum(gap**2 for gap in gaps) / m
        moved = slow_rank([s + step * weight * 2 * gap / m for s, gap in zip(scores, gaps, strict=True)])
        slope = [-(a - b) / m / (step + 1e-8) for a, b in zip(ranks, moved, strict=True)]
        proxy = proxy + (torch.tensor(slope, dtype=z.dtype) * similarity[i]).sum()
    proxy.backward()
    return value, z.grad


@pytest.mark.parametrize("targets", [1, 3])
@pytest.mark.parametrize(("step", "weight"), [(2.0, 1.0), (2.0, 100.0), (0.5, 3e-4)])
def test_ranksim_equals_a_double_loop_with_its_weight_inside_the_perturbation(targets, step, weight):
    rng = torch.Generator().manual_seed(1)
    z = torch.randn(17, 6, generator=rng, dtype=torch.float64).requires_grad_()
    y = torch.randint(0, 9, (17, targets), generator=rng).double()  # some labels equal, many distances equal
    loss = ranksim(z, y, step)
    (weight * loss).backward()
    value, gradient = slow_ranksim(z, y, step, weight)
    assert loss.item() == pytest.approx(value, rel=1e-12)
    torch.testing.assert_close(z.grad, gradient, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("shape", [(1,), (9,), (3, 4, 11)])
def test_rank_equals_counting_larger_values_and_later_equal_ones(dtype, shape):
    scores = torch.randint(-3, 4, shape, generator=torch.Generator().manual_seed(2)).to(dtype) / 3
    expected = [slow_rank(row) for row in scores.reshape(-1, shape[-1]).tolist()]
    assert rank(scores).tolist() == torch.tensor(expected).reshape(shape).tolist()


def test_zeros_of_both_signs_rank_as_equals():
    assert rank(torch.tensor([0.0, -0.0, 0.0, -1.0])).tolist() == [3, 2, 1, 4]


def test_ranksim_skips_a_batch_with_one_label_and_no_other():
    method = prepared(RankSim(), LABELS["all equal"])
    z = random(6, 5).requires_grad_()
    assert method.regularizer(batch_of(z, LABELS["all equal"])) == 0
    assert method.skipped == 1
    assert method.regularizer(batch_of(z, LABELS["all distinct"])) > 0
    assert method.skipped == 1


def test_ranksim_draws_each_row_of_a_label_equally_often_and_labels_in_ascending_order():
    y = torch.tensor([[5.0], [2.0], [5.0], [9.0], [2.0], [5.0]])
    generator = torch.Generator().manual_seed(0)
    draws = torch.stack([one_per_label(y, generator)[0] for _ in range(600)])
    assert (y[draws].squeeze(-1) == torch.tensor([2.0, 5.0, 9.0])).all()
    drawn = draws.flatten().bincount()
    assert drawn[3] == 600
    assert (drawn[[1, 4]] - 300).abs().max() < 60
    assert (drawn[[0, 2, 5]] - 200).abs().max() < 60


def test_ranksim_keeps_the_order_of_a_batch_without_repeats():
    y = torch.tensor([[5.0, 1.0], [2.0, 1.0], [2.0, 3.0]])
    assert one_per_label(y, torch.Generator())[0].tolist() == [0, 1, 2]


def test_ranksim_weighs_the_term_over_the_rows_drawn():
    y = torch.tensor([[5.0], [2.0], [5.0], [9.0], [2.0], [5.0]])
    z = random(6, 5)
    loss = prepared(RankSim(weight=10.0, interpolation=1.0), y).regularizer(batch_of(z, y))
    rows, _ = one_per_label(y, torch.Generator().manual_seed(1))
    assert loss.item() == pytest.approx(10 * ranksim(z[rows], y[rows]).item())


def slow_penalty(name, a, b):
    gaps = [abs(x - y) for x, y in zip(a, b, strict=True)]
    if name == "linf":
        return max(gaps)
    if name == "cosine":
        return 1 - sum(x * y for x, y in zip(a, b, strict=True)) / math.hypot(*a) / math.hypot(*b)
    each = {"mse": lambda gap: gap**2, "mae": abs, "huber": lambda gap: gap**2 / 2 if gap < 1 else gap - 0.5}[name]
    return sum(map(each, gaps)) / len(gaps)


def slow_similarity(name, a, b):
    gaps = [abs(x - y) for x, y in zip(a, b, strict=True)]
    if name in ("mse", "mae"):
        return -sum(gap ** (2 if name == "mse" else 1) for gap in gaps) / len(gaps)
    if name == "linf":
        return -max(gaps)
    shift = [sum(one) / len(one) if name == "correlation" else 0 for one in (a, b)]
    a, b = ([value - shift[k] for value in one] for k, one in enumerate((a, b)))
    return sum(x * y for x, y in zip(a, b, strict=True)) / math.hypot(*a) / math.hypot(*b)


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_every_penalty_and_similarity_is_the_papers_formula_of_ranks_divided_by_their_number(penalty, similarity):
    z, y = random(9, 5, dtype=torch.float64), torch.tensor([3.0, 1, 4, 1, 5, 9, 2, 6, 5]).double()
    total = 0.0
    for i in range(9):
        scores = [slow_similarity(similarity, z[i].tolist(), z[j].tolist()) if i != j else math.inf for j in range(9)]
        labels = [-abs(float(y[i] - y[j])) for j in range(9)]
        ranks, label_ranks = ([rank / 9 for rank in slow_rank(row)] for row in (scores, labels))
        total += slow_penalty(penalty, ranks, label_ranks)
    assert ranksim(z, y, 2.0, None, penalty, similarity).item() == pytest.approx(total, rel=1e-9)


@pytest.mark.parametrize("weight", [1.0, 100.0])
def test_the_general_way_gives_the_value_and_gradient_of_the_fused_one(monkeypatch, weight):
    z, y = random(17, 6, dtype=torch.float64).requires_grad_(), torch.arange(17.0).double() % 7
    fused = weight * ranksim(z, y)
    expected = torch.autograd.grad(fused, z)[0]
    monkeypatch.setitem(SIMILARITIES, "mse", SIMILARITIES["cosine"])
    general = weight * ranksim(z, y, similarity="mse")
    torch.testing.assert_close(general, fused)
    torch.testing.assert_close(torch.autograd.grad(general, z)[0], expected)


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_rows_that_are_left_out_do_not_count_and_others_have_a_gradient(penalty, similarity):
    z, y = random(8, 5).requires_grad_(), torch.tensor([3.0, 1, 4, 1, 5, 9, 2, 6])
    present = torch.tensor([True, True, False, True, True, False, True, True])
    some = ranksim(z, y, 2.0, present, penalty, similarity)
    alone = ranksim(z[present], y[present], 2.0, None, penalty, similarity)
    torch.testing.assert_close(some, alone)
    gradient = torch.autograd.grad(some, z)[0]
    torch.testing.assert_close(gradient, torch.autograd.grad(alone, z)[0])
    assert gradient[present].any()
    assert not gradient[~present].any()


def test_without_sampling_every_row_of_the_batch_is_ranked():
    z, y = random(6, 5), LABELS["all equal"] + torch.tensor([[0.0], [0], [1], [1], [2], [2]])
    term = prepared(RankSim(weight=3.0, sampling=False), y).regularizer(batch_of(z, y))
    torch.testing.assert_close(term, 3 * ranksim(z, y))
    sampled = prepared(RankSim(weight=3.0), y).regularizer(batch_of(z, y))
    assert term != sampled
