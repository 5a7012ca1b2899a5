"""FDS against the published code, and how its bins are smoothed."""

from dataclasses import replace

import pytest
import torch

from bench.dataset import Bins
from bench.functional.smoothing import window
from bench.methods.fds import FDS, Table, calibrate
from bench.plugins import resolve
from bench.stack import methods_of
from bench.training.loop import Training
from support.batches import gradient_of, prepared, random
from support.devices import on_every_device


@on_every_device
@pytest.mark.parametrize("name", ["fds-calibrate-agedb", "fds-calibrate-agedb-zerovar"])
def test_calibration_is_that_of_the_published_code(golden, name, device):
    case = golden(name)
    matrix, *statistics = (case.tensor(f"in_{key}", device=device) for key in ("matrix", "m1", "v1", "m2", "v2"))
    case.check(calibrate(matrix, *statistics), "out_calibrated")


@on_every_device
def test_fds_follows_the_published_code_over_three_epochs(golden, device):
    case = golden("fds-typical")

    def bins(name):
        ages = case.tensor(name, torch.int64, device).flatten()
        # theirs leaves out the ages beyond an edge when the edge itself is missing; our method never does
        out = [beyond for edge, beyond in ((3, ages < 3), (99, ages > 99)) if not (ages == edge).any()]
        kept = ~sum(out, torch.zeros_like(ages, dtype=torch.bool))
        return (ages - 3).clamp(0, 96), kept

    def check(tensor, name):
        case.check(tensor.double(), name)

    table = Table(97, 8, window("gaussian", 5, 2.0)).to(device)
    for epoch in range(3):
        z = case.tensor(f"in_batch_features_epoch{epoch}", torch.float32, device).requires_grad_()
        numbers, kept = bins(f"in_batch_labels_epoch{epoch}")
        assert kept.all()
        smoothed = table.smooth(z, numbers)
        check(smoothed, f"out_smoothed_epoch{epoch}")
        if epoch == 2:
            (smoothed * case.tensor("in_cotangent", torch.float32, device)).sum().backward()
            check(z.grad, "out_grad_batch_features_epoch2")
        features = case.tensor(f"in_epoch_features_{epoch}", torch.float32, device)
        numbers, kept = bins(f"in_epoch_labels_{epoch}")
        table.end_epoch(features[kept], numbers[kept])
        for ours, theirs in {"mean": "mean", "variance": "var"}.items():
            for name in ("running_{}", "running_{}_last_epoch", "smoothed_{}_last_epoch"):
                prefix = {"running_{}": "", "running_{}_last_epoch": "last_"}.get(name, "smooth_")
                check(getattr(table, prefix + ours), f"out_{name.format(theirs)}_after_epoch{epoch}")


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


def test_statistics_are_of_smoothed_features_or_as_released_for_depth_of_raw_ones(tmp_path):
    on = resolve.dataset("nyud2[images=small]")
    assert resolve.method("fds", on).build_method().raw_statistics
    splits = on.dataset.load(tmp_path)
    rows = replace(splits.train, x=splits.train.x[:4], labels=splits.train.labels[:4], mask=splits.train.mask[:4])
    few = replace(splits, train=rows, reference_rows=torch.arange(4))

    def features(name):
        method = resolve.method(name, on).build_method()
        training = Training(on.dataset, on.protocol, few, method, 0, torch.device("cpu"))
        fds = methods_of(method)[1]
        fds.table.epoch = 1  # from which on features are moved
        fds.table.smooth_mean += 1.0
        return training.training_features(1)[0]

    raw, smoothed = features("ranksim+fds"), features("ranksim+fds[raw=false]")
    torch.testing.assert_close(smoothed, raw + 1)
