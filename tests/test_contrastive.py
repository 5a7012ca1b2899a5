"""The same methods against slow code, on degenerate batches, and as slots of the training loop."""

import math
from pathlib import Path

import pytest
import torch
from torch.nn.functional import normalize

from bench.dataset import Bins, Dataset
from bench.errors import BenchError
from bench.functional.smoothing import window
from bench.method import Batch, Task, Views
from bench.methods.balanced_mse import BalancedMSE, batch_monte_carlo, bin_based, mixture_based
from bench.methods.conr import ConR, conr, conr_images
from bench.methods.fds import FDS, Table, calibrate
from bench.methods.focal_r import FocalR, focal_r
from bench.methods.infdrop import InformationDropout
from bench.methods.rnc import RankNContrast, distances, rank_n_contrast
from bench.methods.rrt import RegressorRetraining
from bench.methods.srl import SRL, contrast, enveloping, homogeneity, latent_trace
from bench.plugins import resolve
from bench.protocol import Protocol
from bench.training.loop import Training

LABELS = {
    "one": torch.tensor([[3.0]]),
    "two": torch.tensor([[3.0], [40.0]]),
    "all equal": torch.full((6, 1), 3.0),
    "all distinct": 10 * torch.arange(6.0)[:, None],
    "one repeat": torch.tensor([[3.0], [40.0], [40.0]]),
}
TERMS = {
    "conr": lambda z, y: conr(z, y, y),
    "conr, alike predictions": lambda z, y: conr(z, y, y * 0),
    "conr of images": lambda z, y: conr_images(z, y, y * 0),
    "rnc, one view": lambda z, y: rank_n_contrast(z.unsqueeze(1), y),
    "rnc, equal views": lambda z, y: rank_n_contrast(torch.stack([z, z], 1), y),
    "enveloping": lambda z, y: enveloping(z, torch.ones(3, z.shape[1], dtype=z.dtype)),
    "homogeneity": lambda z, y: homogeneity(z),
    "contrast": lambda z, y: contrast(z, torch.arange(len(z)), z.detach(), weighted=True),
    "bmc": lambda z, y: batch_monte_carlo(z[:, :1], y, 10.0),
    "focal": lambda z, y: focal_r(z[:, :1], z[:, :1].detach(), gamma=0.5),
}


def random(*shape, seed=0, dtype=torch.float32):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def task(labels, bins=None, shift=0.0, scale=1.0, width=5):
    y = (labels - shift) / scale
    return Task(labels, y, shift, scale, width, bins, Protocol(), torch.Generator().manual_seed(1))


def prepared(method, *args, **kwargs):
    torch.manual_seed(0)
    method.prepare(task(*args, **kwargs))
    return method


def batch_of(z, y, y_hat=None, views=None, w=None, stage="train"):
    y_hat = y if y_hat is None else y_hat
    return Batch(y=y, w=w, z=z, outputs=y_hat, targets=y, predict=lambda o: o, views=views, stage=stage)


def gradient_of(loss, z):
    return torch.autograd.grad(loss, z)[0]


def slow_conr(z, y, y_hat, w, window, temperature, push, images=False):
    z, total = normalize(z), 0.0
    for i in range(len(z)):
        gaps = [(y[i] - y[j]).abs().sum().item() for j in range(len(z))]
        positives = [j for j in range(len(z)) if j != i and gaps[j] <= window]
        negatives = [
            j for j in range(len(z)) if gaps[j] > window and (y_hat[i] - y_hat[j]).abs().sum().item() <= window
        ]
        if not positives or not negatives:
            continue
        s = z @ z[i] / temperature
        denominator = len(z) - len(positives) + sum(s[j].exp() for j in positives)
        for j in negatives:
            factor = push * gaps[j] if images else math.exp(push * gaps[j])
            denominator = denominator + w[i, 0] * factor * s[j].exp()
        terms = sum(denominator.log() - s[j] for j in positives)
        total = total + (terms / (len(positives) + 1) if images else w[i, 0] * terms / len(positives))
    return total / len(z)


def slow_rnc(features, y, temperature):
    z = features.transpose(0, 1).flatten(0, 1)
    y, n, total = y.repeat(features.shape[1], 1), len(z), 0.0
    for i in range(n):
        s = [-((z[i] - z[k]).square().sum().sqrt()) / temperature if k != i else None for k in range(n)]
        gaps = [(y[i] - y[k]).abs().sum() for k in range(n)]
        for j in set(range(n)) - {i}:
            far = torch.stack([s[k] for k in range(n) if k != i and gaps[k] >= gaps[j]])
            total = total + far.logsumexp(0) - s[j]
    return total / (n * (n - 1))


