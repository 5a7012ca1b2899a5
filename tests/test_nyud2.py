import json
import os
from dataclasses import replace
from pathlib import Path
from shutil import copyfile

import numpy as np
import pytest
import torch
from PIL import Image

from bench import plugins
from bench.data import files
from bench.data.depth_cache import balanced, decode, hold_out, read_list
from bench.data.stored import Coded, Stored, each
from bench.datasets.nyud2 import BINS, COARSE, COUNTS, FINE, NYUD2, _motion, _moved
from bench.errors import BenchError
from bench.plugins import resolve
from bench.synthetic.scenes import FOCAL, cast, draw
from bench.training import evaluate
from bench.training.loop import Training

SMALL = "nyud2[images=small]"
SIZE, MIDDLE = (240, 320), (228, 304)
SHOTS = {"many": (*range(9, 46), 47, 49), "medium": (7, 8, 46, 48, *range(50, 57), 58, 60, 61, 63)}


@pytest.fixture(scope="module")
def small():
    on = resolve.dataset(SMALL, {"protocol.epochs": 1})
    return on, on.dataset.load(Path("no data is read"))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """What the authors hand out, but four scenes of three pictures, and two test pictures."""
    monkeypatch.setattr("bench.datasets.nyud2.HELD_OUT", 2)
    scenes = ("den_0001a_out", "den_0001b_out", "bar_0002_out", "spa_0003_out")
    train = [(f"nyu2_train/{scene}/{k}.jpg", f"nyu2_train/{scene}/{k}.png") for scene in scenes for k in (1, 2, 10)]
    test = [(f"nyu2_test/0000{k}_colors.png", f"nyu2_test/0000{k}_depth.png") for k in range(2)]
    for pairs, dtype, unit in ((train, np.uint8, 25.5), (test, np.uint16, 1000)):
        for number, (colours, depth) in enumerate(pairs):
            save(tmp_path / "nyud2" / colours, np.full((*SIZE, 3), 20 * number, np.uint8))
            metres = np.linspace(1 + number / 2, 2 + number / 2, SIZE[1])
            save(tmp_path / "nyud2" / depth, np.tile(metres * unit, (SIZE[0], 1)).astype(dtype))
    for name, pairs in (("train", train), ("test", test), ("train_FDS_subset", train)):
        lines = "".join(f"data/{colours},data/{depth}\n" for colours, depth in pairs)
        (tmp_path / f"nyud2/nyu2_{name}.csv").write_text(lines)
    return tmp_path


