"""LDS against the published code and slow code, and how it looks weights up."""

import numpy as np
import pytest
import torch
from scipy.ndimage import convolve1d
from scipy.signal.windows import triang

from bench.dataset import Bins, Dataset
from bench.errors import BenchError
from bench.methods.lds import LDS, bin_weights, window
from support.batches import prepared


@pytest.mark.parametrize("name", ["gaussian_5_2", "gaussian_9_1", "triang_5", "laplace_5_2"])
def test_windows_are_those_of_the_published_code(golden, name):
    case = golden("lds-kernels")
    kernel, size, sigma = [*name.split("_"), "1"][:3]
    values = window(kernel, int(size), float(sigma))
    case.check(values, f"out_{name}")
    case.check(values / values.sum(), f"out_fds_{name}")


@pytest.mark.parametrize(
    ("name", "smoothing"),
    [("lds-agedb-sqrtinv", None), ("lds-agedb-sqrtinv-lds-gaussian5-2", ("gaussian", 5, 2.0))],
)
@pytest.mark.parametrize("kind", [list, np.asarray, torch.as_tensor, lambda counts: torch.tensor(counts).float()])
def test_agedb_weights_are_those_of_the_published_code(golden, name, smoothing, kind):
    case = golden(name)
    labels = case["in_labels"].clip(max=120)
    weights = bin_weights(kind(np.bincount(labels, minlength=121)), "sqrt_inverse", smoothing=smoothing)
    assert weights.shape == (121,)
    assert weights.dtype == torch.float32
    case.check(weights[labels].double(), "out_weights")
    case.check(weights[case["out_age"]].double(), "out_weight_of_age")


def test_stsb_weights_are_those_of_the_published_code(golden):
    case = golden("lds-stsb-inverse")
    edges = np.linspace(0, 5, 51).astype(np.float32)  # in float64 many scores would fall into the bin below
    bins = np.clip(np.searchsorted(edges, case["in_labels"], side="right") - 1, 0, 49)
    weights = bin_weights(np.bincount(bins, minlength=50), "inverse")
    case.check(weights[bins].double(), "out_weights")


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


def test_lds_looks_weights_up_by_label_bin():
    labels = torch.tensor([[0.5], [0.7], [2.5], [2.9], [2.1], [2.2]])
    method = prepared(LDS(size=1), labels, Bins(0.0, 1.0, 4))
    weights = method.weights(labels)
    assert weights.shape == (6, 1)
    torch.testing.assert_close(weights, bin_weights([2, 0, 4, 0], "sqrt_inverse")[[0, 0, 2, 2, 2, 2]][:, None])
    assert weights.mean().item() == pytest.approx(1)


@pytest.mark.parametrize(("scheme", "clip"), [("inverse", (5, 10)), ("sqrt_inverse", None)])
def test_lds_clips_inverse_counts_alone(scheme, clip):
    labels = torch.repeat_interleave(torch.arange(4.0), torch.tensor([1, 8, 30, 2]))[:, None]
    method = prepared(LDS(scheme=scheme, low=5, high=10), labels, Bins(0.0, 1.0, 4))
    expected = bin_weights([1, 8, 30, 2], scheme, clip, ("gaussian", 5, 2.0))
    torch.testing.assert_close(method.weights(labels), expected[labels.long()])


def test_lds_refuses_a_dataset_without_bins():
    dataset = Dataset()
    assert "no label bins" in LDS.unsupported_reason(dataset)
    dataset.bins = Bins(0.0, 1.0, 4)
    assert LDS.unsupported_reason(dataset) is None
