"""NYUD2: the authors' folder, and what is wrong with one."""

from shutil import copyfile

import numpy as np
import pytest

from bench.data import adding
from bench.data.depth_cache import read_list
from bench.datasets.nyud2 import NYUD2
from bench.errors import BenchError
from support.depth_pictures import MIDDLE, SIZE, save


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


def load(folder, selection="validation"):
    dataset = NYUD2(selection=selection, weights="scratch")
    return dataset, dataset.load(folder)


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
    number, missing = adding.take(on, mine, folder / "nyud2")
    assert (number, missing) == (28, ["nyu2_train/bar_0002_out/2.jpg"])
    same = "nyu2_train/den_0001b_out/2.jpg"
    assert (target / same).read_bytes() == (folder / "nyud2" / same).read_bytes()
    (target / "nyu2_train.csv").unlink()
    with pytest.raises(BenchError, match=r"no nyu2_train.csv below .*den_0001b_out"):
        adding.take(on, mine, (target / same).parent)


@pytest.mark.parametrize(
    ("path", "change", "message"),
    [
        ("nyu2_train.csv", None, "nyu2_train.csv is missing"),
        ("nyu2_train.csv", b"", "nyu2_train.csv is empty"),
        ("nyu2_train.csv", b"data/a.jpg\n", "nyu2_train.csv, line 1: 'data/a.jpg' is no pair of paths"),
        ("nyu2_train.csv", b"data/../a.jpg,data/a.png\n", "line 1: the path '../a.jpg' climbs out"),
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


def test_lists_are_read_below_their_folder(folder):
    pairs = read_list(folder / "nyud2/nyu2_test.csv")
    assert pairs[0] == ("nyu2_test/00000_colors.png", "nyu2_test/00000_depth.png")