def save(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def load(folder, selection="validation"):
    dataset = NYUD2(selection=selection, weights="scratch")
    return dataset, dataset.load(folder)


def train(on, splits, method="baseline"):
    training = Training(on.dataset, on.protocol, splits, resolve.method(method, on).build(), 0, torch.device("cpu"))
    training.fit()
    return training


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


def test_a_balanced_mask_keeps_as_many_pixels_of_each_bin_as_the_rarest_has():
    bins = np.repeat(np.array([3, 7, 8, 10], np.uint8), [50, 30, 20, 10]).reshape(11, 10)
    kept = np.bincount(bins[balanced(bins, first=7, floor=1, seed=0)], minlength=11)
    assert kept.tolist() == [0, 0, 0, 0, 0, 0, 0, 10, 10, 0, 10]
    kept = np.bincount(bins[balanced(bins, first=7, floor=25, seed=0)], minlength=11)
    assert kept.tolist() == [0, 0, 0, 0, 0, 0, 0, 25, 20, 0, 10]
    assert (balanced(bins, 7, 1, 0) == balanced(bins, 7, 1, 0)).all()
    assert (balanced(bins, 7, 1, 0) != balanced(bins, 7, 1, 1)).any()


def test_whole_scenes_are_held_out_and_pictures_evenly_taken_from_them():
    names = [f"{room}_{k:04}{part}_out/{frame}" for room in ("den", "bar") for k in range(5) for part in "ab"
             for frame in range(1, 12)]  # fmt: skip
    pairs = [(f"nyu2_train/{name}.jpg", f"nyu2_train/{name}.png") for name in names]
    scenes = np.array([name.split("_out")[0][:-1] for name in names])
    train, held = hold_out(pairs, number=8, most=3, seed=0)
    assert np.unique(scenes[held], return_counts=True)[1].tolist() in ([3, 3, 2], [3, 2, 3], [2, 3, 3])
    assert not set(scenes[train]) & set(scenes[held])
    assert len(train) == 7 * 22  # the other pictures of the three scenes are in neither
    assert any(names[row].endswith("a_out/1") for row in held)
    assert any(names[row].endswith("b_out/11") for row in held)
    with pytest.raises(BenchError, match="220 pictures of 10 scenes: too few to hold 30 out"):
        hold_out(pairs, number=30, most=3, seed=0)


def test_stored_rows_are_indexed_as_a_tensor_is():
    array, rows = np.arange(24, dtype=np.uint8).reshape(6, 4), np.array([5, 0, 3])
    stored, values = Stored(array, rows), torch.arange(24) / 2
    expected = torch.from_numpy(array[rows])
    for index in (slice(1, 3), torch.tensor([2, 0]), [1, 1]):
        assert torch.equal(stored[index], expected[index])
        assert torch.equal(Coded(stored, values)[index], expected[index] / 2)
    assert (len(stored), stored.shape) == (3, (3, 4))
    doubled = each(Coded(stored, values), lambda given: given * 2 + 1)
    assert torch.equal(doubled[:], expected + 1.0)
    assert each(Coded(stored, values), lambda _: None) is None


def test_the_full_network_has_the_published_widths_and_half_size_maps():
    dataset = NYUD2(images="synthetic")
    with torch.device("meta"):
        net, width = dataset.encoder(None)
        z = net(torch.zeros(2, 3, *MIDDLE))
        head = dataset.head(width, 1)
    assert (tuple(z.shape), tuple(head(z).shape)) == ((2, 128, 114, 152), (2, 1, 114, 152))
    assert [up.long[0][0].in_channels for up in net.decoder] == [1024, 512, 256, 128]
    assert [up.short[0].out_channels for up in net.decoder] == [512, 256, 128, 64]
    assert [(up.short[0].in_channels, up.short[0].out_channels) for up in net.scales] == [
        (256, 16), (512, 16), (1024, 16), (2048, 16),
    ]  # fmt: skip
    assert tuple(head.weight.shape) == (1, 128, 5, 5)


def test_maps_move_with_their_pictures_and_what_comes_from_outside_does_not_count():
    dataset = NYUD2(images="synthetic")
    (height, width), number = dataset.size, 6
    ramp = torch.linspace(1, 9, width // 2).expand(number, 1, height // 2, -1).contiguous()
    x = ramp.repeat_interleave(2, 2).repeat_interleave(2, 3).expand(-1, 3, -1, -1) * 20
    mask = torch.ones_like(ramp, dtype=torch.bool)
    w = ramp + 1
    first, second = (dataset.augmented(x, ramp, w, mask, torch.Generator().manual_seed(k)) for k in (2, 2))
    for one, other in zip(first, second, strict=True):
        assert torch.equal(one, other)
    _, y, w, mask = first
    assert y.shape == w.shape == mask.shape == (number, 1, dataset.middle[0] // 2, dataset.middle[1] // 2)
    assert mask.dtype == torch.bool
    assert not mask.all()
    assert torch.equal(w[mask], y[mask] + 1)
    assert not y[~mask].any()
    motion = _motion(number, dataset.size, dataset.middle, torch.Generator().manual_seed(2))
    pictures = _moved(x, motion, dataset.middle, "bilinear")[:, :1, ::2, ::2] / 20
    inside = _moved(torch.ones_like(x[:, :1]), motion, dataset.middle, "bilinear")[..., ::2, ::2] > 0.999
    assert (mask & inside).float().mean() > 0.9
    assert (pictures - y)[mask & inside].abs().max() < 2 * 8 / (width // 2)  # two steps of the ramp
    flipped = y[..., -1].mean((1, 2)) < y[..., 0].mean((1, 2))
    assert 0 < flipped.sum() < number


def test_without_random_numbers_a_batch_is_its_middle(small):
    on, splits = small
    x, y = splits.train.x[:3], splits.train.labels[:3]
    there, maps, weights, mask = on.dataset.augmented(x, y, None, y > 0, None)
    assert torch.equal(there, x[..., 2:34, 2:46])
    assert torch.equal(maps, y[..., 1:17, 1:23])
    assert weights is None
    assert mask.all()


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


def test_depth_of_a_bare_wall_is_its_distance_and_of_the_floor_follows_from_the_eye():
    room = draw(1, np.random.default_rng(0))
    room.turn[:] = 0
    room.box_low[:], room.box_high[:], room.ball[:], room.radius[:] = 50, 51, 50, 0.1
    room.low[:], room.high[:] = (-2, -0.7, -1), (2, 1, 3)
    depth, light = cast(room, (5, 7))
    # up to the ceiling, straight to the wall, down to the floor
    slope = 2 / (FOCAL * 7)
    np.testing.assert_allclose(depth[0, [0, 2, 4], 3], [1 / slope, 3, 0.7 / slope], rtol=1e-5)
    assert light.shape == (1, 3, 5, 7)
    assert light.min() > 0


def test_small_rooms_are_the_same_each_time_and_depth_can_be_learned_from_them(small):
    on, splits = small
    assert on.dataset.load(Path()).fingerprint() == splits.fingerprint()
    assert [len(split) for split in (splits.train, splits.val, splits.test)] == [96, 24, 24]
    longer = replace(on, protocol=replace(on.protocol, epochs=12, milestones=(9,)))
    known = splits.reference_labels()[..., 1:17, 1:23]
    # depth by the place in the picture alone
    usual = known.mean(0, keepdim=True).expand(len(splits.test), -1, -1, -1)
    values = [
        evaluate.metrics(on.dataset, splits, "test", y_hat)["all"]["rmse"]
        for y_hat in (train(longer, splits).predict(splits.test), usual)
    ]
    assert values[0] < 0.85 * values[1]


@pytest.mark.parametrize("name", [source.name for source in plugins.sources("method")])
def test_a_method_trains_an_epoch_on_small_rooms_or_says_why_not(small, name):
    on, splits = small
    reason = resolve.method(name, on).refusal(on.dataset)
    if name in on.dataset.excluded:
        assert reason == on.dataset.excluded[name]
        return
    assert reason is None
    y_hat = train(on, splits, name).predict(splits.test)
    assert y_hat.shape == (24, 1, 16, 22)
    assert y_hat.isfinite().all()


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


def test_the_authors_folder_gives_training_validation_and_test_pictures(folder):
    dataset, splits = load(folder)
    assert [len(split) for split in (splits.train, splits.val, splits.test)] in ([9, 2, 2], [6, 2, 2])
    assert splits.train.x[:1].shape == (1, 3, *SIZE)
    assert splits.train.labels[:1].shape == (1, 1, 120, 160)
    assert splits.test.x.shape == (2, 3, *MIDDLE)
    assert splits.test.labels[0, 0, 0, 0] == pytest.approx(1 + 8 / 319, abs=1e-3)  # its middle starts at column 8
    assert len(splits.reference_rows) == len(splits.train)
    assert dataset.sample(splits.test, 0).shape == (228, 608, 3)
    assert splits.fingerprint() == load(folder)[1].fingerprint()
    assert splits.fingerprint() != load(folder, "test")[1].fingerprint()


def test_selection_on_the_test_split_trains_on_all_and_is_marked(folder):
    dataset, splits = load(folder, "test")
    assert len(splits.train) == 12
    assert splits.val is splits.test
    assert "chosen on the test split" in dataset.note
    assert "chosen on the test split" not in NYUD2().note
    assert NYUD2().reported_note
    assert not NYUD2(selection="test").reported_note
    assert NYUD2(images="synthetic").reported is None


def test_decoded_pictures_are_kept_until_a_file_changes(folder):
    _, splits = load(folder)
    kept = sorted((folder / "nyud2/decoded").glob("t*/*.npy"))
    assert len(kept) == 4
    times = [path.stat().st_mtime_ns for path in kept]
    assert load(folder)[1].fingerprint() == splits.fingerprint()
    assert [path.stat().st_mtime_ns for path in kept] == times
    changed = folder / "nyud2/nyu2_train/bar_0002_out/2.png"
    save(changed, np.full(SIZE, 77, np.uint8))
    assert load(folder)[1].fingerprint() != splits.fingerprint()
    assert not kept[2].exists()


def test_a_published_mask_is_taken_where_it_lies(folder):
    mask = np.zeros((2, *MIDDLE), np.uint8)
    mask[:, 5, 7] = 1
    np.save(folder / "nyud2/test_balanced_mask.npy", mask)
    assert load(folder)[1].test.mask.nonzero().tolist() == [[0, 0, 5, 7], [1, 0, 5, 7]]
    np.save(folder / "nyud2/test_balanced_mask.npy", mask[:1])
    with pytest.raises(BenchError, match=r"test_balanced_mask.npy has shape \(1, 228, 304\), expected \(2, 228, 304\)"):
        load(folder)


def test_the_unpacked_folder_is_added_by_its_lists_and_a_picture_never_taken_from_another_scene(folder, tmp_path):
    (folder / "nyud2/nyu2_train/bar_0002_out/2.jpg").unlink()
    mine = tmp_path / "mine"
    on, target = NYUD2().folder, mine / "nyud2"
    target.mkdir(parents=True)
    copyfile(folder / "nyud2/nyu2_test.csv", target / "nyu2_test.csv")
    number, missing = files.take(on, mine, folder / "nyud2")
    assert (number, missing) == (28, ["nyu2_train/bar_0002_out/2.jpg"])
    same = "nyu2_train/den_0001b_out/2.jpg"
    assert (target / same).read_bytes() == (folder / "nyud2" / same).read_bytes()
    (target / "nyu2_train.csv").unlink()
    with pytest.raises(BenchError, match=r"no nyu2_train.csv below .*den_0001b_out"):
        files.take(on, mine, (target / same).parent)


@pytest.mark.parametrize(
    ("path", "change", "message"),
    [
        ("nyu2_train.csv", None, "nyu2_train.csv is missing"),
        ("nyu2_train.csv", b"", "nyu2_train.csv is empty"),
        ("nyu2_train.csv", b"data/a.jpg\n", "nyu2_train.csv, line 1: 'data/a.jpg' is no pair of paths"),
        ("nyu2_train.csv", b"data/../a.jpg,data/a.png\n", "is no pair of paths"),
        ("nyu2_train/bar_0002_out/2.jpg", None, "1 of 24 listed files are not below .*: nyu2_train/bar_0002_out/2.jpg"),
        ("nyu2_train/bar_0002_out/2.jpg", b"no picture", "2.jpg cannot be decoded"),
        ("nyu2_train/bar_0002_out/2.png", 100, "2.png cannot be decoded"),
        ("nyu2_train/bar_0002_out/2.png", ((120, 160), np.uint8, 9), "2.png is 160 x 120 pixels, its picture"),
        ("nyu2_train/bar_0002_out/2.png", (SIZE, np.uint16, 9), "2.png holds pixels of mode I;16, expected L"),
        ("nyu2_test/00001_depth.png", (SIZE, np.uint8, 9), "00001_depth.png holds pixels of mode L, expected I;16"),
        ("nyu2_test/00001_depth.png", (SIZE, np.uint16, 10_001), "00001_depth.png has values 10001 to 10001, expected"),
        ("test_balanced_mask.npy", b"no array", "test_balanced_mask.npy cannot be read"),
        ("nyu2_train_FDS_subset.csv", b"data/a.jpg,data/a.png\n", "none of the pictures of .*subset.csv trains"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line_that_names_the_file(folder, path, change, message):
    target = folder / "nyud2" / path
    if change is None:
        target.unlink()
    elif isinstance(change, bytes):
        target.write_bytes(change)
    elif isinstance(change, int):
        target.write_bytes(target.read_bytes()[:change])
    else:
        size, dtype, value = change
        save(target, np.full(size, value, dtype))
    with pytest.raises(BenchError, match=message) as error:
        load(folder)
    assert "\n" not in str(error.value)
    assert not list((folder / "nyud2").glob("decoded/.part*"))


def test_a_picture_of_another_shape_is_refused(tmp_path):
    save(tmp_path / "a.png", np.zeros((240, 300, 3), np.uint8))
    save(tmp_path / "b.png", np.zeros((240, 300), np.uint8))
    with pytest.raises(BenchError, match=r"a\.png is 300 x 240 pixels, which do not shrink to 320 x 240"):
        decode(tmp_path, "train", [("a.png", "b.png")], SIZE, "8-bit")


def test_lists_are_read_below_their_folder(folder):
    pairs = read_list(folder / "nyud2/nyu2_test.csv")
    assert pairs[0] == ("nyu2_test/00000_colors.png", "nyu2_test/00000_depth.png")
