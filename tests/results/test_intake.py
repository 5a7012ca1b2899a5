"""What lies in a results folder and is no record of its place is named with a reason, and stops nobody."""

import gc
import json
import os
import socket
from pathlib import Path

import numpy as np
import pytest

from bench.results import arrays, reading, store
from bench.results.intake import kept_as_they_are, take_in
from support.board_records import record
from support.records import readable

CELL = "faces/oe/seed-0.json"


@pytest.fixture
def results(tmp_path):
    for seed in (0, 1):
        store.write(tmp_path, readable(record("oe", seed, 7.0)))
    return tmp_path


def _socket(path):
    with socket.socket(socket.AF_UNIX) as bound:
        os.chdir(path.parent)  # the name of a socket may have 108 characters only
        bound.bind(path.name)


def edited(change):
    def edit(path):
        fields = json.loads(path.read_bytes())
        change(fields)
        path.write_text(json.dumps(fields))

    return edit


def replaced(old, new):
    return lambda path: path.write_text(path.read_text().replace(old, new))


def instead(make):
    def put(path):
        path.unlink()
        make(path)

    return put


ODD = {
    "empty": lambda path: path.write_bytes(b""),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:90]),
    "not UTF-8": lambda path: path.write_bytes(b"\xff\xfe" + path.read_bytes()),
    "a byte-order mark": lambda path: path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes()),
    "a list": lambda path: path.write_text("[]"),
    "deep": lambda path: path.write_text("[" * 100_000),
    "deep inside": replaced('"overrides":{}', '"overrides":' + '{"a":' * 5000 + "1" + "}" * 5000),
    "NaN": replaced('"mae":7.0', '"mae":NaN'),
    "Infinity": replaced('"mae":7.0', '"mae":Infinity'),
    "1e999": replaced('"mae":7.0', '"mae":1e999'),
    "1e999 in the config": replaced('"epochs":90', '"epochs":1e999'),
    "a huge whole number": replaced('"seed": 0', '"seed": ' + "9" * 5000),
    "a large whole number": replaced('"seed": 0', f'"seed": {10**30}'),
    "text for a number": replaced('"mae":7.0', '"mae":"7.0"'),
    "true for a number": replaced('"seed": 0', '"seed": false'),
    "a name twice": replaced('"mae":7.0', '"mae":7.0,"mae":1.0'),
    "half a character": replaced('"cpu":"Some CPU"', r'"cpu":"\ud800"'),
    "half a character in the config": replaced('"epochs":90', r'"epochs":90,"loss":"\ud800"'),
    "another schema": edited(lambda fields: fields.update(schema_version=3)),
    "a field more": edited(lambda fields: fields.update(extra=1)),
    "a field less": edited(lambda fields: fields.pop("started")),
    "an error of 30 MB": edited(lambda fields: fields.update(error="x" * 30_000_000)),
    "a folder": instead(Path.mkdir),
    "a named pipe": instead(os.mkfifo),
    "a socket": instead(_socket),
    "a dangling link": instead(lambda path: path.symlink_to("nowhere")),
    "a link to itself": instead(lambda path: path.symlink_to(path)),
    "a link to a device": instead(lambda path: path.symlink_to("/dev/zero")),
    "a method of no name": edited(lambda fields: fields.update(method="<b>|\n")),
    "a config of nothing": edited(lambda fields: fields.update(config={})),
    "a config of lists": edited(lambda fields: fields["config"].update(dataset=[], overrides=[])),
    "a method without digest": edited(lambda fields: fields["config"]["method"][0].pop("digest")),
}

STRAYS = [
    "seed-0 (1).json", "seed-0 (conflicted copy 2025-03-01).json", "seed-0.json~", ".seed-0.json.swp",
    "seed-0.json.bak",     "Copy of seed-0.json", "seed-0.sync-conflict-20250301.json",
    "seed--1.json", "seed-.json", "seed-٣.json", "Seed-0.json",
]  # fmt: skip


@pytest.mark.parametrize("what", ODD)
def test_an_odd_file_in_the_place_of_a_record_is_named_and_the_others_are_read(results, what, monkeypatch):
    monkeypatch.chdir(results)
    ODD[what](results / CELL)
    found = take_in(results)
    assert [made.seed for made in found.records] == [1]
    assert [one.path for one in found.refused] == [CELL]
    assert 0 < len(found.refused[0].reason) <= 200
    assert found.refused[0].reason.isprintable()


@pytest.mark.parametrize("name", STRAYS)
def test_a_copy_that_another_program_made_is_named(results, name):
    (results / "faces/oe" / name).write_bytes((results / CELL).read_bytes())
    found = take_in(results)
    assert [made.seed for made in found.records] == [0, 1]
    assert [one.path for one in found.refused] == [f"faces/oe/{name}"]


