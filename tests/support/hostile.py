"""Hostile input: what an album of pictures is, and how a command refuses what is wrong with it."""

import signal

import numpy as np
import pytest
from PIL import Image

from support.command_line import bench
from support.depth_pictures import save

GOOD = ["age,path,split", *(f"{20 + k // 20},imdb_crop/0/{k}.jpg,{('train', 'val', 'test')[k % 3]}" for k in range(60))]
TEXT = "\n".join(GOOD) + "\n"
SIZE = (240, 320)


@pytest.fixture
def no_waiting():
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
