"""RankSim, OE and LDS as methods: what they draw, what they skip, and batches that have little in them."""

import pytest
import torch

from bench.dataset import Bins, Dataset
from bench.method import Batch, Task
from bench.methods.lds import LDS, bin_weights
from bench.methods.oe import OrdinalEntropy, ordinal_diversity, ordinal_entropy, ordinal_entropy_of_maps
from bench.methods.ranksim import RankSim, one_per_label, ranksim
from bench.protocol import Protocol

FUNCTIONS = [ranksim, ordinal_entropy, ordinal_diversity]
LABELS = {
    "one": torch.tensor([[3.0]]),
    "all equal": torch.full((6, 1), 3.0),
    "all distinct": torch.arange(6.0)[:, None],
    "two": torch.tensor([[3.0], [4.0]]),
    "one repeat": torch.tensor([[3.0], [4.0], [4.0]]),
}


def random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def prepared(method, labels, bins=None):
    generator = torch.Generator().manual_seed(1)
    method.prepare(Task(labels, labels, 0.0, 1.0, 5, bins, Protocol(), generator))
    return method


def batch_of(z, y):
    return Batch(y=y, w=None, z=z, outputs=y, targets=y, predict=lambda outputs: outputs)


def gradient_of(loss, z):
    return torch.autograd.grad(loss, z)[0]


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
@pytest.mark.parametrize("features", ["random", "equal", "zero"])
def test_value_and_gradient_are_finite_for_every_degenerate_batch(function, labels, dtype, features):
    y = LABELS[labels].to(dtype)
    z = {"random": random(len(y), 5), "equal": torch.ones(len(y), 5), "zero": torch.zeros(len(y), 5)}[features]
    z = z.to(dtype).requires_grad_()
    loss = function(z, y)
    gradient = gradient_of(loss, z)
    assert loss.dtype == gradient.dtype == dtype
    assert loss.isfinite()
    assert gradient.isfinite().all()


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.int64, torch.float16])
@pytest.mark.parametrize("width", [1, 3])
def test_targets_may_be_of_another_type_than_features(function, dtype, width):
    z, y = random(9, 5), torch.randint(0, 9, (9, width), generator=torch.Generator().manual_seed(3))
    loss = function(z, y.to(dtype))
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, function(z, y.float()))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_batch_of_one_has_value_and_gradient_zero(function):
    z = random(1, 5).requires_grad_()
    loss = function(z, torch.tensor([[3.0]]))
    assert loss == 0
    assert not gradient_of(loss, z).any()


def test_distinct_labels_leave_the_diversity_alone():
    z, y = random(6, 5), LABELS["all distinct"]
    torch.testing.assert_close(ordinal_entropy(z, y), ordinal_diversity(z, y))


def test_equal_labels_leave_the_tightness_alone():
    z = torch.tensor([[2.0, 0.0], [0.0, 2.0]])
    # both are at 45 degrees from their centre
    assert ordinal_entropy(z, torch.ones(2, 1)).item() == pytest.approx((2 - 2**0.5) ** 0.5)


def test_equal_targets_have_no_diversity():
    assert ordinal_diversity(random(6, 5), LABELS["all equal"]).item() == 0


@pytest.mark.parametrize("method", [RankSim(), OrdinalEntropy()])
def test_a_batch_of_one_is_skipped_and_counted(method):
    z, y = random(1, 5).requires_grad_(), torch.tensor([[3.0]])
    loss = prepared(method, y).regularizer(batch_of(z, y))
    assert loss == 0
    assert not gradient_of(loss, z).any()
    assert method.skipped == 1


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


def test_ordinal_entropy_of_several_targets_draws_some_rows_but_never_the_last():
    method = prepared(OrdinalEntropy(weight=0.1, samples=4), random(9, 3))
    drawn = torch.zeros(9, dtype=torch.bool)
    for _ in range(30):
        z = random(9, 5).requires_grad_()
        rows = gradient_of(method.regularizer(batch_of(z, random(9, 3, seed=1))), z).any(1)
        assert rows.sum() == 4
        drawn |= rows
    assert drawn.tolist() == [True] * 8 + [False]


def test_ordinal_entropy_of_several_targets_takes_all_rows_but_the_last_of_a_small_batch():
    method = prepared(OrdinalEntropy(weight=0.1), random(9, 3))
    z, y = random(9, 5), random(9, 3, seed=1)
    expected = 0.1 * ordinal_diversity(z[:8], y[:8])
    torch.testing.assert_close(method.regularizer(batch_of(z, y)), expected)


def test_ordinal_entropy_of_one_target_takes_the_whole_batch():
    z, y = random(3, 5), LABELS["one repeat"]
    method = prepared(OrdinalEntropy(weight=2.0), y)
    torch.testing.assert_close(method.regularizer(batch_of(z, y)), 2 * ordinal_entropy(z, y))


@pytest.mark.parametrize("method", [RankSim(), OrdinalEntropy()])
@pytest.mark.parametrize("targets", [1, 3])
def test_draws_leave_the_global_generator_alone(method, targets):
    y = torch.randint(0, 3, (9, targets), generator=torch.Generator().manual_seed(2)).float()
    before = torch.get_rng_state()
    prepared(method, y).regularizer(batch_of(random(9, 5), y))
    assert torch.equal(torch.get_rng_state(), before)


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


def test_ordinal_entropy_of_maps_is_the_mean_over_images_of_every_fourth_pixel_that_counts():
    z = torch.randn(3, 5, 11, 8, generator=torch.Generator().manual_seed(4)).requires_grad_()
    y = torch.arange(3 * 11 * 8).view(3, 1, 11, 8) % 5 / 2
    mask = torch.ones_like(y, dtype=torch.bool)
    mask[1, 0, 4, 4] = mask[1, 0, 0, 1] = False
    mask[2] = False
    points = [[(0, 0), (0, 4), (4, 0), (4, 4)], [(0, 0), (0, 4), (4, 0)]]
    of_images = [
        ordinal_entropy(
            torch.stack([z[image, :, i, j] for i, j in chosen]), torch.stack([y[image, :, i, j] for i, j in chosen])
        )
        for image, chosen in enumerate(points)
    ]
    loss = ordinal_entropy_of_maps(z, y, mask)
    torch.testing.assert_close(loss, sum(of_images) / 3)
    assert not gradient_of(loss, z)[2].any()
