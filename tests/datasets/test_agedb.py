"""AgeDB: the published split, shots and pictures."""

import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from bench.bases.age_lists import balanced
from bench.datasets import agedb
from support.datasets import NOWHERE, make


def published_list():
    path = Path(os.environ.get("BENCH_DATA") or "no BENCH_DATA") / "agedb" / "agedb.csv"
    if not path.is_file():
        pytest.skip(f"{path} is missing")
    return path


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