def test_what_a_write_leaves_and_files_of_others_are_no_records(results):
    for name in (".seed-0.json.abcd1234", "seed-0.json.aside", "seed-0.json.aside-2", "README.md", "predictions.npz"):
        (results / "faces/oe" / name).write_text("x")
    for name in ("equivalences.json", "record.schema.json", ".lock"):
        (results / name).write_text("{}")
    assert take_in(results).refused == []


@pytest.mark.parametrize("what", ["a folder", "a named pipe", "cut", "a link to itself", "another schema"])
def test_a_cell_is_written_where_something_odd_lies_which_is_kept_and_named(results, what):
    ODD[what](results / CELL)
    lines = []
    store.write(results, readable(record("oe", 0, 8.0)), say=lines.append)
    assert [made.metrics["test"]["all"]["mae"] for made in take_in(results).records] == [8.0, 7.0]
    assert take_in(results).refused == []
    assert os.path.lexists(results / f"{CELL}.aside")
    assert len(lines) == 1
    assert "was in the way" in lines[0]


@pytest.mark.parametrize("what", ["faces", "faces/oe"])
@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/nowhere"), Path.touch])
def test_a_row_is_written_where_its_folder_is_none(tmp_path, what, make):
    (tmp_path / what).parent.mkdir(exist_ok=True)
    make(tmp_path / what)
    store.write(tmp_path, readable(record("oe", 0, 8.0)), say=lambda line: None)
    assert len(take_in(tmp_path).records) == 1
    assert os.path.lexists(tmp_path / f"{what}.aside")


@pytest.mark.parametrize("damage", ["text", "cut", "folder", "pipe", "pickle", "link"])
def test_damaged_predictions_lose_no_cell(results, damage):
    path, values = results / "faces/oe/predictions.npz", {"mean": np.ones((5, 1), "f4")}
    store.write(results, readable(record("oe", 1, 7.0)), values)
    whole = path.read_bytes()
    path.unlink()
    {
        "text": lambda: path.write_text("no"), "cut": lambda: path.write_bytes(whole[:-30]), "folder": path.mkdir,
        "pipe": lambda: os.mkfifo(path), "link": lambda: path.symlink_to("/etc/passwd"),
        "pickle": lambda: np.savez(path, **{"seed-1": np.ones(5, "f4"), "seed-2": np.array([{}], dtype=object)}),
    }[damage]()  # fmt: skip
    lines = []
    store.write(results, readable(record("oe", 0, 8.0)), values, say=lines.append)
    with arrays.opened(path) as there:
        assert set(there) == ({"seed-0", "seed-1"} if damage == "pickle" else {"seed-0"})
    assert len(lines) == 1
    assert os.path.lexists(f"{path}.aside")


def test_a_cell_that_fails_when_it_is_trained_again_leaves_no_predictions_behind(results):
    values = {"mean": np.ones((5, 1), "f4"), "val": np.ones((4, 1), "f4")}
    for seed in (0, 1):
        store.write(results, readable(record("oe", seed, 7.0)), values)
    store.write(results, readable(record("oe", 0, status="diverged")))
    with arrays.opened(results / "faces/oe/predictions.npz") as there:
        assert set(there) == {"seed-1", "seed-1/val"}
    store.write(results, readable(record("oe", 1, status="oom")))
    assert not (results / "faces/oe/predictions.npz").exists()


def test_a_record_that_changed_since_it_was_taken_in_is_read_as_a_new_one(results):
    path = results / CELL
    intake = take_in(results, history=False)
    one, digest = intake.records[0], intake.digests[CELL.removesuffix(".json").replace("seed-", "")]
    assert reading.read_again(one, path, digest)[0] == reading.read(path)
    edited(lambda fields: fields["timing"].update(wall_s=77.0))(path)
    assert reading.read_again(one, path, digest)[0].timing.wall_s == 77.0
    path.write_text("{")
    with pytest.raises(reading.Unreadable):
        reading.read_again(one, path, digest)


def test_what_is_kept_as_it_is_stays_so_through_a_use_within():
    gc.unfreeze()
    with kept_as_they_are():
        with kept_as_they_are():
            assert gc.get_freeze_count()
        assert gc.get_freeze_count()
    assert not gc.get_freeze_count()


def test_cycles_are_searched_for_seldom_while_records_are_kept_and_as_before_afterwards():
    usual = gc.get_threshold()
    with kept_as_they_are():
        with kept_as_they_are():
            assert gc.get_threshold()[0] > usual[0]
        assert gc.get_threshold()[0] > usual[0]
    assert gc.get_threshold() == usual
