"""SkyFinder: the authors' table and pictures, which are taken and how they are split."""

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from bench.data import adding
from bench.datasets import skyfinder
from bench.errors import BenchError
from bench.plugins import resolve
from bench.runs import cells
from support.datasets import NOWHERE, make, rows

HOURS = ("180000", "184500", "120000")  # UTC; at 105° West the sun says 11:00, 11:45 and 5:00


@pytest.fixture
def album(tmp_path):
    """A user's folder in the authors' layout: 6 cameras, 20 days each, three pictures a day."""
    folder, lines = tmp_path / "album", []
    for camera in range(6):
        (folder / "images" / f"{100 + camera}").mkdir(parents=True)
        for day in range(1, 21):
            for hour in HOURS:
                name = f"201306{day:02}_{hour}.jpg"
                colour = (10 * day, 30 * camera, int(hour[:2]) * 5)
                Image.new("RGB", (40, 20), colour).save(folder / "images" / f"{100 + camera}" / name)
                lines.append((name, 100 + camera, -105.0, camera + 0.5, "clear"))
    lines.append(("20130630_180000.jpg", 100, -105.0, 10.0, "no picture of this is there"))
    lines.append((f"20130601_{HOURS[2]}.jpg", 101, -105.0, -9999.0, "not measured"))
    lines = [line for line in lines if line != (f"20130601_{HOURS[2]}.jpg", 101, -105.0, 1.5, "clear")]
    columns = ["Filename", "CamId", "Longitude", "TempM", "Conds"]
    pd.DataFrame(lines, columns=columns).to_csv(folder / "complete_table_with_mcr.csv", index=False)
    return folder


def added(album, root, name="skyfinder"):
    return adding.take(make(name).folder, root, album)


def test_of_each_camera_and_day_the_picture_nearest_to_eleven_is_taken(album, tmp_path):
    root = tmp_path / "data"
    assert added(album, root) == (120, [])
    table = skyfinder.read_list(root / "skyfinder" / "skyfinder.csv")
    assert len(table) == 359  # all but the one that was not measured
    taken = sorted(path.name for path in (root / "skyfinder" / "100").iterdir())
    assert taken == [f"201306{day:02}_{HOURS[0]}.jpg" for day in range(1, 21)]
    on = resolve.dataset("skyfinder[size=16]")
    splits = cells.load(on, root)
    assert rows(splits) == [96, 12, 12]
    assert splits.train.labels.unique().tolist() == [camera + 0.5 for camera in range(6)]
    green = splits.test.x[torch.arange(12)].float().mean((2, 3))[:, 1]
    torch.testing.assert_close(green, 30 * (splits.test.labels[:, 0] - 0.5), rtol=0, atol=3)
    assert on.dataset.sample(splits.test, 0).shape == (16, 16, 3)


def test_all_pictures_are_taken_where_that_is_asked_for(album, tmp_path):
    assert added(album, tmp_path / "data", "skyfinder[pictures=all]") == (359, [])


def test_pictures_that_are_cut_off_are_left_out(album, tmp_path):
    bad = album / "images" / "103" / f"20130605_{HOURS[0]}.jpg"
    bad.write_bytes(bad.read_bytes()[:-40])
    assert added(album, tmp_path / "data") == (120, [])  # the next one within the hour
    assert (tmp_path / "data" / "skyfinder" / "103" / f"20130605_{HOURS[1]}.jpg").is_file()


def test_no_two_splits_share_a_camera_where_that_is_asked_for(album, tmp_path):
    root = tmp_path / "data"
    added(album, root)
    splits = make("skyfinder[size=16,split=cameras]").load(root)
    seen = [np.unique(split.shared["camera"]) for split in (splits.train, splits.val, splits.test)]
    assert sum(map(len, seen)) == len(np.unique(np.concatenate(seen))) == 6
    table = pd.DataFrame({"camera": ["1", "2"] * 5, "celsius": np.arange(10.0)})
    with pytest.raises(BenchError, match="needs 5 cameras, and there are 2"):
        skyfinder.by_camera(table)


def test_a_tenth_of_each_degree_rounded_down_validates_and_as_many_test():
    table = pd.DataFrame({"celsius": np.repeat([-1.5, 3.2, 3.9, 7.0], [25, 6, 5, 9])})
    train, val, test = skyfinder.by_degree(table)
    floors = np.floor(table.celsius.to_numpy())
    counts = [[int((floors[part] == degree).sum()) for degree in (-2, 3, 7)] for part in (train, val, test)]
    assert counts == [[21, 9, 9], [2, 1, 0], [2, 1, 0]]
    assert sorted([*train, *val, *test]) == list(range(45))


def test_regions_go_by_the_whole_degree_below_zero_too():
    labels = np.concatenate([np.full(101, -0.5), np.full(50, 3.2), np.full(5, 20.1)])[:, None]
    found = make("skyfinder[images=synthetic]").regions(labels, np.array([[-0.9], [3.9], [20.9], [0.1]]))
    assert found.tolist() == ["many", "medium", "few", "few"]


def test_the_synthetic_source_has_as_many_pictures_as_the_papers_and_belongs_beside_no_row():
    on = make("skyfinder[images=synthetic]")
    table = skyfinder.made_up()
    assert len(table) == 35_417
    assert (table.celsius.min() >= -20, table.celsius.max() <= 50) == (True, True)
    assert (on.synthetic, on.reported, make("skyfinder").reported) == (True, None, "SkyFinder")
    assert make("skyfinder[split=cameras]").reported is None
    small = make(on.small)
    assert sum(rows(small.load(NOWHERE))) == 300


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("noon.jpg,100,-105,3", "line 2: 'noon.jpg' is no time as"),
        (f"20130601_{HOURS[0]}.jpg,100,west,3", "line 2: longitude 'west' is no number"),
    ],
)
def test_a_table_that_is_wrong_is_named_with_its_line(album, tmp_path, bench, row, problem):
    (album / "complete_table_with_mcr.csv").write_text(f"Filename,CamId,Longitude,TempM\n{row}\n")
    code, _, errors = bench("data", "add", "skyfinder", album, "--data", tmp_path / "data")
    assert (code, errors.count("\n")) == (2, 1)
    assert problem in errors


def test_a_folder_without_the_table_or_the_pictures_is_refused(album, tmp_path, bench):
    (tmp_path / "empty").mkdir()
    code, _, errors = bench("data", "add", "skyfinder", tmp_path / "empty", "--data", tmp_path / "data")
    assert code == 2
    assert "no complete_table_with_mcr.csv is below" in errors
    (tmp_path / "empty" / "complete_table_with_mcr.csv").write_bytes(
        (album / "complete_table_with_mcr.csv").read_bytes()
    )
    code, _, errors = bench("data", "add", "skyfinder", tmp_path / "empty", "--data", tmp_path / "data")
    assert code == 2
    assert "none of the pictures" in errors
