"""Hostile and odd lists, paths and links: one line and exit code 2, nothing outside the data folder, no waiting."""

import csv
import io
import os
import shutil
import socket
from pathlib import Path

import pytest

from bench.data.reading import walk
from support.command_line import bench
from support.hostile import TEXT, album, no_waiting, refused

pytestmark = pytest.mark.usefixtures("no_waiting")
__all__ = ["album", "no_waiting"]


def line(path, age="20", split="train"):
    out = io.StringIO()
    csv.writer(out).writerow([age, path, split])
    return (TEXT + out.getvalue()).encode()


PATHS = {
    "climbs": "../../OUTSIDE/evil.jpg",
    "climbs later": "imdb_crop/../../../OUTSIDE/evil.jpg",
    "absolute": "/tmp/evil.jpg",
    "drive": "C:\\evil.jpg",
    "drive with slash": "c:/evil.jpg",
    "share": "\\\\host\\share\\evil.jpg",
    "two slashes": "//host/evil.jpg",
    "backslashes": "..\\..\\evil.jpg",
    "backslash": "imdb_crop\\evil.jpg",
    "control": "imdb_crop/a\x07.jpg",
    "new line": "imdb_crop/a\nb.jpg",
    "escape": "imdb_crop/\x1b[2J.jpg",
    "line separator": "imdb_crop/a\u2028b.jpg",
    "direction": "imdb_crop/a\u202egpj.exe",
    "device": "imdb_crop/CON.jpg",
    "device folder": "aux/a.jpg",
    "dot at end": "imdb_crop/a.jpg.",
    "space at end": "imdb_crop /a.jpg",
    "stream": "imdb_crop/a.jpg:evil",
    "star": "imdb_crop/*.jpg",
    "folder": "imdb_crop/",
    "dot": ".",
    "dot dot": "..",
    "empty": "",
    "long": "imdb_crop/" + "a" * 300 + ".jpg",
    "long path": "/".join(["folder"] * 400) + "/a.jpg",
    "twice": "imdb_crop/0/0.jpg",
    "twice, otherwise": "imdb_crop/./0/0.jpg",
}
LISTS = {
    "huge field": line("a" * 200_000),
    "NUL": line("a").replace(b"train", b"tr\0ain", 1),
    "UTF-16": TEXT.encode("utf-16"),
    "latin-1": line("gen\xe8ve.jpg").decode().encode("latin-1"),
    "empty list": b"",
    "only a mark": b"\xef\xbb\xbf",
    "only blank": b"\n\r\n \n",
    "header alone": b"age,path,split\n",
    "other columns": b"years,file,part\n20,a.jpg,train\n",
    "one column twice": b"age,path,path,split\n20,a.jpg,b.jpg,train\n",
    "short line": b"age,path,split\n20,a.jpg\n",
    "long line": b"age,path,split\n20,a.jpg,train,more\n",
    "nan": line("a.jpg", "nan"),
    "inf": line("a.jpg", "inf"),
    "text": line("a.jpg", "old"),
    "huge number": line("a.jpg", "1e400"),
    "negative": line("a.jpg", "-1"),
    "too old": line("a.jpg", "187"),
    "part of a year": line("a.jpg", "20.5"),
    "digits without end": line("a.jpg", "9" * 5000),
    "other split": line("a.jpg", split="all"),
    "open quote": TEXT.encode() + b'20,"a.jpg,train\n',
    "no text": bytes(range(256)) * 20,
}
HOSTILE = {name: line(path) for name, path in PATHS.items()} | LISTS


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_list_is_refused_and_nothing_of_it_is_kept(name, album, tmp_path):
    (album / "imdb_wiki.csv").write_bytes(HOSTILE[name])
    (album / "evil.jpg").write_bytes(b"evil")
    refused(["data", "add", "imdb_wiki", album], tmp_path, tmp_path / "world")
    assert not (tmp_path / "data/imdb_wiki/imdb_wiki.csv").exists()
    assert not list(tmp_path.rglob("evil*")) or list(tmp_path.rglob("evil*")) == [album / "evil.jpg"]
    (tmp_path / "data/imdb_wiki").mkdir(parents=True, exist_ok=True)
    (tmp_path / "data/imdb_wiki/imdb_wiki.csv").write_bytes(HOSTILE[name])
    for words in (["data", "preview", "imdb_wiki[size=16]"], ["data", "status", "--dataset", "imdb_wiki"]):
        refused(words, tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: b"\xef\xbb\xbf" + text,
        lambda text: text.replace(b"\n", b"\r\n"),
        lambda text: text.replace(b"\n", b"\n\n"),
        lambda text: b"\n" + text + b" \n,,\n",
        lambda text: text.replace(b"\n", b",\n"),
        lambda text: text.replace(b",train", b',"train"'),
        lambda text: text.replace(b",", b", "),
        lambda text: text.replace(b"imdb_crop/", b"./imdb_crop//"),
        lambda text: text.replace(b"age,", b"age,more,").replace(b"\n2", b"\n20,2"),
    ],
    ids=["mark", "crlf", "blank lines", "blank ends", "trailing commas", "quotes", "spaces", "dots", "more columns"],
)
def test_a_list_as_people_save_them_is_read(change, album, tmp_path):
    (album / "imdb_wiki.csv").write_bytes(change(TEXT.encode()))
    result = bench("data", "add", "imdb_wiki", album, "--data", tmp_path / "data", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert "60 of 60" in result.stdout


def test_a_refused_list_leaves_the_one_before(album, tmp_path):
    bench("data", "add", "imdb_wiki", album, "--data", tmp_path / "data", cwd=tmp_path)
    (album / "imdb_wiki.csv").write_bytes(line("../evil.jpg"))
    refused(["data", "add", "imdb_wiki", album], tmp_path, tmp_path / "world")
    assert (tmp_path / "data/imdb_wiki/imdb_wiki.csv").read_text() == TEXT


@pytest.mark.parametrize("what", ["pipe", "socket", "device", "nowhere", "circle", "long", "empty folder", "word"])
def test_an_odd_path_to_add_is_refused(what, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # names of sockets are short
    path = tmp_path / "odd"
    if what == "pipe":
        os.mkfifo(path)
    elif what == "socket":
        with socket.socket(socket.AF_UNIX) as made:
            made.bind("odd")
    elif what == "empty folder":
        path.mkdir()
    elif what in ("nowhere", "circle"):
        path.symlink_to("odd" if what == "circle" else "nowhere")
    path = {"device": Path("/dev/zero"), "long": tmp_path / ("a" * 300), "word": Path("\x1b[2J")}.get(what, path)
    for name in ("imdb_wiki", "abalone", "agedb"):
        refused(["data", "add", name, path], tmp_path)


def test_folders_behind_links_work_and_links_in_a_circle_end(album, tmp_path):
    elsewhere = tmp_path / "big"
    shutil.move(album / "imdb_crop", elsewhere)
    (album / "imdb_crop").symlink_to(elsewhere)
    (elsewhere / "again").symlink_to(album)
    (tmp_path / "disk").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "data/imdb_wiki").symlink_to(tmp_path / "disk")
    result = bench("data", "add", "imdb_wiki", album, "--data", tmp_path / "data", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert len(list((tmp_path / "disk/imdb_crop/0").iterdir())) == 60


def test_nothing_is_written_through_a_link_that_leads_out_of_the_data_folder(album, tmp_path):
    inner = tmp_path / "data/imdb_wiki"
    inner.mkdir(parents=True)
    (tmp_path / "world/theirs").mkdir()
    (inner / "imdb_crop").symlink_to(tmp_path / "world/theirs")
    assert "by a link" in refused(["data", "add", "imdb_wiki", album], tmp_path, tmp_path / "world")
    (inner / "imdb_crop").unlink()
    (inner / "imdb_crop/0").mkdir(parents=True)
    victim = tmp_path / "world/victim"
    victim.write_bytes(b"mine")
    (inner / "imdb_crop/0/3.jpg").symlink_to(victim)
    result = bench("data", "add", "imdb_wiki", album, "--data", tmp_path / "data", cwd=tmp_path)
    assert result.returncode == 0
    assert victim.read_bytes() == b"mine"
    assert not (inner / "imdb_crop/0/3.jpg").is_symlink()


@pytest.mark.parametrize(
    "words",
    [
        ["data", "preview", "digits[images=few]", "--split", "all"],
        ["data", "preview", "digits[images=few]", "--out", "/nowhere/a.png"],
        ["data", "preview", "digits[images=few]", "--out", "."],
        ["data", "preview", "circle"],
        ["data", "fetch", "nothing"],
        ["data", "add", "digits", "."],
        ["data", "status", "--dataset", "../x"],
        ["data", "add", "imdb_wiki"],
    ],
)
def test_bad_words_after_data_are_one_line(words, tmp_path):
    refused(words, tmp_path)


def test_a_data_folder_that_is_a_file_is_one_line(album, tmp_path):
    (tmp_path / "data").write_text("a file")
    refused(["data", "add", "imdb_wiki", album], tmp_path, tmp_path / "world")
    refused(["data", "preview", "imdb_wiki[size=16]"], tmp_path)


def test_a_broken_picture_is_replaced_when_added_again(album, tmp_path):
    add = ("data", "add", "imdb_wiki", album, "--data", tmp_path / "data")
    bench(*add, cwd=tmp_path)
    inner = tmp_path / "data/imdb_wiki/imdb_crop/0"
    before = {path: path.stat().st_mtime_ns for path in inner.iterdir()}
    raw = bytearray((inner / "7.jpg").read_bytes())
    (inner / "3.jpg").write_bytes(raw[:50])
    raw[-9] ^= 1  # of the same length
    (inner / "7.jpg").write_bytes(raw)
    assert bench(*add, cwd=tmp_path).returncode == 0
    for name in ("3.jpg", "7.jpg"):
        assert (inner / name).read_bytes() == (album / "imdb_crop/0" / name).read_bytes()
    changed = {path.name for path, time in before.items() if path.stat().st_mtime_ns != time}
    assert changed == {"3.jpg", "7.jpg"}


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="no /proc here")
def test_a_folder_that_the_system_makes_up_is_refused_at_once(tmp_path, no_waiting):
    assert "is made up by the system" in refused(["data", "add", "agedb", "/proc/self"], tmp_path)
    assert "is all that this machine has" in refused(["data", "add", "stsb", "/"], tmp_path)


def test_links_that_lead_upwards_or_to_what_the_system_makes_up_are_not_followed(tmp_path):
    folder = tmp_path / "above/here"
    folder.mkdir(parents=True)
    for name, at in {"up": tmp_path, "root": "/", "made": "/proc"}.items():
        (folder / name).symlink_to(at)
    for file in (tmp_path / "beside", folder / "own"):
        file.touch()
    assert list(walk(folder)) == [folder / "own"]
