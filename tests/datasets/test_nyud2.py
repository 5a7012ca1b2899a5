"""NYUD2: table, regions, augmentation, and training on small rooms."""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from bench import plugins
from bench.data.depth_augmentation import motion, moved
from bench.data.stored import Coded
from bench.dataset import Examples
from bench.datasets.nyud2 import BINS, COARSE, COUNTS, FINE, NYUD2
from bench.errors import BenchError
from bench.plugins import resolve
from bench.training import evaluate
from bench.training.loop import Training
from support.datasets import NOWHERE, make, train

SMALL = "nyud2[images=small]"
REFUSED = {
    "tuned_baseline",
    "balanced_sampler",
    "cmixup",
    "corn",
    "dense_weight",
    "dex",
    "dino",
    "dldl",
    "isotonic",
    "l2cs",
    "lde",
    "ordinal",
    "rnc",
    "simclr",
    "supcon",
    "supremix",
    "vir",
}
SHOTS = {"many": (*range(9, 46), 47, 49), "medium": (7, 8, 46, 48, *range(50, 57), 58, 60, 61, 63)}


@pytest.fixture(scope="module")
def small():
    on = resolve.dataset(SMALL, {"protocol.epochs": 1})
    return on, on.dataset.load(Path("no data is read"))


def test_the_table_counts_every_training_pixel_and_gives_the_published_regions():
    assert COUNTS.sum() == 50_688 * 228 * 304
    regions = resolve.dataset(SMALL).dataset.regions(np.zeros(0), (np.arange(7, 100) + 0.5) / 10)
    for region, bins in SHOTS.items():
        assert tuple(7 + np.flatnonzero(regions == region)) == bins
    assert (regions == "few").sum() == 93 - sum(map(len, SHOTS.values()))


def test_table_and_regions_are_those_of_the_data_folder():
    path = Path(os.environ.get("BENCH_DATA") or "no BENCH_DATA") / "nyud2/nyud2_bins.json"
    if not path.is_file():
        pytest.skip(f"{path} is missing")
    known = json.loads(path.read_text())
    assert known["train_bucket_num"] == COUNTS.tolist()
    assert {region: tuple(known["shot_idx"][region]) for region in SHOTS} == SHOTS


@pytest.mark.parametrize("depths", [COARSE, FINE], ids=["training", "test"])
def test_every_stored_depth_falls_into_the_published_bin(depths):
    published = (depths.numpy() * np.float32(10)).astype(int).clip(7, 99)
    np.testing.assert_array_equal(BINS.index(depths).numpy(), published)


