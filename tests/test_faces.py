import os
import shutil
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from torchvision.transforms.v2 import functional

from bench import cli, plugins
from bench.bases.ages import balanced, read_list
from bench.cli import preview
from bench.data import augmentation, files, image_cache
from bench.datasets import agedb, imdb_wiki
from bench.errors import BenchError
from bench.plugins import resolve
from bench.runs import cells
from bench.synthetic.faces import DEVIATION, paint, sitters
from bench.training.loop import Training

NOWHERE = Path("no data is read")
FACES = ("agedb", "imdb_wiki")


def make(name):
    return resolve.dataset(name).dataset


def tiny(name="agedb", **changed):
    params = {"backbone": "tiny", "images": "synthetic", "rows": 300, "size": 32} | changed
    return resolve.dataset(f"{name}[{','.join(f'{key}={value}' for key, value in params.items())}]")


def published_list():
    path = Path(os.environ.get("BENCH_DATA") or "no BENCH_DATA") / "agedb" / "agedb.csv"
    if not path.is_file():
        pytest.skip(f"{path} is missing")
    return path


@pytest.fixture
def bench(monkeypatch, capsys):
    """The command line in this process: words -> exit code, output, errors."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["bench", *map(str, words)])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        return stopped.value.code, *capsys.readouterr()

    return run


@pytest.fixture
def album(tmp_path):
    """A user's folder with 60 pictures of IMDB-WIKI's form, 20 of each of three ages, and their list."""
    folder = tmp_path / "album"
    rows = []
    for number in range(60):
        path = f"imdb_crop/{number % 2:02}/{number}.jpg"
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (40, 20), (4 * number, 100, 50)).save(folder / path)
        rows.append((20 + number // 20, path, ("val", "test", "train", "train")[number % 4]))
    pd.DataFrame(rows, columns=["age", "path", "split"]).to_csv(folder / "imdb_wiki.csv", index=False)
    return folder


def added(album, root):
    on = make("imdb_wiki")
    files.add(on, root, album)
    assert files.take(on.folder, root, album) == (60, [])
    return root / "imdb_wiki"


# labels, splits and regions


def test_the_published_split_follows_from_the_ages_alone():
    table = pd.read_csv(published_list())
    assert (balanced(table.age.to_numpy(), agedb.AgeDB.cap) == table.split).all()
    assert np.bincount(table.age).tolist() == agedb.AgeDB.counts.tolist()


def test_synthetic_agedb_has_the_published_splits_and_shots():
    on = make("agedb[images=synthetic]")
    splits = on.load(NOWHERE)
    assert [len(part) for part in (splits.train, splits.val, splits.test)] == [12208, 2140, 2140]
    train, test = splits.train.labels.numpy(), splits.test.labels.numpy()
    regions = on.regions(train, test)
    assert {name: int((regions == name).sum()) for name in np.unique(regions)} == {
        "many": 1530,
        "medium": 448,
        "few": 162,
    }
    assert set(np.unique(test)) <= set(np.unique(train))
    assert (test.min(), test.max(), len(np.unique(test))) == (3, 95, 92)
    assert on.bins.index(torch.tensor([0.0, 1.0, 101.0])).tolist() == [0, 1, 101]


def test_synthetic_imdb_wiki_has_the_published_splits_and_the_largest_published_age():
    counts = imdb_wiki.ImdbWiki.counts
    assert len(counts) == 187
    split = balanced(np.repeat(np.arange(187), counts), imdb_wiki.ImdbWiki.cap)
    assert [int((split == name).sum()) for name in ("train", "val", "test")] == [191509, 11022, 11022]
    held = np.minimum(counts // 3, 150) * (np.arange(187) < 121)
    train = counts - 2 * held
    assert (counts.sum(), train.max()) == (213553, 7149)
    assert [int(held[chosen].sum()) for chosen in (train > 100, (train >= 20) & (train <= 100), train < 20)] == [
        10010,
        907,
        105,
    ]


@pytest.mark.parametrize("name", FACES)
def test_zero_shot_cuts_bands_from_training_alone_and_names_them_zero(name):
    whole, cut = (tiny(name, protocol=recipe).dataset for recipe in ("dir", "zero_shot"))
    before, after = whole.load(NOWHERE), cut.load(NOWHERE)
    ages = before.train.labels
    kept = (ages >= 20) & ~((ages >= 40) & (ages <= 49)) & (ages < 70)
    assert torch.equal(after.train.labels, ages[kept][:, None])
    assert torch.equal(after.test.labels, before.test.labels)
    unseen = cut.regions(after.train.labels.numpy(), np.array([[19.0], [45], [70], [30]]))
    assert unseen.tolist()[:3] == ["zero"] * 3
    assert unseen[3] != "zero"
    assert "zero" not in whole.regions(before.train.labels.numpy(), np.array([[0.0], [300.0]]))


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
        "agedb[images=synthetic]",
    ]
    assert [make(name).reported for name in names] == ["AgeDB-DIR", "AgeDB-DIR", None, None, None]
    assert make("imdb_wiki").reported == "IMDB-WIKI-DIR"
    assert [make(name).synthetic for name in names] == [False] * 4 + [True]


@pytest.mark.parametrize(("params", "problem"), [("size=8", "shows no face"), ("rows=3", "nothing to validate")])
def test_sizes_that_leave_nothing_are_refused(params, problem):
    with pytest.raises(BenchError, match=problem):
        make(f"agedb[{params}]")


# painted faces


def test_a_picture_is_the_same_whatever_batch_it_is_in():
    columns = {name: torch.from_numpy(column) for name, column in sitters(np.arange(0, 100, 5), seed=3).items()}
    whole = paint(columns, 32)
    alone = paint({name: column[7:8] for name, column in columns.items()}, 32)
    assert (whole.dtype, tuple(whole.shape)) == (torch.uint8, (20, 3, 32, 32))
    assert torch.equal(whole[7:8], alone)
    assert paint({name: column[:0] for name, column in columns.items()}, 32).shape == (0, 3, 32, 32)


def test_painted_faces_depend_on_the_dataset_and_not_on_torchs_seed():
    torch.manual_seed(0)
    first = tiny().dataset.load(NOWHERE)
    torch.manual_seed(1)
    again, other = tiny().dataset.load(NOWHERE), tiny("imdb_wiki").dataset.load(NOWHERE)
    assert first.fingerprint() == again.fingerprint() != other.fingerprint()
    assert torch.equal(first.test.x[:4], again.test.x[:4])


def test_age_can_be_read_off_painted_faces_but_not_below_the_noise():
    splits = tiny(rows=1500).dataset.load(NOWHERE)

    def inputs(split):
        gray = split.x[torch.arange(len(split))].float().mean(1).flatten(1) / 255
        return gray - gray.mean(1, keepdim=True)

    x, y, age = inputs(splits.train), splits.train.labels, splits.test.labels
    weights = torch.linalg.solve(x.T @ x + 30 * torch.eye(x.shape[1]), x.T @ (y - y.mean()))
    error = (inputs(splits.test) @ weights + y.mean() - age).abs().mean()
    floor = DEVIATION * (2 / np.pi) ** 0.5  # mean absolute value of a normal deviate
    assert floor == pytest.approx(3.19, abs=0.005)
    assert floor < error < 0.75 * (y.median() - age).abs().mean()


# networks, batches and augmentation


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


def test_shifted_pictures_are_padded_crops_mirrored_or_not():
    x = torch.randint(256, (300, 3, 4, 4), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    found = augmentation.shift(x, 1, torch.Generator().manual_seed(1), flip=True)
    wide = functional.pad(x, [1, 1, 1, 1])
    crops = [functional.crop(wide, top, left, 4, 4) for top in range(3) for left in range(3)]
    options = torch.stack([*crops, *map(functional.horizontal_flip, crops)])
    which = (options == found).flatten(2).all(2)  # (18, 300)
    assert which.any(0).all()
    assert which.any(1).all()  # all of them occur


def test_a_resized_crop_is_a_part_of_the_picture_mirrored_or_not():
    ramp = torch.linspace(0, 255, 64).expand(40, 3, 64, 64)
    found = augmentation.resized_crop_and_flip(ramp, 56, torch.Generator().manual_seed(0))
    assert found.shape == (40, 3, 56, 56)
    steps = found.diff(dim=3)[:, 0, 20]
    rising = (steps >= -1e-3).all(1)
    assert ((steps <= 1e-3).all(1) | rising).all()
    assert 5 < rising.sum() < 35
    width = (found.amax((1, 2, 3)) - found.amin((1, 2, 3))) / 255
    assert (width > (0.2 * 3 / 4) ** 0.5 - 0.05).all()
    assert (width <= 1).all()


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("brightness", [0.6, 1.4]),
        ("contrast", [0.6, 1.4]),
        ("saturation", [0.6, 1.4]),
        ("hue", [-0.1, 0.07]),
    ],
)
def test_colours_change_as_in_torchvision(name, values):
    x = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    ours = getattr(augmentation, f"adjust_{name}")(255 * x, torch.tensor(values)[:, None, None, None]) / 255
    theirs = [getattr(functional, f"adjust_{name}")(picture, value) for picture, value in zip(x, values, strict=True)]
    # torchvision rounds its weights of gray to four digits
    torch.testing.assert_close(ours, torch.stack(theirs), rtol=0, atol=2e-3)


def test_some_pictures_are_gray_after_a_jitter_and_most_have_other_colours():
    x = 255 * torch.rand(200, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    found = augmentation.jitter(x, torch.Generator().manual_seed(1))
    gray = (found.amax(1) - found.amin(1) < 1e-3).flatten(1).all(1)
    same = (found == x).flatten(1).all(1)
    assert 20 < gray.sum() < 60  # a fifth
    assert 15 < same.sum() < 50  # four fifths of a fifth
    assert (found.min() >= 0, found.max() <= 255) == (True, True)


@pytest.mark.parametrize("recipe", ["dir", "rnc"])
def test_views_have_the_evaluated_size_and_repeat_with_their_generator(recipe):
    on = tiny(rows=60, protocol=recipe, size=28).dataset
    splits = on.load(NOWHERE)
    assert (splits.train.x[:2].shape[-1], splits.test.x[:2].shape[-1]) == (32 if recipe == "rnc" else 28, 28)
    first, again, other = (on.view(splits.train.x[:8], torch.Generator().manual_seed(seed)) for seed in (0, 0, 1))
    assert first.shape == (8, 3, 28, 28)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_a_split_moves_as_one_tensor_where_it_fits_and_is_fetched_where_not(monkeypatch):
    x = tiny().dataset.load(NOWHERE).test.x
    moved = x.to(torch.device("cpu"))
    assert (type(moved), moved.shape) == (torch.Tensor, (len(x), 3, 32, 32))
    monkeypatch.setitem(image_cache.FITS, "cpu", 0)
    still = x.to(torch.device("cpu"))
    index = torch.tensor([5, 0, 5])
    assert isinstance(still, image_cache.Pictures)
    assert torch.equal(still[index], moved[index])


@pytest.mark.parametrize("name", sorted(plugins.modules("method")))
def test_every_method_trains_an_epoch_on_the_small_source(name):
    on = tiny(rows=120)
    method = resolve.method(name, on)
    if reason := method.refusal(on.dataset):
        assert len(reason) > 20
        return
    overrides = {"protocol.epochs": 1, "protocol.batch_size": 64}
    on = resolve.dataset(on.name, overrides)
    splits = on.dataset.load(NOWHERE)
    training = Training(on.dataset, on.protocol, splits, method.build(), 0, torch.device("cpu"), overrides=overrides)
    training.fit()
    assert training.predict(splits.test).isfinite().all()


@pytest.mark.parametrize(("name", "used", "unused"), [("rnc", "strong", "augment"), ("conr", "augment", "strong")])
def test_rnc_trains_with_its_own_augmentation_and_others_with_the_datasets(name, used, unused, monkeypatch):
    overrides = {"protocol.epochs": 1, "protocol.batch_size": 64}
    on = resolve.dataset(tiny(rows=120).name, overrides)
    calls = Counter()
    for kind in (used, unused):
        own = getattr(on.dataset, kind)
        monkeypatch.setattr(on.dataset, kind, lambda x, rng, own=own, kind=kind: (calls.update([kind]), own(x, rng))[1])
    method, splits = resolve.method(name, on).build(), on.dataset.load(NOWHERE)
    Training(on.dataset, on.protocol, splits, method, 0, torch.device("cpu"), overrides=overrides).fit()
    assert calls[used] > 0
    assert calls[unused] == 0


# pictures on the disk


def test_pictures_and_list_are_added_by_name_and_read(album, tmp_path):
    root = tmp_path / "data"
    shutil.copytree(album / "imdb_crop" / "01", album / "elsewhere")
    shutil.rmtree(album / "imdb_crop" / "01")
    added(album, root)
    on = resolve.dataset("imdb_wiki[size=16]")
    splits = cells.load(on, root)
    assert [len(part) for part in (splits.train, splits.val, splits.test)] == [30, 15, 15]
    # rows 0, 4, 8, ... validate; a JPEG of one colour keeps it but for rounding
    red = splits.val.x[torch.arange(15)].float().mean((2, 3))[:, 0]
    torch.testing.assert_close(red, 4.0 * torch.arange(0, 60, 4), rtol=0, atol=3)
    assert splits.val.labels.flatten().tolist() == [20.0 + row // 20 for row in range(0, 60, 4)]
    assert on.dataset.sample(splits.val, 0).shape == (16, 16, 3)


@pytest.mark.parametrize("processes", [1, 2])
def test_a_second_load_decodes_nothing_and_a_changed_picture_is_decoded_anew(album, tmp_path, monkeypatch, processes):
    monkeypatch.setattr(image_cache, "A_PROCESS", 60 // processes)
    folder = added(album, tmp_path)
    on = make("imdb_wiki[size=16]")
    first = on.load(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(Image, "open", lambda *_: pytest.fail("a picture is decoded again"))
        assert on.load(tmp_path).fingerprint() == first.fingerprint()
    Image.new("RGB", (30, 30), "white").save(folder / "imdb_crop/00/0.jpg")
    second = on.load(tmp_path)
    assert second.val.x[:1].min() > 250
    assert second.fingerprint() != first.fingerprint()
    assert torch.equal(second.val.x[1:], first.val.x[1:])


def test_pictures_are_squeezed_or_cut_to_the_middle(tmp_path):
    picture = np.zeros((20, 40, 3), dtype=np.uint8)
    picture[:, 10:30] = 255
    Image.fromarray(picture).save(tmp_path / "a.png")
    squeezed, cropped = (
        image_cache.store(tmp_path, ["a.png"], 20, shape, tmp_path / "cache").fetch(
            torch.tensor([0]), torch.device("cpu")
        )
        for shape in ("squeezed", "cropped")
    )
    assert squeezed.shape == cropped.shape == (1, 3, 20, 20)
    assert squeezed[0, 0, 10, [0, 10, 19]].tolist() == [0, 255, 0]
    assert cropped.min() == 255


@pytest.mark.parametrize("harm", ["missing", "truncated", "no picture"])
@pytest.mark.parametrize("processes", [1, 2])
def test_a_bad_picture_is_one_line_that_names_it_before_any_training(
    album, tmp_path, bench, monkeypatch, harm, processes
):
    monkeypatch.setattr(image_cache, "A_PROCESS", 60 // processes)
    bad = added(album, tmp_path) / "imdb_crop" / "01" / "7.jpg"
    if harm == "missing":
        bad.unlink()
    else:
        bad.write_bytes(bad.read_bytes()[:-200] if harm == "truncated" else b"no picture")
    results = tmp_path / "results"
    words = ("run", "--method", "baseline", "--dataset", "imdb_wiki[size=16]", "--data", tmp_path, "--results", results)
    code, out, errors = bench(*words)
    assert code == 2
    last = errors.strip().splitlines()[-1]
    assert last.startswith("bench: ")
    assert "7.jpg" in last
    assert "Traceback" not in out + errors
    assert not results.exists()


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


def test_adding_agedb_says_how_many_of_its_pictures_are_there_and_the_first_missing(tmp_path, bench):
    table = pd.read_csv(published_list())
    mine = tmp_path / "mine"
    mine.mkdir()
    shutil.copy(published_list(), mine)
    for name in table.path[[0, 3]]:
        Image.new("RGB", (20, 20)).save(mine / Path(name).name)
    code, out, errors = bench("data", "add", "agedb", mine, "--data", tmp_path / "data")
    assert code == 1
    assert "2 of 16,488 files" in out
    missing = ", ".join(table.path[[1, 2, 4, 5, 6]])
    assert f"16,486 are missing: {missing}, ..." in errors
    code, out, errors = bench("data", "add", "agedb", tmp_path, "--data", tmp_path / "nowhere")
    assert (code, errors.count("\n")) == (1, 1)


def test_adding_a_folder_without_pictures_or_list_says_what_is_missing(tmp_path, bench, album):
    empty = tmp_path / "empty"
    empty.mkdir()
    code, _, errors = bench("data", "add", "agedb", empty, "--data", tmp_path / "data")
    assert code == 2
    assert "agedb.csv" in errors
    assert "bench data fetch agedb" in errors
    code, _, errors = bench("data", "add", "imdb_wiki", empty, "--data", tmp_path / "data")
    assert code == 2
    assert "neither imdb_wiki.csv nor imdb.mat" in errors
    shutil.rmtree(album / "imdb_crop")
    code, _, errors = bench("data", "add", "imdb_wiki", album, "--data", tmp_path / "data")
    assert code == 2
    assert "none of the 60 files" in errors


def test_of_two_files_with_one_name_the_one_in_the_listed_folder_is_taken(album, tmp_path):
    (album / "a").mkdir()
    Image.new("RGB", (20, 20), "white").save(album / "a" / "0.jpg")
    taken = added(album, tmp_path) / "imdb_crop" / "00" / "0.jpg"
    assert taken.read_bytes() == (album / "imdb_crop" / "00" / "0.jpg").read_bytes()


# the raw meta data of IMDB-WIKI


def write_meta(path, name, births, **columns):
    from scipy.io import savemat

    dob = [np.datetime64(birth).astype(int) + 719163 + 366 for birth in births]  # day 1 is 0001-01-01
    paths = np.array([f"{number:02}/{name}{number}.jpg" for number in range(len(births))], dtype=object)
    savemat(path, {name: {"dob": np.array(dob), "full_path": paths, **columns}})


def test_ages_follow_the_published_recipe(tmp_path):
    births = ["1950-06-30", "1950-07-01", "1950-01-01", "1950-01-01", "1950-01-01", "2010-01-01"]
    write_meta(
        tmp_path / "imdb.mat",
        "imdb",
        births,
        photo_taken=np.array([2000, 2000, 2000, 2000, 2000, 2000], dtype=np.uint16),
        face_score=np.array([1.0, 3.0, 0.9, 2.0, -np.inf, 2.0]),
        second_face_score=np.array([np.nan, -1.0, np.nan, 1.5, np.nan, np.nan]),
    )
    kept = imdb_wiki.eligible(imdb_wiki.read_meta(tmp_path / "imdb.mat", "imdb"))
    assert kept.values.tolist() == [[50, "00/imdb0.jpg"], [49, "01/imdb1.jpg"]]


def test_the_list_is_made_where_only_the_raw_meta_data_is_there(tmp_path):
    for name in ("imdb", "wiki"):
        columns = {"photo_taken": np.full(9, 2000), "face_score": np.full(9, 2.0)}
        write_meta(tmp_path / f"{name}.mat", name, ["1970-03-01"] * 9, second_face_score=np.full(9, np.nan), **columns)
    table = imdb_wiki.made(tmp_path)
    assert table.age.unique().tolist() == [30]
    assert table.path.tolist()[::9] == ["imdb_crop/00/imdb0.jpg", "wiki_crop/00/wiki0.jpg"]
    assert table.split.value_counts().to_dict() == {"train": 6, "val": 6, "test": 6}
    (tmp_path / "wiki.mat").write_bytes(b"no meta data")
    with pytest.raises(BenchError, match=r"wiki\.mat is not the authors' meta data"):
        imdb_wiki.made(tmp_path)


# sheets of samples


def test_rows_of_a_sheet_are_spread_over_the_labels_and_none_comes_twice():
    labels = torch.tensor([5.0, 1, 1, 1, 9, 1, 7])
    assert labels[preview.spread(labels, 3)].tolist() == [1, 5, 9]
    rows = preview.spread(labels, 6)
    assert len(set(rows)) == 6
    assert labels[rows].tolist() == sorted(labels[rows].tolist())
    assert sorted(preview.spread(labels, 50)) == list(range(7))


def test_a_sheet_of_pictures_is_drawn_into_a_file_of_the_sources_name(tmp_path, bench, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, said, _ = bench("data", "preview", tiny().name, "--split", "test")
    assert (code, said.strip()) == (0, f"{tiny().name}-test.png")
    with Image.open(said.strip()) as sheet:
        assert sheet.format == "PNG"
        pixels = np.asarray(sheet)
    assert pixels.shape[1] == 8 * (144 + 8) + 8
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 500


def test_a_sheet_of_texts_is_drawn(tmp_path, monkeypatch):
    on = resolve.dataset("circle")
    monkeypatch.setattr(on.dataset, "sample", lambda _, row: f"sample {row}\n" + "word " * 40, raising=False)
    with Image.open(preview.draw(on, "val", NOWHERE, tmp_path / "a.png")) as sheet:
        assert sheet.width == 2 * (560 + 8) + 8


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["circle"], "circle has neither pictures nor texts"),
        ([tiny().name, "--split", "dev"], "no split 'dev'"),
        ([tiny().name, "--out", "/nowhere/a.png"], "cannot write /nowhere/a.png"),
        (["agedb", "--data", "/nowhere"], "images=synthetic"),
    ],
)
def test_what_cannot_be_drawn_is_one_line(bench, words, problem):
    code, out, errors = bench("data", "preview", *words)
    assert (code, out, errors.count("\n")) == (2, "", 1)
    assert problem in errors
