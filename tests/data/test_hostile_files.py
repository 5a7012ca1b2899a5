"""Hostile and odd files of every kind: one line and exit code 2, nothing outside the data folder, no waiting."""

import csv
import io
import os
import shutil
import signal
import socket
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from support.command_line import bench
from support.depth_pictures import save

GOOD = ["age,path,split", *(f"{20 + k // 20},imdb_crop/0/{k}.jpg,{('train', 'val', 'test')[k % 3]}" for k in range(60))]
TEXT = "\n".join(GOOD) + "\n"
SIZE = (240, 320)


@pytest.fixture(autouse=True)
def _no_waiting():
    def late(*_):
        raise TimeoutError("it hangs")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def album(tmp_path):
    folder = tmp_path / "world" / "album"
    (folder / "imdb_crop/0").mkdir(parents=True)
    for k in range(60):
        Image.new("RGB", (24, 20), (4 * k, 100, 50)).save(folder / f"imdb_crop/0/{k}.jpg")
    (folder / "imdb_wiki.csv").write_text(TEXT)
    return folder


def tree(folder):
    return {
        path: (path.lstat().st_mtime_ns, path.read_bytes() if path.is_file() else None)
        for path in folder.rglob("*")
        if not path.is_fifo()
    }


def refused(words, tmp_path, outside=None):
    """Run a command that must end in one line and exit code 2; files outside the data folder stay as they are."""
    (tmp_path / "cwd").mkdir(exist_ok=True)
    before = tree(outside) if outside else {}
    result = bench(*words, "--data", tmp_path / "data", cwd=tmp_path / "cwd")
    assert (result.returncode, result.stderr.count("\n")) == (2, 1), result.stderr
    assert result.stderr.startswith("bench: ")
    assert len(result.stderr) < 1000
    assert not outside or tree(outside) == before
    assert not list((tmp_path / "cwd").iterdir())
    assert not list((tmp_path / "data").rglob(".part-*"))
    return result.stderr


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


def png(mode="RGB", size=(24, 20)):
    out = io.BytesIO()
    Image.new(mode, size).save(out, "PNG")
    return out.getvalue()


def bomb(width, height):
    raw = bytearray(png())
    raw[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    return bytes(raw)


PICTURES = {
    "empty": lambda path: path.write_bytes(b""),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-100]),
    "text": lambda path: path.write_bytes(b"<html>not found</html>"),
    "program": lambda path: path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"),
    "bomb": lambda path: path.write_bytes(bomb(65500, 65500)),
    "smaller bomb": lambda path: path.write_bytes(bomb(10000, 10000)),
    "16 bits": lambda path: path.write_bytes(png("I;16")),
    "floats": lambda path: Image.new("F", (24, 20)).save(path, "TIFF"),
    "folder": lambda path: (path.unlink(), path.mkdir()),
    "pipe": lambda path: (path.unlink(), os.mkfifo(path)),
    "nothing": lambda path: (path.unlink(), path.symlink_to("nowhere.jpg")),
    "circle": lambda path: (path.unlink(), path.symlink_to(path.name)),
    "device": lambda path: (path.unlink(), path.symlink_to("/dev/zero")),
}


@pytest.mark.parametrize("harm", PICTURES)
@pytest.mark.parametrize("kind", ["ages", "picture", "depth"])
def test_a_hostile_picture_is_refused_by_every_reader(harm, kind, album, tmp_path, monkeypatch):
    data = tmp_path / "data"
    if kind == "ages":
        bench("data", "add", "imdb_wiki", album, "--data", data, cwd=tmp_path)
        bad, name = data / "imdb_wiki/imdb_crop/0/7.jpg", "imdb_wiki[size=16]"
    else:
        bad, name = depth_folder(data, monkeypatch)[kind], "nyud2[weights=scratch]"
    PICTURES[harm](bad)
    text = refused(["data", "preview", name], tmp_path)
    assert bad.name in text
    assert not list(data.rglob("decoded/*/*"))


def depth_folder(data, monkeypatch):
    monkeypatch.setattr("bench.datasets.nyud2.HELD_OUT", 1)
    monkeypatch.setattr("bench.datasets.nyud2.NYUD2.files", ())
    for split, kind in (("train", np.uint8), ("test", np.uint16)):
        lines = []
        for k in range(3):
            pair = [f"{split}/room_{k}_out/{k}{end}.png" for end in ("c", "d")]
            save(data / "nyud2" / pair[0], np.zeros((*SIZE, 3), np.uint8))
            save(data / "nyud2" / pair[1], np.full(SIZE, 99, kind))
            lines.append(",".join(f"data/{name}" for name in pair))
        for name in ("train", "train_FDS_subset") if split == "train" else ("test",):
            (data / f"nyud2/nyu2_{name}.csv").write_text("\n".join(lines))
    return {"picture": data / "nyud2/train/room_1_out/1c.png", "depth": data / "nyud2/train/room_1_out/1d.png"}


