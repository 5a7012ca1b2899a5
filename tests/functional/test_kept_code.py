"""Compiled code that is kept on the disk: damaged, it is made anew."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from bench.functional import spanning_trees

DISTANCES = np.array([[0, 3, 1], [3, 0, 2], [1, 2, 0]], np.float32)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    from numba import config

    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path))
    return tmp_path


def tree():
    compiled = spanning_trees._compiled.__wrapped__()
    return compiled(DISTANCES, np.arange(3)).tolist(), compiled


@pytest.mark.slow
@pytest.mark.parametrize("ending", [".nbi", ".nbc"])
@pytest.mark.parametrize(
    "damage", [lambda content: content[: len(content) // 2], lambda content: b"\xff" * 100], ids=("cut", "other")
)
def test_damaged_code_is_made_anew(folder, ending, damage):
    expected, _ = tree()
    for path in folder.rglob(f"*{ending}"):
        path.write_bytes(damage(path.read_bytes()))
    found, _ = tree()
    assert found == expected
    _, again = tree()
    assert again.stats.cache_hits  # it was kept once more


def test_a_folder_that_cannot_be_written_is_done_without(folder, monkeypatch):
    shutil.rmtree(folder)
    folder.write_text("a file")
    Path(folder).chmod(0o400)
    assert tree()[0] == [[0, 2], [2, 1]]