def test_maps_move_with_their_pictures_and_what_comes_from_outside_does_not_count():
    dataset = NYUD2(images="synthetic")
    (height, width), number = dataset.size, 6
    ramp = torch.linspace(1, 9, width // 2).expand(number, 1, height // 2, -1).contiguous()
    x = ramp.repeat_interleave(2, 2).repeat_interleave(2, 3).expand(-1, 3, -1, -1) * 20
    mask = torch.ones_like(ramp, dtype=torch.bool)
    w = ramp + 1
    given = Examples(x, ramp, w, mask)
    first, second = (dataset.transform(given, torch.Generator().manual_seed(k), "train") for k in (2, 2))
    for name in vars(first):
        assert torch.equal(getattr(first, name), getattr(second, name))
    y, w, mask = first.y, first.w, first.mask
    assert y.shape == w.shape == mask.shape == (number, 1, dataset.middle[0] // 2, dataset.middle[1] // 2)
    assert mask.dtype == torch.bool
    assert not mask.all()
    assert torch.equal(w[mask], y[mask] + 1)
    assert not y[~mask].any()
    moving = motion(number, dataset.size, dataset.middle, torch.Generator().manual_seed(2))
    pictures = moved(x, moving, dataset.middle, "bilinear")[:, :1, ::2, ::2] / 20
    inside = moved(torch.ones_like(x[:, :1]), moving, dataset.middle, "bilinear")[..., ::2, ::2] > 0.999
    assert (mask & inside).float().mean() > 0.9
    assert (pictures - y)[mask & inside].abs().max() < 2 * 8 / (width // 2)  # two steps of the ramp
    flipped = y[..., -1].mean((1, 2)) < y[..., 0].mean((1, 2))
    assert 0 < flipped.sum() < number


def test_in_the_form_of_evaluation_a_batch_is_its_middle(small):
    on, splits = small
    x, y = splits.train.x[:3], splits.train.labels[:3]
    there = on.dataset.transform(Examples(x, y, None, y > 0), torch.Generator(), "evaluation")
    assert torch.equal(there.x, x[..., 2:34, 2:46])
    assert torch.equal(there.y, y[..., 1:17, 1:23])
    assert there.w is None
    assert there.mask.all()


def test_predictions_are_enlarged_corner_to_corner_and_compared_on_the_mask(small):
    on, splits = small
    height, width = on.dataset.middle
    y_hat = torch.linspace(1, 2, width // 2).expand(len(splits.val), 1, height // 2, -1)
    predicted, labels = on.dataset.evaluation_arrays(y_hat, splits.val)
    wide = torch.linspace(1, 2, width).expand(splits.val.labels.shape)
    np.testing.assert_allclose(predicted, wide[splits.val.mask].numpy(), atol=1e-5)
    np.testing.assert_array_equal(labels, splits.val.labels[splits.val.mask].numpy())
    counts = BINS.index(splits.test.labels[splits.test.mask]).bincount()
    assert counts[:7].sum() == 0
    assert counts.max() <= 200


def test_small_rooms_are_the_same_each_time_and_depth_can_be_learned_from_them(small):
    on, splits = small
    assert on.dataset.load(Path()).fingerprint() == splits.fingerprint()
    assert [len(split) for split in (splits.train, splits.val, splits.test)] == [96, 24, 24]
    longer = replace(on, protocol=replace(on.protocol, epochs=6, milestones=(5,)))
    known = splits.reference_labels()[..., 1:17, 1:23]
    # depth by the place in the picture alone
    usual = known.mean(0, keepdim=True).expand(len(splits.test), -1, -1, -1)
    values = [
        evaluate.metrics(on.dataset, splits, "test", y_hat)["all"]["rmse"]
        for y_hat in (train(longer, splits).predict(splits.test), usual)
    ]
    assert values[0] < 0.85 * values[1]


@pytest.mark.parametrize("name", plugins.methods())
def test_a_method_is_defined_here_or_says_why_not(small, name):
    on, _ = small
    reason = resolve.method(name, on).refusal(on.dataset)
    assert bool(reason) == (name in REFUSED)
    assert reason == on.dataset.excluded.get(name, reason)


def test_a_weight_stands_at_each_pixel_and_masked_pixels_weigh_nothing(small):
    on, splits = small
    far = replace(splits.train, mask=Coded(splits.train.labels.codes, COARSE > 2))
    splits = replace(splits, train=far)
    training = Training(on.dataset, on.protocol, splits, resolve.method("inv", on).build(), 0, torch.device("cpu"))
    w = training.w[:]
    assert w.shape == splits.train.labels.shape
    # by the published table, as if all bins that have pixels were equally full; nearer pixels as bin 7
    expected = COUNTS.sum() / 93 / COUNTS[BINS.index(splits.train.labels[:]).numpy().clip(7)]
    np.testing.assert_allclose(w.numpy(), expected, rtol=1e-5)
    stage = training.method.stages(on.protocol)[0]
    batch = training.batch(torch.arange(16), stage, epoch=1)
    assert not batch.mask.all()
    assert not batch.w[~batch.mask].any()
    z, y = batch.sample(batch.y.numel(), torch.Generator())
    assert (len(z), z.shape[1]) == (int(batch.mask.sum()), training.width)
    assert (y > 2).all()
    assert len(batch.sample(20, torch.Generator())[0]) == 20


@pytest.mark.parametrize("width", [2, 3])
def test_a_narrow_last_layer_is_part_of_the_regressor_and_its_head_reads_single_pixels(width):
    on = make(f"nyud2[images=small,width={width}]")
    splits = on.load(NOWHERE)
    torch.manual_seed(0)
    encoder, found = on.encoder(splits)
    assert found == width
    head = on.head(found, 1)
    z = encoder(splits.test.x[:2].float())
    assert z.shape[1] == width
    assert (z.detach() < 0).any()  # the whole plane, not a quarter of it
    by_hand = (z * head.weight[0]).sum(1, keepdim=True) + head.bias
    torch.testing.assert_close(head(z), by_hand)
    assert encoder.get_submodule("refinement")[-1].out_channels == width


def test_narrow_features_stand_beside_no_row_of_a_paper():
    assert [make(f"nyud2[{more}]").reported for more in ("", "width=3")] == ["NYUD2-DIR", None]
    with pytest.raises(BenchError, match="width is a whole number from 2 to 3, or none"):
        make("nyud2[width=4]")
