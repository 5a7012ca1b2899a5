"""RankSim, OE and LDS against slow code that follows the formulas of the papers' sheets line by line."""

import math

import numpy as np
import pytest
import torch
from scipy.ndimage import convolve1d
from scipy.signal.windows import triang
from torch.nn.functional import normalize

from bench.errors import BenchError
from bench.methods.lds import bin_weights, window
from bench.methods.oe import ordinal_diversity, ordinal_entropy
from bench.methods.ranksim import rank, ranksim


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


def slow_diversity(u, y):
    pairs = [(k, j) for k in range(len(u)) for j in range(k + 1, len(u))]
    gaps = [(y[k] - y[j]).norm().item() for k, j in pairs]
    terms = [(g - min(gaps)) / max(gaps) * (u[k] - u[j]).norm() for (k, j), g in zip(pairs, gaps, strict=True)]
    return sum(terms) / len(pairs)


def slow_entropy(z, y):
    labels = sorted(set(y.flatten().tolist()))
    groups = [[i for i in range(len(z)) if y[i].item() == label] for label in labels]
    centers = [normalize(sum(z[i] for i in group) / len(group), dim=0) for group in groups]
    pulls = [
        (normalize(z[i], dim=0) - center).norm()
        for group, center in zip(groups, centers, strict=True)
        for i in group
        if len(group) > 1
    ]
    return sum(pulls) / len(pulls) - slow_diversity(centers, torch.tensor(labels, dtype=z.dtype)[:, None])


def gradient_of(function, z, y):
    z = z.detach().requires_grad_()
    loss = function(z, y)
    loss.backward()
    return loss.detach(), z.grad


def test_ordinal_entropy_equals_a_double_loop():
    rng = torch.Generator().manual_seed(3)
    z = torch.randn(24, 7, generator=rng, dtype=torch.float64)
    y = torch.randint(0, 15, (24, 1), generator=rng).double()
    torch.testing.assert_close(gradient_of(ordinal_entropy, z, y), gradient_of(slow_entropy, z, y))


def test_ordinal_diversity_equals_a_double_loop():
    rng = torch.Generator().manual_seed(4)
    z, y = (torch.randn(20, width, generator=rng, dtype=torch.float64) for width in (7, 3))
    expected = gradient_of(lambda z, y: -slow_diversity(normalize(z), y), z, y)
    torch.testing.assert_close(gradient_of(ordinal_diversity, z, y), expected)


def test_smoothed_whole_counts_lose_their_fraction_even_where_it_is_rounding_noise():
    counts = np.full(9, 5)
    smoothed = convolve1d(counts, triang(5), mode="constant")
    assert smoothed[4] == 14  # 15 but for rounding
    weights = bin_weights(counts, "inverse", smoothing=("triang", 5, 1.0)).double().numpy()
    np.testing.assert_allclose(weights, (1 / smoothed) / (1 / smoothed).mean(), rtol=1e-6)


def test_clipping_comes_before_smoothing():
    counts = [0, 3, 2000, 40, 7]
    smoothed = convolve1d(np.clip(counts, 5, 1000), window("gaussian", 5, 2.0).numpy(), mode="constant")
    expected = 1 / smoothed
    expected *= sum(counts) / (expected @ counts)
    weights = bin_weights(counts, "inverse", clip=(5, 1000), smoothing=("gaussian", 5, 2.0))
    np.testing.assert_allclose(weights, expected, rtol=1e-6)


def test_reflecting_borders_give_the_bins_before_the_seventh_its_value():
    counts = np.r_[np.zeros(7, int), np.random.default_rng(5).integers(10**5, 10**7, 93)]
    for smoothing in (None, ("gaussian", 5, 2.0)):
        density = np.sqrt(counts[7:])
        if smoothing:
            # a mirror that repeats the border bin
            padded = np.r_[density[1::-1], density, density[:-3:-1]]
            density = np.convolve(padded, window(*smoothing).numpy(), mode="valid")
        expected = 1 / density
        expected = np.r_[[expected[0]] * 7, expected] * counts.sum() / (expected @ counts[7:])
        weights = bin_weights(counts, "sqrt_inverse", smoothing=smoothing, border="reflect")
        np.testing.assert_allclose(weights, expected, rtol=1e-6)


@pytest.mark.parametrize("scheme", ["inverse", "sqrt_inverse"])
@pytest.mark.parametrize("smoothing", [None, ("laplace", 3, 1.0)])
def test_weights_average_to_one_over_the_samples_and_empty_bins_stay_finite(scheme, smoothing):
    counts = torch.tensor([0, 0, 0, 9, 1, 0, 400])
    weights = bin_weights(counts, scheme, smoothing=smoothing)
    assert (weights @ counts.float() / counts.sum()).item() == pytest.approx(1, rel=1e-5)
    assert weights.isfinite().all()
    assert weights[0] == 0


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: bin_weights([1, 2], "sqrt"), "no scheme 'sqrt'"),
        (lambda: bin_weights([1, 2], "inverse", border="mirror"), "no border 'mirror'"),
        (lambda: bin_weights([0, 0], "inverse"), "0 samples in 2 bins"),
        (lambda: bin_weights([3, 4], "inverse", border="reflect"), "7 samples in 2 bins"),
        (lambda: window("box", 5, 1.0), "no kernel 'box'"),
        (lambda: window("triang", 4, 1.0), "4 bins"),
        (lambda: window("gaussian", 5, 0.0), "sigma above 0"),
    ],
)
def test_bad_settings_are_refused_with_a_sentence(make, says):
    with pytest.raises(BenchError, match=says):
        make()
