"""Batches that have little in them, for every method that has a term."""

import pytest
import torch

from bench.dataset import Bins, Dataset
from bench.method import Views
from bench.methods.balanced_mse import BalancedMSE, batch_monte_carlo
from bench.methods.conr import ConR, conr, conr_images
from bench.methods.dino import self_distillation
from bench.methods.fds import FDS
from bench.methods.focal_r import focal_r
from bench.methods.oe import OrdinalEntropy, ordinal_diversity, ordinal_entropy
from bench.methods.ranksim import RankSim, ranksim
from bench.methods.rnc import RankNContrast, rank_n_contrast
from bench.methods.rrt import RegressorRetraining
from bench.methods.simclr import SimCLR, nt_xent
from bench.methods.srl import SRL, contrast, enveloping, homogeneity
from bench.methods.supcon import SupCon, supcon
from support.batches import FAR_LABELS, LABELS, batch_of, gradient_of, prepared, random

# term of features and targets -> the labels that it is tried on
TERMS = {
    "ranksim": (ranksim, LABELS),
    "oe": (ordinal_entropy, LABELS),
    "oe, diversity": (ordinal_diversity, LABELS),
    "conr": (lambda z, y: conr(z, y, y), FAR_LABELS),
    "conr, alike predictions": (lambda z, y: conr(z, y, y * 0), FAR_LABELS),
    "conr of images": (lambda z, y: conr_images(z, y, y * 0), FAR_LABELS),
    "rnc, one view": (lambda z, y: rank_n_contrast(z.unsqueeze(1), y), FAR_LABELS),
    "rnc, equal views": (lambda z, y: rank_n_contrast(torch.stack([z, z], 1), y), FAR_LABELS),
    "simclr": (lambda z, y: nt_xent(torch.stack([z, z.detach()], 1)), FAR_LABELS),
    "supcon, one view": (lambda z, y: supcon(z.unsqueeze(1), y), FAR_LABELS),
    "supcon, equal views": (lambda z, y: supcon(torch.stack([z, z], 1), y), FAR_LABELS),
    "dino": (lambda z, y: self_distillation(*2 * [torch.stack([z, z], 1)], z[0].detach()), FAR_LABELS),
    "enveloping": (lambda z, y: enveloping(z, torch.ones(3, z.shape[1], dtype=z.dtype)), FAR_LABELS),
    "homogeneity": (lambda z, y: homogeneity(z), FAR_LABELS),
    "contrast": (lambda z, y: contrast(z, torch.arange(len(z)), z.detach(), weighted=True), FAR_LABELS),
    "bmc": (lambda z, y: batch_monte_carlo(z[:, :1], y, 10.0), FAR_LABELS),
    "focal": (lambda z, y: focal_r(z[:, :1], z[:, :1].detach(), gamma=0.5), FAR_LABELS),
}
FUNCTIONS = [ranksim, ordinal_entropy, ordinal_diversity]


@pytest.mark.parametrize("term", TERMS)
@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("features", ["random", "equal", "zero", "some zero", "tiny"])
def test_value_and_gradient_are_finite_for_every_degenerate_batch(term, labels, dtype, features):
    function, tried = TERMS[term]
    y = tried[labels].to(dtype)
    z = {"random": random(len(y), 5), "equal": torch.ones(len(y), 5), "zero": torch.zeros(len(y), 5)}
    z |= {"some zero": z["random"] * (torch.arange(len(y)) % 2)[:, None], "tiny": z["random"] * torch.finfo(dtype).tiny}
    z = z[features].to(dtype).requires_grad_()
    loss = function(z, y)
    gradient = gradient_of(loss, z)
    assert loss.dtype == gradient.dtype == dtype
    assert loss.isfinite()
    assert gradient.isfinite().all()


@pytest.mark.parametrize(
    "term", ["ranksim", "oe", "oe, diversity", "rnc, one view", "bmc", "homogeneity", "simclr", "supcon, one view"]
)
def test_a_batch_of_one_has_value_and_gradient_zero(term):
    z = random(1, 5).requires_grad_()
    loss = TERMS[term][0](z, torch.tensor([[3.0]]))
    assert loss == 0
    assert not gradient_of(loss, z).any()


@pytest.mark.parametrize("method", [ConR, RankNContrast, BalancedMSE, SimCLR, SupCon])
def test_a_batch_of_one_counts_as_skipped(method):
    y, z = torch.tensor([[3.0]]), random(2, 5).requires_grad_()
    method = prepared(method(), y)
    batch = batch_of(z[:1], y, z[:1, :1], views=Views(z, z[:, :1]))
    term = method.loss(batch) if isinstance(method, BalancedMSE) else method.regularizer(batch)
    assert term == 0
    assert not gradient_of(term, z).any()
    assert method.skipped == 1


@pytest.mark.parametrize("method", [FDS, SRL, SupCon, RegressorRetraining])
def test_methods_that_count_by_label_bin_refuse_a_dataset_without_bins(method):
    dataset = Dataset()
    assert "label bin" in method.unsupported_reason(dataset)
    dataset.bins = Bins(0.0, 1.0, 4)
    assert method.unsupported_reason(dataset) is None


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.int64, torch.float16])
@pytest.mark.parametrize("width", [1, 3])
def test_targets_may_be_of_another_type_than_features(function, dtype, width):
    z, y = random(9, 5), torch.randint(0, 9, (9, width), generator=torch.Generator().manual_seed(3))
    loss = function(z, y.to(dtype))
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, function(z, y.float()))


@pytest.mark.parametrize("method", [RankSim(), OrdinalEntropy()])
def test_a_batch_of_one_is_skipped_and_counted(method):
    z, y = random(1, 5).requires_grad_(), torch.tensor([[3.0]])
    loss = prepared(method, y).regularizer(batch_of(z, y))
    assert loss == 0
    assert not gradient_of(loss, z).any()
    assert method.skipped == 1


@pytest.mark.parametrize("method", [RankSim(), OrdinalEntropy()])
@pytest.mark.parametrize("targets", [1, 3])
def test_draws_leave_the_global_generator_alone(method, targets):
    y = torch.randint(0, 3, (9, targets), generator=torch.Generator().manual_seed(2)).float()
    before = torch.get_rng_state()
    prepared(method, y, seed=None).regularizer(batch_of(random(9, 5), y))
    assert torch.equal(torch.get_rng_state(), before)
