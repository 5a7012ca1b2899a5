"""Hostile pictures, arrays, meta data and archives: one line and exit code 2, nothing outside the data folder."""

import io
import os
import zipfile

import numpy as np
import pytest
from PIL import Image

from support.command_line import bench
from support.hostile import album, depth_folder, no_waiting, refused

pytestmark = pytest.mark.usefixtures("no_waiting")
__all__ = ["album", "no_waiting"]


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
