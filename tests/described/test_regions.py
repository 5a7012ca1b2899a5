"""Regions of a target with a heavy tail have test rows enough, or a note says that they have not."""

import numpy as np
import pandas as pd
import pytest

from bench.described.description import Table, read
from bench.described.targets import thresholds
from bench.described.writing import describe
from bench.plugins import described, resolve


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch):
    monkeypatch.setattr(described, "_known", {})


def written(folder, y):
    pd.DataFrame({"x": np.random.default_rng(1).random(len(y)), "y": y}).to_csv(folder / "own.csv", index=False)
    return describe(folder / "own.csv", "y", folder, "own")


def test_of_each_region_of_a_heavy_tail_twenty_rows_test(tmp_path):
    (tmp_path / "own.toml").write_text(written(tmp_path, np.random.default_rng(0).lognormal(0, 3, 3000)).text)
    given = described.read(tmp_path / "own.toml")
    described.register(given)
    assert read(given, Table).shots is not None
    dataset = resolve.dataset("own").dataset
    splits = dataset.load(tmp_path)
    found = dataset.regions(splits.train.labels.numpy(), splits.test.labels.numpy())
    assert min((found == region).sum() for region in ("many", "medium", "few")) >= 20


def test_rows_that_are_too_few_for_an_error_are_named(tmp_path):
    (note, *_) = [one for one in written(tmp_path, np.exp(np.linspace(-6, 6, 60))).warnings if "test rows" in one]
    assert "few-shot" in note
    assert "errors there say little" in note


@pytest.mark.parametrize(("labels", "advised"), [([0.0] * 290 + [1.0] * 10, False), (np.logspace(-9, 9, 300), True)])
def test_a_narrower_bin_is_advised_only_where_it_tells_labels_apart(labels, advised, tmp_path):
    (note,) = [one for one in written(tmp_path, labels).warnings if "in one label bin" in one]
    assert ("make bins.width smaller" in note) == advised


def test_thirds_that_have_test_rows_enough_stay_as_they_are():
    train = np.repeat(np.arange(30), np.arange(1, 31))
    assert thresholds(train, np.repeat(np.arange(30), 10)) == (20, 10)


def test_no_region_takes_most_of_the_test_rows_from_the_next():
    train = np.repeat(np.arange(100), 21)
    assert thresholds(train, train) == (21, 21)
