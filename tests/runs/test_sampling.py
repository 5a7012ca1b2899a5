"""What draws of test rows move, from the predictions and labels of a results folder."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from bench.dataset import Bins, Dataset, Split, Splits
from bench.leaderboard.judged import pair
from bench.leaderboard.sampling import own
from bench.protocol import Protocol
from bench.results import store
from bench.results.record import Predictions
from bench.runs import catalogue, sampling
from support.board_records import record

ROWS, SEEDS = 60, 3
RNG = np.random.RandomState(0)
LABELS = RNG.gamma(2.0, 2.0, (ROWS, 1)).astype(np.float32)


class Rows(Dataset):
    """Sixty rows, of which three each are of one picture; the upper labels are few-shot."""

    metrics, protocol = ("mae", "gmean_error"), Protocol(epochs=1)
    shared = np.arange(ROWS) // 3

    def load(self, root):
        split = Split(torch.zeros(ROWS, 1), torch.from_numpy(LABELS))
        split.shared = {"picture": self.shared}
        return Splits(split, split, split)

    def regions(self, train_labels, labels):
        return np.where(labels.ravel() > 4, "few", "many")


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.setenv("BENCH_CACHE", str(tmp_path / "cache"))
    on = Rows()
    monkeypatch.setattr("bench.plugins.resolve.dataset", lambda *_: type("Named", (), {"dataset": on})())
    monkeypatch.setattr("bench.runs.cells.load", lambda named, root: named.dataset.load(root))
    monkeypatch.setattr("bench.memory.remembered", lambda name, asked, compute: compute())
    monkeypatch.setattr("bench.runs.sampling.remembered", lambda name, asked, compute: compute())
    monkeypatch.setattr(catalogue, "data_or_reason", lambda *_: ("0123456789abcdef", ""))
    return tmp_path / "results"


def rows(results: Path):
    made, arrays = {}, {}
    for method in ("baseline", "oe"):
        folder = results / "faces" / method
        folder.mkdir(parents=True)
        predicted = {f"seed-{k}": (LABELS + RNG.randn(ROWS, 1)).astype(np.float32) for k in range(SEEDS)}
        np.savez(folder / "predictions.npz", **predicted)
        arrays[method] = [predicted[f"seed-{k}"] for k in range(SEEDS)]
        made[method] = [
            record(method, k, 1.0).model_copy(
                update={
                    "predictions": Predictions(
                        file="predictions.npz", sha256=store.hash_predictions(predicted[f"seed-{k}"])
                    )
                }
            )
            for k in range(SEEDS)
        ]
    return made, arrays


WANTED = {"mae all": [pair("baseline", "oe"), own("oe")], "mae few": [pair("baseline", "oe")]}


def test_deviations_are_over_groups_of_rows_within_each_region(results):
    records, arrays = rows(results)
    found = sampling.sampling(results, Path(), "faces", records, WANTED)
    errors = {row: np.mean([np.abs(one.astype(float) - LABELS) for one in own], 0) for row, own in arrays.items()}
    for column, inside in (("mae all", np.ones(ROWS, bool)), ("mae few", LABELS.ravel() > 4)):
        each = (errors["baseline"] - errors["oe"]).ravel()[inside]
        sums = [
            (each - each.mean())[Rows.shared[inside] == picture].sum() for picture in np.unique(Rows.shared[inside])
        ]
        groups = len(sums)
        expected = np.sqrt(groups / (groups - 1) * np.square(sums).sum()) / len(each)
        assert found.deviations[column][pair("baseline", "oe")] == pytest.approx(expected, rel=1e-4)
        assert found.groups[column.partition(" ")[2]] == groups
    assert found.groups["all"] == ROWS // 3


def test_a_metric_over_bins_knows_the_bins_of_the_dataset(results, monkeypatch):
    records, arrays = rows(results)
    monkeypatch.setattr(Rows, "metrics", ("mae", "balanced_mae"))
    monkeypatch.setattr(Rows, "bins", Bins(0.0, 4.0, 3))
    name = own("oe")
    found = sampling.sampling(results, Path(), "faces", records, {"balanced_mae all": [name]})
    bins = Rows.bins.index(torch.from_numpy(LABELS)).numpy().ravel()
    each = np.mean([np.abs(one.astype(float) - LABELS) for one in arrays["oe"]], 0).ravel()
    there, counts = np.unique(bins, return_counts=True)
    means = {one: each[bins == one].mean() for one in there}
    size = dict(zip(there, counts, strict=True))
    influences = np.array([(e - means[b]) / size[b] * ROWS / len(there) for e, b in zip(each, bins, strict=True)])
    sums = influences.reshape(-1, 3).sum(1)
    expected = np.sqrt(len(sums) / (len(sums) - 1) * np.square(sums).sum()) / ROWS
    assert found.deviations["balanced_mae all"][name] == pytest.approx(expected, rel=1e-4)


def test_predictions_that_are_not_those_of_the_records_count_nowhere(results):
    records, _ = rows(results)
    forged = records["oe"][0].model_copy(update={"predictions": Predictions(file="predictions.npz", sha256="0" * 64)})
    found = sampling.sampling(results, Path(), "faces", {**records, "oe": [forged, *records["oe"][1:]]}, WANTED)
    assert found.deviations == {}
    (results / "faces/oe/predictions.npz").unlink()
    assert sampling.sampling(results, Path(), "faces", records, WANTED).deviations == {}


def test_predictions_that_come_later_than_the_records_count_once_they_are_there(results, monkeypatch):
    known = {}

    def remembered(name, asked, compute):
        question = json.dumps(asked)
        if question not in known:
            known[question] = compute()
        return known[question]

    monkeypatch.setattr("bench.runs.sampling.remembered", remembered)
    records, _ = rows(results)
    file = results / "faces/oe/predictions.npz"
    elsewhere = file.rename(results / "later.npz")
    assert sampling.sampling(results, Path(), "faces", records, WANTED).deviations == {}
    elsewhere.rename(file)
    assert own("oe") in sampling.sampling(results, Path(), "faces", records, WANTED).deviations["mae all"]
    assert len(known) == 2


def test_without_the_data_of_the_records_nothing_is_said(results, monkeypatch):
    records, _ = rows(results)
    monkeypatch.setattr(catalogue, "data_or_reason", lambda *_: (None, "no data"))
    assert sampling.sampling(results, Path(), "faces", records, WANTED) is None
    monkeypatch.setattr(catalogue, "data_or_reason", lambda *_: ("other", ""))
    assert sampling.sampling(results, Path(), "faces", records, WANTED) is None