@pytest.mark.parametrize("images", [False, True])
@pytest.mark.parametrize("targets", [1, 2])
def test_conr_equals_a_double_loop(images, targets):
    z = random(14, 6, dtype=torch.float64).requires_grad_()
    y = random(14, targets, seed=1, dtype=torch.float64)
    y_hat, w = y + random(14, targets, seed=2, dtype=torch.float64), random(14, 1, seed=3).double().abs()
    term = conr_images if images else conr
    fast = term(z, y, y_hat, w, 0.8, 0.2, 0.3)
    slow = slow_conr(z, y, y_hat, w, 0.8, 0.2, 0.3, images)
    assert slow > 0
    torch.testing.assert_close(fast, slow, rtol=1e-12, atol=0)
    torch.testing.assert_close(gradient_of(fast, z), gradient_of(slow, z), rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("views", [1, 2, 3])
@pytest.mark.parametrize("targets", [1, 2])
def test_rnc_equals_a_triple_loop(views, targets):
    z = random(7, views, 4, dtype=torch.float64).requires_grad_()
    y = torch.randint(0, 4, (7, targets), generator=torch.Generator().manual_seed(1)).double()
    fast, slow = rank_n_contrast(z, y, 0.7), slow_rnc(z, y, 0.7)
    torch.testing.assert_close(fast, slow, rtol=1e-12, atol=0)
    torch.testing.assert_close(gradient_of(fast, z), gradient_of(slow, z), rtol=1e-10, atol=1e-14)


def test_distances_of_close_rows_far_from_the_origin_are_exact_in_float32():
    rows = 30 + random(40, 64, dtype=torch.float64)
    rows[1], rows[2] = rows[0], rows[0] + 1e-3 * random(64, seed=1)
    rows = rows.float()
    exact = (rows.double().unsqueeze(1) - rows.double()).square().sum(-1).sqrt()
    torch.testing.assert_close(distances(rows).double(), exact, rtol=1e-6, atol=0)


def test_rnc_stands_distances_whose_exponentials_underflow():
    z = torch.tensor([[0.0], [1e4], [3e4]]).unsqueeze(1).requires_grad_()
    loss = rank_n_contrast(z, torch.tensor([[0.0], [1.0], [2.0]]))
    # only the pair of row 1 with row 2 has a nearer one in its set: 20000 against 10000, over τ = 2
    assert loss.item() == pytest.approx(5000 / 6)
    assert gradient_of(loss, z).isfinite().all()


@pytest.mark.parametrize("term", TERMS)
@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
@pytest.mark.parametrize("features", ["random", "equal", "zero"])
def test_value_and_gradient_are_finite_for_every_degenerate_batch(term, labels, dtype, features):
    y = LABELS[labels].to(dtype)
    z = {"random": random(len(y), 5), "equal": torch.ones(len(y), 5), "zero": torch.zeros(len(y), 5)}
    z = z[features].to(dtype).requires_grad_()
    loss = TERMS[term](z, y)
    gradient = gradient_of(loss, z)
    assert loss.dtype == gradient.dtype == dtype
    assert loss.isfinite()
    assert gradient.isfinite().all()


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("views", [1, 2])
def test_conr_without_negatives_has_value_and_gradient_zero(labels, views):
    y = LABELS[labels].repeat(views, 1)
    z = random(len(y), 5).requires_grad_()
    loss = conr(z, y, y)
    assert loss == 0
    assert not gradient_of(loss, z).any()


@pytest.mark.parametrize("term", ["rnc, one view", "bmc", "homogeneity"])
def test_a_batch_of_one_has_value_and_gradient_zero(term):
    z = random(1, 5).requires_grad_()
    loss = TERMS[term](z, torch.tensor([[3.0]]))
    assert loss == 0
    assert not gradient_of(loss, z).any()


def test_conr_compares_the_views_in_label_units_and_passes_the_weights_on():
    labels = torch.tensor([[20.0], [20.5], [60.0]])
    method = prepared(ConR(weight=2.0, window=1.0), labels, shift=30.0, scale=10.0)
    y, z, y_hat, w = (
        method.task.y,
        random(6, 5),
        random(6, 1, seed=1) / 20,
        torch.tensor([[1.0], [2.0], [3.0]]),
    )
    term = method.regularizer(batch_of(random(3, 5), y, views=Views(z, y_hat), w=w))
    expected = 2 * conr(z, labels.repeat(2, 1), 10 * y_hat, w.repeat(2, 1))
    torch.testing.assert_close(term, expected)
    assert term > 0


def test_conr_takes_its_window_from_the_bins_or_the_deviation_of_the_labels():
    labels = random(50, 1)
    assert prepared(ConR(), labels, Bins(0.0, 0.5, 4)).window == 0.5
    assert prepared(ConR(), labels).window == pytest.approx(0.1 * labels.std(correction=0).item())


def test_conr_compares_dense_targets_by_their_pixel_means_and_without_views():
    z, y, y_hat = random(4, 3, 2, 2), random(4, 1, 2, 2, seed=1), random(4, 1, 2, 2, seed=2)
    method = prepared(ConR(weight=1.0, window=0.4, form="images"), y)
    assert method.views == 0
    means = [t.mean((1, 2, 3))[:, None] for t in (y, y_hat)]
    expected = conr_images(z.flatten(1), *means, None, 0.4, 0.07, 0.01)
    torch.testing.assert_close(method.regularizer(batch_of(z, y, y_hat)), expected)


@pytest.mark.parametrize("method", [ConR, RankNContrast, BalancedMSE])
def test_a_batch_of_one_counts_as_skipped(method):
    y, z = torch.tensor([[3.0]]), random(2, 5).requires_grad_()
    method = prepared(method(), y)
    batch = batch_of(z[:1], y, z[:1, :1], views=Views(z, z[:, :1]))
    term = method.loss(batch) if isinstance(method, BalancedMSE) else method.regularizer(batch)
    assert term == 0
    assert not gradient_of(term, z).any()
    assert method.skipped == 1


@pytest.mark.parametrize("kind", ["bmc", "gai", "bni"])
def test_balanced_mse_stands_labels_that_are_all_equal(kind):
    method = prepared(BalancedMSE(kind), torch.full((20, 1), 3.0), Bins(0.0, 1.0, 5))
    y_hat = random(20, 1).requires_grad_()
    loss = method.loss(batch_of(random(20, 5), method.task.y, y_hat))
    assert gradient_of(loss, y_hat).isfinite().all()


def test_rnc_pairs_the_views_of_a_sample():
    y, z = torch.tensor([[1.0], [2.0], [5.0]]), random(6, 5)
    term = prepared(RankNContrast(), y).regularizer(batch_of(z[:3], y, views=Views(z, y)))
    torch.testing.assert_close(term, rank_n_contrast(torch.stack([z[:3], z[3:]], 1), y))


def test_rnc_keeps_the_datasets_protocol_unless_told_to_follow_the_paper():
    protocol = Protocol(epochs=7, lr=0.1, patience=3)
    first, second = RankNContrast().stages(protocol)
    assert first.protocol == second.protocol == protocol
    assert first.pretext
    assert not first.select
    assert (second.encoder, second.new_head) == ("eval", True)
    first, second = RankNContrast(recipe="paper").stages(protocol)
    assert (first.protocol.epochs, first.protocol.lr, first.protocol.batch_size) == (400, 0.5, 256)
    assert (second.protocol.epochs, second.protocol.lr, second.protocol.batch_size) == (100, 0.05, 64)
    assert first.protocol.drop_last
    assert not second.protocol.drop_last


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


def test_fds_leaves_the_first_epochs_alone_then_moves_bins_towards_their_neighbours():
    labels = torch.arange(6.0).repeat_interleave(4)[:, None]
    method = prepared(FDS(), labels, Bins(0.0, 1.0, 10))
    z, y = random(24, 5), method.task.y
    for epoch in (1, 2):
        assert torch.equal(method.features(z, y, epoch), z)
        method.epoch_end(z, y, epoch)
    smoothed = method.features(z, y, 3)
    means, moved = (t.unflatten(0, (6, 4)).mean(1) for t in (z, smoothed))
    kernel = (window("gaussian", 5, 2.0) / window("gaussian", 5, 2.0).sum()).float()
    torch.testing.assert_close(moved[2], kernel @ means[:5])


def test_fds_without_the_alias_takes_both_statistics_from_the_same_epoch():
    bins = torch.arange(4).repeat_interleave(3)
    passes = [random(12, 2, seed=seed) for seed in range(3)]
    tables = {alias: Table(4, 2, window("gaussian", 5, 2.0), alias=alias) for alias in (True, False)}
    for table in tables.values():
        for z in passes:
            table.end_epoch(z, bins)
    old = 0.9 * passes[0].unflatten(0, (4, 3)).mean(1) + 0.1 * passes[1].unflatten(0, (4, 3)).mean(1)
    torch.testing.assert_close(tables[False].last_mean, old)
    assert torch.equal(tables[True].last_mean, tables[True].mean)
    assert torch.equal(tables[True].smooth_mean, tables[False].smooth_mean)


def test_fds_fills_empty_bins_in_ascending_order_if_asked():
    bins, z = torch.tensor([1, 1, 4, 4]), random(4, 2)
    empty, filled = (Table(6, 2, window("gaussian", 5, 2.0), fill=fill) for fill in (False, True))
    for table in (empty, filled):
        table.end_epoch(z, bins)
    assert not empty.mean[[0, 2, 3, 5]].any()
    low, high = z[:2].mean(0), z[2:].mean(0)
    torch.testing.assert_close(filled.mean, torch.stack([low, low, low / 2, (low / 2 + high) / 2, high, high]))


def test_fds_counts_labels_outside_its_bins_into_the_nearest():
    labels = torch.tensor([[1.0], [3.0], [50.0], [99.0], [101.0]])
    method = prepared(FDS(first=3.0, last=99.0), labels, Bins(0.0, 1.0, 121))
    assert method._bins(labels).tolist() == [0, 0, 47, 96, 96]


def test_fds_smooths_dense_features_pixel_by_pixel():
    labels = torch.tensor([0.0, 1.0, 2.0, 2.0]).reshape(1, 1, 2, 2).repeat(6, 1, 1, 1)
    method, flat = (prepared(FDS(), y, Bins(0.0, 1.0, 3)) for y in (labels, labels.reshape(-1, 1)))
    z = random(6, 5, 2, 2)
    rows = z.movedim(1, -1).flatten(0, -2)
    for epoch in (1, 2):
        method.epoch_end(z, labels, epoch)
        flat.epoch_end(rows, labels.reshape(-1, 1), epoch)
    expected = flat.features(rows, labels.reshape(-1, 1), 3)
    torch.testing.assert_close(method.features(z, labels, 3).movedim(1, -1).flatten(0, -2), expected)
    assert not torch.equal(expected, rows)


def test_calibration_leaves_rows_and_channels_without_variance_as_they_are():
    z, mean, new = random(3, 2).requires_grad_(), torch.ones(3, 2), torch.zeros(3, 2)
    variance = torch.tensor([[0.0, 0.0], [0.0, 4.0], [1e-12, 4e-12]])
    moved = calibrate(z, mean, variance, new, 4 * torch.ones(3, 2))
    expected = torch.stack([z[0], torch.stack([z[1, 0], z[1, 1] - 1]), z[2]])
    torch.testing.assert_close(moved, expected)
    assert gradient_of(moved.sum(), z).isfinite().all()


def test_focal_r_weighs_samples_and_fades_by_tanh_if_asked():
    y_hat, y, w = random(5, 1), random(5, 1, seed=1), random(5, 1, seed=2).abs()
    error = (y_hat - y).abs()
    expected = (w * torch.tanh(3 * error) ** 2 * error**2).mean()
    torch.testing.assert_close(focal_r(y_hat, y, w, 2, "tanh", 3.0, 2.0), expected)
    method = FocalR(power=2, activation="tanh", beta=3.0, gamma=2.0)
    torch.testing.assert_close(method.loss(batch_of(random(5, 3), y, y_hat, w=w)), expected)


def test_focal_r_follows_the_loss_of_the_dataset():
    assert FocalR.defaults_for("airfoil", Protocol(loss="l1")) == {"power": 1}
    assert FocalR.defaults_for("stsb", Protocol(loss="mse")) == {"power": 2, "beta": 20.0}


def test_balanced_mse_against_bins_and_mixtures_follows_the_formulas():
    y_hat, y = random(6, 1, dtype=torch.float64), random(6, 1, seed=1, dtype=torch.float64)
    noise, means, shares = 0.7, torch.tensor([-1.0, 0.5]).double(), torch.tensor([0.3, 0.7]).double()
    spread, v = torch.tensor([0.2, 0.4]).double(), noise**2
    bins = (shares * torch.exp(-((y_hat - means) ** 2) / (2 * v))).sum(1, keepdim=True)
    expected = (2 * v * ((y_hat - y) ** 2 / (2 * v) + bins.log())).mean()
    torch.testing.assert_close(bin_based(y_hat, y, noise, means, shares), expected)
    density = torch.exp(-((y_hat - means) ** 2) / (2 * (spread + v))) / (spread + v).sqrt()
    mixture = (shares * density).sum(1, keepdim=True).log() + math.log(v) / 2
    expected = (2 * v * ((y_hat - y) ** 2 / (2 * v) + mixture)).mean()
    torch.testing.assert_close(mixture_based(y_hat, y, noise, means, spread, shares), expected)


@pytest.mark.parametrize("kind", ["bmc", "gai", "bni"])
def test_balanced_mse_learns_its_noise_at_a_constant_rate_of_its_own(kind):
    labels = random(80, 1) * 3 + 5
    method = prepared(BalancedMSE(kind), labels, Bins(-10.0, 1.0, 30), shift=5.0, scale=3.0)
    (group,) = method.parameter_groups()
    assert (group["lr"], group["scheduled"]) == (0.01, False)
    assert method.noise.item() == pytest.approx(method.task.y.std(correction=0).item())
    y_hat = random(8, 1).requires_grad_()
    loss = method.loss(batch_of(random(8, 5), method.task.y[:8], y_hat))
    assert gradient_of(loss, method.noise).isfinite()
    assert loss.isfinite()


def test_balanced_mse_with_a_fixed_noise_trains_nothing_of_its_own():
    method = prepared(BalancedMSE(noise=6.0, learned=False), random(9, 1), scale=3.0)
    assert method.noise.item() == 2
    assert method.parameter_groups() == []


def test_balanced_mse_weighs_samples():
    y_hat, y = random(4, 1), random(4, 1, seed=1)
    ones, third = torch.ones(4, 1), torch.tensor([[0.0], [0.0], [4.0], [0.0]])
    torch.testing.assert_close(batch_monte_carlo(y_hat, y, 1.0, ones), batch_monte_carlo(y_hat, y, 1.0))
    squares = ((y_hat[2] - y) ** 2).flatten()
    expected = 2 * ((-squares / 2).logsumexp(0) + squares[2] / 2)
    torch.testing.assert_close(batch_monte_carlo(y_hat, y, 1.0, third), expected)


@pytest.mark.parametrize(
    ("kind", "shape", "bins", "message"),
    [
        ("bmc", (2, 1, 4, 4), None, "kind=bni"),
        ("gai", (9, 3), None, "one target, not 3"),
        ("bni", (9, 1), None, "label bins"),
    ],
)
def test_balanced_mse_names_the_kind_that_fits(kind, shape, bins, message):
    with pytest.raises(BenchError, match=message):
        prepared(BalancedMSE(kind), random(*shape), bins)


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


def test_rrt_weighs_by_inverse_clipped_counts_in_its_second_stage_only():
    labels = torch.repeat_interleave(torch.tensor([0.5, 1.5, 2.5]), torch.tensor([1, 10, 40]))[:, None]
    method = prepared(RegressorRetraining(low=5, high=20), labels, Bins(0.0, 1.0, 4))
    weights = method.weights(labels)
    assert weights.mean().item() == pytest.approx(1)
    torch.testing.assert_close(weights[[0, 1, 50]] / weights[1], torch.tensor([[2.0], [1.0], [0.5]]))
    first, second = method.stages(Protocol())
    assert (first.weighted, first.regularized, first.encoder) == (False, True, "train")
    assert (second.weighted, second.regularized, second.encoder, second.new_head) == (
        True,
        False,
        "frozen",
        True,
    )


@pytest.mark.parametrize("method", [FDS, SRL, RegressorRetraining])
def test_methods_that_count_by_label_bin_refuse_a_dataset_without_bins(method):
    dataset = Dataset()
    assert "label bin" in method.unsupported_reason(dataset)
    dataset.bins = Bins(0.0, 1.0, 4)
    assert method.unsupported_reason(dataset) is None
