"""Sheets of samples."""

import numpy as np
import pytest
import torch
from PIL import Image

from bench.cli import preview
from bench.plugins import resolve
from support.datasets import NOWHERE, tiny_faces


def test_rows_of_a_sheet_are_spread_over_the_labels_and_none_comes_twice():
    labels = torch.tensor([5.0, 1, 1, 1, 9, 1, 7])
    assert labels[preview.spread(labels, 3)].tolist() == [1, 5, 9]
    rows = preview.spread(labels, 6)
    assert len(set(rows)) == 6
    assert labels[rows].tolist() == sorted(labels[rows].tolist())
    assert sorted(preview.spread(labels, 50)) == list(range(7))


def test_a_sheet_of_pictures_is_drawn_into_a_file_of_the_sources_name(tmp_path, bench, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, said, _ = bench("data", "preview", tiny_faces().name, "--split", "test")
    assert (code, said.strip()) == (0, f"{tiny_faces().name}-test.png")
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
        ([tiny_faces().name, "--split", "dev"], "no split 'dev'"),
        ([tiny_faces().name, "--out", "/nowhere/a.png"], "cannot write /nowhere/a.png"),
        ([tiny_faces().name, "--out", "a.jpg"], "cannot write a.jpg; name a file that ends in .png"),
        (["agedb", "--data", "/nowhere"], "images=synthetic"),
    ],
)
def test_what_cannot_be_drawn_is_one_line(bench, words, problem):
    code, out, errors = bench("data", "preview", *words)
    assert (code, out, errors.count("\n")) == (2, "", 1)
    assert problem in errors
