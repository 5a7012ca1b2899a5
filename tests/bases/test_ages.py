"""Data sets of ages: protocols, networks, views and lists."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch

from bench.bases.age_lists import read_list
from bench.bases.reweighting import smoothed
from bench.errors import BenchError
from bench.plugins import resolve
from bench.training import evaluate
from bench.training.loop import Training
from support.batches import prepared
from support.datasets import NOWHERE, make, tiny_faces, transformed

FACES = ("agedb", "imdb_wiki")


@pytest.mark.parametrize("name", FACES)
def test_zero_shot_cuts_bands_from_training_alone_and_names_them_zero(name):
    whole, cut = (tiny_faces(name, protocol=recipe).dataset for recipe in ("dir", "zero_shot"))
    before, after = whole.load(NOWHERE), cut.load(NOWHERE)
    ages = before.train.labels
    kept = (ages >= 20) & ~((ages >= 40) & (ages <= 49)) & (ages < 70)
    assert torch.equal(after.train.labels, ages[kept][:, None])
    assert torch.equal(after.test.labels, before.test.labels)
    unseen = cut.regions(after.train.labels.numpy(), np.array([[19.0], [45], [70], [30]]))
    assert unseen.tolist()[:3] == ["zero"] * 3
    assert unseen[3] != "zero"
    assert "zero" not in whole.regions(before.train.labels.numpy(), np.array([[0.0], [300.0]]))


@pytest.mark.parametrize(
    ("unseen", "bands"),
    [
        ("interpolation", [(25, 29), (40, 44), (55, 59)]),
        ("extrapolation", [(0, 19), (70, 200)]),
        ("blind_spot", [(40, 59)]),
        ("30-31+80-89", [(30, 31), (80, 89)]),
    ],
)
def test_unseen_ages_neither_train_nor_validate_and_are_the_region_zero(unseen, bands):
    whole, cut = (tiny_faces(rows=2000, **more).dataset for more in ({}, {"unseen": unseen}))
    before, after = whole.load(NOWHERE), cut.load(NOWHERE)
    for name in ("train", "val"):
        ages = getattr(before, name).labels
        out = sum(((ages >= low) & (ages <= high)) for low, high in bands).bool()
        assert out.any()
        assert torch.equal(getattr(after, name).labels, ages[~out][:, None])
    assert torch.equal(after.test.labels, before.test.labels)
    regions = cut.regions(after.train.labels.numpy(), np.array([[low] for low, _ in bands] + [[35.0]]))
    assert regions.tolist()[:-1] == ["zero"] * len(bands)
    assert regions[-1] != "zero"


@pytest.mark.parametrize(
    ("params", "problem"),
    [
        ("unseen=40", "bands as 40-49"),
        ("unseen=49-40", "bands as 40-49"),
        ("protocol=zero_shot,unseen=40-49", "bands of its own; leave one out"),
    ],
)
def test_bands_that_are_none_are_refused(params, problem):
    with pytest.raises(BenchError, match=problem):
        make(f"agedb[{params}]")


def test_bands_that_leave_nothing_are_refused_when_they_are_cut():
    with pytest.raises(BenchError, match="unseen=0-200 leaves no picture to train on; take fewer"):
        tiny_faces(unseen="0-200").dataset.load(NOWHERE)


@pytest.mark.parametrize("name", FACES)
def test_keep_thins_training_alone_and_a_smaller_draw_is_part_of_a_larger(name):
    whole, half, few = (tiny_faces(name, rows=2000, **more).dataset for more in ({}, {"keep": 0.5}, {"keep": 100}))
    before, after, least = (on.load(NOWHERE) for on in (whole, half, few))
    assert (len(after.train), len(least.train)) == (round(0.5 * len(before.train)), 100)
    rows = [set(splits.train.x.rows.tolist()) for splits in (before, after, least)]
    assert rows[2] < rows[1] < rows[0]
    for split in ("val", "test"):
        one, other = getattr(before, split), getattr(after, split)
        assert torch.equal(one.labels, other.labels)
        assert torch.equal(one.x[torch.arange(9)], other.x[torch.arange(9)])
    assert len({splits.fingerprint() for splits in (before, after, least)}) == 3
    assert half.regions(np.full((200, 1), 30.0), np.array([[30.0]])) == ["many"]


@pytest.mark.parametrize("name", FACES)
def test_a_balanced_draw_has_of_each_age_that_trains_as_many_as_of_the_rarest(name):
    whole, even = (tiny_faces(name, unseen="0-22+64-999", **more).dataset for more in ({}, {"keep": "balanced"}))
    before, after = (on.load(NOWHERE) for on in (whole, even))
    counts = before.train.labels.unique(return_counts=True)[1]
    assert after.train.labels.unique(return_counts=True)[1].tolist() == [counts.min()] * len(counts)
    assert set(after.train.x.rows.tolist()) < set(before.train.x.rows.tolist())
    assert torch.equal(after.val.labels, before.val.labels)
    assert torch.equal(after.test.labels, before.test.labels)


def test_pictures_that_do_not_train_need_not_be_there(tmp_path):
    folder = tmp_path / "agedb"
    folder.mkdir()
    lines = [f"{20 + n % 3},{n}.jpg,{('train', 'train', 'val', 'test')[n % 4]}\n" for n in range(200)]
    (folder / "agedb.csv").write_text("age,path,split\n" + "".join(lines))
    whole, few = (make(f"agedb[{more}]").folder.names(tmp_path) for more in ("", "keep=30"))
    held = {name for name in whole if int(name.removesuffix(".jpg")) % 4 > 1}
    assert held < set(few) < set(whole)
    assert len(few) == len(held) + 30


@pytest.mark.parametrize(
    ("params", "problem"),
    [
        ("keep=0", "keep is a number above 0"),
        ("keep=1.5", "keep=1.5 is no share and too few pictures"),
        ("keep=19", "keep=19 is no share and too few pictures"),
        ("images=synthetic,keep=12209", "keep=12209 asks for 12,209 of 12,208 training pictures"),
        ("images=synthetic,keep=0.00001", "keep=1e-05 asks for 0 of 12,208 training pictures"),
        ("images=synthetic,keep=11000,unseen=40-59", r"keep=11000 asks for 11,000 of \d,\d+ training pictures"),
    ],
)
def test_what_keep_cannot_be_is_said(params, problem):
    with pytest.raises(BenchError, match=problem):
        make(f"agedb[{params}]").load(NOWHERE)


@pytest.mark.parametrize("name", FACES)
def test_ages_have_r2_over_all_and_by_region_and_choose_the_epoch_by_mae(name):
    on = tiny_faces(name, rows=2000).dataset
    splits = on.load(NOWHERE)
    y_hat = splits.test.labels + 5 * torch.randn(splits.test.labels.shape, generator=torch.manual_seed(0))
    found = evaluate.metrics(on, splits, "test", y_hat)
    y = splits.test.labels
    assert found["all"]["r2"] == pytest.approx(float(1 - ((y_hat - y) ** 2).sum() / ((y - y.mean()) ** 2).sum()))
    assert all("r2" in found[region] for region in ("many", "medium", "few"))
    assert on.metrics[0] == "mae"


def test_protocols_are_the_papers():
    usual, small, contrast = (make(f"agedb[protocol={name}]").protocol for name in ("dir", "batch64", "rnc"))
    assert (usual.loss, usual.optimizer, usual.weight_decay, usual.milestones) == ("l1", "adam", 0.0, (60, 80))
    assert (usual.batch_size, usual.lr, small.batch_size, small.lr) == (256, 1e-3, 64, 2.5e-4)
    assert (contrast.optimizer, contrast.lr, contrast.epochs, contrast.weight_decay) == ("sgd", 0.2, 400, 1e-4)


def test_only_the_papers_own_form_stands_beside_their_rows():
    names = [
        "agedb",
        "agedb[protocol=batch64]",
        "agedb[protocol=zero_shot]",
        "agedb[backbone=resnet18]",
        "agedb[unseen=blind_spot]",
        "agedb[keep=0.5]",
        "agedb[images=synthetic]",
    ]
    assert [make(name).reported for name in names] == ["AgeDB-DIR", "AgeDB-DIR", None, None, None, None, None]
    assert make("imdb_wiki").reported == "IMDB-WIKI-DIR"
    assert [make(name).synthetic for name in names] == [False] * 6 + [True]


@pytest.mark.parametrize(("params", "problem"), [("size=8", "number from 16"), ("rows=3", "number from 20")])
def test_sizes_that_leave_nothing_are_refused(params, problem):
    with pytest.raises(BenchError, match=problem):
        make(f"agedb[{params}]")


@pytest.mark.parametrize(("backbone", "width"), [("resnet50", 2048), ("resnet18", 512), ("tiny", 64)])
def test_the_network_starts_with_he_fan_out_and_full_residual_branches(backbone, width):
    on = make(f"agedb[backbone={backbone},images=synthetic]")
    torch.manual_seed(0)
    encoder, found = on.encoder(None)
    assert found == width
    names = dict(encoder[1].named_parameters())
    assert all(bool(value.eq(1).all()) for name, value in names.items() if "bn" in name and name.endswith("weight"))
    kernel = names["layer4.0.conv2.weight"]
    fan_out = kernel.shape[0] * 9
    assert kernel.std().item() == pytest.approx((2 / fan_out) ** 0.5, rel=0.02)
    if backbone == "tiny":
        black, white = (encoder[0](torch.full((1, 3, 32, 32), value, dtype=torch.uint8)) for value in (0, 255))
        assert (black.unique().item(), white.unique().item()) == (-1, 1)


@pytest.mark.parametrize("recipe", ["dir", "rnc"])
def test_views_have_the_evaluated_size_and_repeat_with_their_generator(recipe):
    on = tiny_faces(rows=60, protocol=recipe, size=28).dataset
    splits = on.load(NOWHERE)
    assert (splits.train.x[:2].shape[-1], splits.test.x[:2].shape[-1]) == (32 if recipe == "rnc" else 28, 28)
    first, again, other = (transformed(on, splits.train.x[:8], "view", seed) for seed in (0, 0, 1))
    assert first.shape == (8, 3, 28, 28)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize(
    ("name", "used", "unused"), [("rnc", "strong", "train"), ("conr", "train", "strong"), ("conr", "view", "strong")]
)
def test_rnc_trains_with_its_own_augmentation_and_others_with_the_datasets(name, used, unused, monkeypatch):
    overrides = {"protocol.epochs": 1, "protocol.batch_size": 64}
    on = resolve.dataset(tiny_faces(rows=120).name, overrides)
    calls = Counter()
    own = on.dataset.transform

    def counted(given, rng, mode):
        calls.update([mode])
        return own(given, rng, mode)

    monkeypatch.setattr(on.dataset, "transform", counted)
    method, splits = resolve.method(name, on).build(), on.dataset.load(NOWHERE)
    Training(on.dataset, on.protocol, splits, method, 0, torch.device("cpu"), changes=overrides).fit()
    assert calls[used] > 0
    assert calls[unused] == 0


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("187,a.jpg,train", "line 3: '187,a.jpg,train' needs an age from 0 to 186"),
        ("-1,a.jpg,train", "line 3: .* an age from 0 to 186"),
        ("20.5,a.jpg,train", "in whole years"),
        ("old,a.jpg,train", "in whole years"),
        ("20,a.jpg,dev", "needs train, val or test"),
        ("20,b.jpg,train", "a path that no other line has"),
        ("20,,train", "a path that no other line has"),
    ],
)
def test_a_list_that_is_wrong_is_named_with_its_line(tmp_path, line, problem):
    path = tmp_path / "list.csv"
    path.write_text(f"age,path,split\n3,b.jpg,val\n{line}\n")
    with pytest.raises(BenchError, match=problem) as raised:
        read_list(path, 186)
    assert str(path) in str(raised.value)


@pytest.mark.parametrize("content", ["", "age,path\n3,b.jpg\n", 'age,path,split\n"3'])
def test_a_file_that_is_no_list_is_named(tmp_path, content):
    path = tmp_path / "list.csv"
    path.write_text(content)
    with pytest.raises(BenchError, match=r"list\.csv"):
        read_list(path, 186)


def test_reweighting_has_the_published_bins_from_0_to_120_and_older_ages_in_the_last():
    ages = torch.tensor([[30.0]] * 400 + [[119.0]] * 2 + [[120.0]] + [[150.0]] * 3 + [[186.0]] * 4)
    on = resolve.dataset("imdb_wiki[images=synthetic]")
    assert on.dataset.bins.number == 187  # of classes and tables, which keep every age
    sqinv = prepared(resolve.method("sqinv", on).build_method(), ages, on.dataset.bins).weights(ages)
    by_hand = torch.tensor([400.0, 2.0, 8.0, 8.0, 8.0]).rsqrt()
    seen = sqinv[[0, 400, 402, 403, 409], 0]
    torch.testing.assert_close(seen / seen[0], by_hand / by_hand[0])
    inv = prepared(resolve.method("inv", on).build_method(), ages, on.dataset.bins).weights(ages)
    seen = inv[[0, 400, 402, 403, 409], 0]  # no count below 5
    torch.testing.assert_close(seen / seen[0], torch.tensor([1.0, 80.0, 50.0, 50.0, 50.0]))


def test_inverse_weights_smoothed_at_the_end_of_agedb_see_empty_bins_clipped_to_5():
    on = resolve.dataset("agedb[images=synthetic]")
    ages = torch.repeat_interleave(torch.arange(102.0), torch.tensor(on.dataset.counts))[:, None]
    stack = resolve.method("inv+lds", on).build_method()
    prepared(stack, ages, on.dataset.bins)
    stack.prepare(replace(stack.parts[0].task, density=stack.density))
    weights = stack.weights(ages)
    density = np.bincount(ages.long().flatten(), minlength=121).clip(5, 1000)
    expected = 1 / smoothed(density, ("gaussian", 5, 2.0), "zero")[ages.long().flatten()]
    expected *= len(ages) / expected.sum()
    np.testing.assert_allclose(weights[:, 0].numpy(), expected, rtol=1e-5)