@pytest.mark.parametrize("mode", ["CMYK", "L", "P", "LA", "RGBA", "1", "animated"])
def test_pictures_of_other_eight_bit_modes_are_read(mode, album, tmp_path):
    path = album / "imdb_crop/0/7.jpg"
    if mode == "animated":
        frames = [Image.new("RGB", (24, 20), (k, 0, 0)) for k in (0, 90)]
        frames[0].save(path, "GIF", save_all=True, append_images=frames[1:])
    else:
        Image.new(mode, (24, 20)).save(path, "TIFF" if mode == "CMYK" else "PNG")
    bench("data", "add", "imdb_wiki", album, "--data", tmp_path / "data", cwd=tmp_path)
    result = bench("data", "preview", "imdb_wiki[size=16]", "--data", tmp_path / "data", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize(
    "text", ["data/../../x.jpg,data/y.png", "data//etc/x,data/y", "data/con/x,data/y", "data/a\0,b"]
)
def test_a_depth_list_that_climbs_out_is_refused(text, tmp_path, monkeypatch):
    depth_folder(tmp_path / "data", monkeypatch)
    (tmp_path / "data/nyud2/nyu2_train.csv").write_text(text)
    refused(["data", "preview", "nyud2[weights=scratch]"], tmp_path)


def npz(mask):
    out = io.BytesIO()
    np.savez(out, mask)
    return out.getvalue()


def header(text):
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no array",
        npz(np.zeros(3)),
        header(b"{'descr': '<f8', 'fortran_order': False, 'shape': (9999999999999, 9), }\n"),
        header(b"{'descr': '|O', 'fortran_order': False, 'shape': (), }\n") + b"cos\nsystem\n(S'touch evil'\ntR.",
        header(b"(" * 900 + b"\n"),
        header(b"{'descr': '<f8', 'fortran_order': False, 'shape': (-1, 3), }\n"),
    ],
)
def test_a_hostile_mask_is_refused(content, tmp_path, monkeypatch):
    depth_folder(tmp_path / "data", monkeypatch)
    (tmp_path / "data/nyud2/test_balanced_mask.npy").write_bytes(content)
    refused(["data", "preview", "nyud2[weights=scratch]"], tmp_path)


@pytest.mark.parametrize("harm", ["empty", "text", "version 7.3", "other fields", "nan", "path out"])
def test_hostile_meta_data_is_refused(harm, tmp_path):
    from scipy.io import savemat

    folder = tmp_path / "world"
    folder.mkdir()
    columns = {name: np.full(9, 2.0) for name in ("face_score", "second_face_score")} | {
        "dob": np.full(9, 720_000.0),
        "photo_taken": np.full(9, 2000.0),
        "full_path": np.array([f"00/{k}.jpg" for k in range(9)], dtype=object),
    }
    columns["second_face_score"] = np.full(9, -1.0)
    if harm == "nan":
        columns["dob"][3] = np.nan
    if harm == "path out":
        columns["full_path"][3] = "../../../evil.jpg"
        (folder / "evil.jpg").write_bytes(b"evil")
    for name in ("imdb", "wiki"):
        savemat(folder / f"{name}.mat", {name: columns if harm != "other fields" else {"a": 1}})
        if harm in ("empty", "text", "version 7.3"):
            raw = {"empty": b"", "text": b"no matlab", "version 7.3": b"MATLAB 7.3 MAT-file" + b" " * 105 + b"\0\2IM"}
            (folder / f"{name}.mat").write_bytes(raw[harm])
    refused(["data", "add", "imdb_wiki", folder], tmp_path, folder)
    assert not (tmp_path / "data/imdb_wiki/imdb_wiki.csv").exists()


def archive(content=b"x", name="abalone.data", times=1, flags=0, method=None, climb=False):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for _ in range(times):
            made.writestr(name, content)
        if climb:
            made.writestr("../../evil", b"evil")
    raw = bytearray(out.getvalue())
    for sign, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = raw.find(sign)
        raw[place + at] |= flags
        if method is not None:
            raw[place + at + 2] = method
    return bytes(raw)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("words", "make"),
    [
        (name, make)
        for name in ("abalone", "circle[points=published]", "mammoth", "airfoil", "stsb")
        for make in (
            lambda: archive(flags=1),
            lambda: archive(method=99),
            lambda: archive(name="other"),
            lambda: archive(times=2),
            lambda: archive(climb=True),
            lambda: archive(bytes(30_000_000)),
            lambda: archive()[:-10],
            lambda: archive(archive()),
            lambda: archive(name="/abalone.data"),
            lambda: b"",
            lambda: b"[" * 100_000,
            lambda: b"\x1f\x8b\x08" + bytes(100),
            lambda: bytes(range(256)),
        )
    ],
)
def test_a_hostile_source_of_a_checked_file_is_refused(words, make, tmp_path):
    for name in ("abalone.zip", "mammoth_3d_50k.json", "circle.npy", "airfoil_self_noise.dat", "train_new.tsv"):
        (tmp_path / "world").mkdir(exist_ok=True)
        (tmp_path / "world" / name).write_bytes(make())
    refused(["data", "add", words, tmp_path / "world"], tmp_path, tmp_path / "world")
    assert not list(tmp_path.rglob("evil"))
    assert [path for path in (tmp_path / "data").rglob("*") if path.is_file()] == []


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
