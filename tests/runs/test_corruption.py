"""Errors of saved models on corrupted pictures: of which records, and what is left out."""

import json

import numpy as np
import pytest
import torch

from bench.data import corruptions
from bench.errors import BenchError
from bench.models import saving
from bench.plugins import resolve
from bench.results import store
from bench.runs import cells, corruption, worker
from bench.runs.restoring import restored
from bench.runs.robustness import Cell, Robustness
from bench.runs.surroundings import RunContext
from bench.site import robustness as chart
from support.command_line import bench
from support.datasets import NOWHERE

NAME = "digits[images=few]"
ONE = {"protocol.epochs": 1}
PAIRS = [("fog", 1), ("fog", 2), ("snow", 1), ("snow", 2)]


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Records of two rows with their models, and of one without."""
    folder = tmp_path_factory.mktemp("corruption") / "results"
    on = resolve.dataset(NAME, ONE)
    fingerprint = cells.load(on, NOWHERE).fingerprint()
    for method, seed, save in [("fds", 0, True), ("fds", 1, True), ("isotonic+mt", 0, True), ("lds", 0, False)]:
        cell = cells.make(on, resolve.method(method, on), seed, fingerprint, ONE)
        context = RunContext(".", results=str(folder), save_models=save)
        made = worker.run(cell, context, lambda _: None)
        assert made.record.status == "ok", made.record.error
        store.write(folder, made.record, made.predictions)
    return folder


@pytest.fixture
def brighter(monkeypatch):
    """Corruptions that are plain to undo: all pixels times a number."""

    def each(pictures, rows):
        assert len(pictures) == len(rows)
        for name, severity in PAIRS:
            yield name, severity, (pictures * (0.9 if name == "fog" else 0.5 / severity)).astype(np.uint8)

    monkeypatch.setattr(corruptions, "names", lambda: ["fog", "snow"])
    monkeypatch.setattr(corruptions, "SEVERITIES", (1, 2))
    monkeypatch.setattr(corruptions, "each", each)


def records(results):
    return {(one.method, one.seed): one for one in store.read_all(results, NAME)}


def test_each_model_is_measured_clean_and_under_every_corruption(results, brighter):
    told = []
    found = corruption.analyse(results, NOWHERE, report=lambda *at: told.append(at))
    stack = next(method for method, _ in records(results) if "isotonic" in method)
    assert [(cell.method, cell.seed) for cell in found.cells] == [("fds", 0), ("fds", 1), (stack, 0)]
    assert told == [(step, 4) for step in range(1, 5)]
    splits = resolve.dataset(NAME).dataset.load(NOWHERE)
    for cell in found.cells:
        record = records(results)[cell.method, cell.seed]
        assert cell.errors["clean"] == [pytest.approx(record.metrics["test"]["all"]["mae"], rel=1e-5)]
        model = restored(results, record, resolve.dataset(NAME, ONE), splits, torch.device("cpu"))
        x = (splits.test.x.float() * 0.25).byte()
        y_hat = model.predict(type(splits.test)(x, splits.test.labels))
        assert cell.errors["snow"][1] == pytest.approx((y_hat - splits.test.labels).abs().mean().item(), rel=1e-5)
        assert cell.errors["fog"][0] == cell.errors["fog"][1] != cell.errors["snow"][0]
    assert found.left_out == []


def test_one_dataset_and_one_method_and_fewer_rows(results, brighter):
    found = corruption.analyse(results, NOWHERE, NAME, "fds", rows=10)
    assert {cell.method for cell in found.cells} == {"fds"}
    assert found.cells[0].errors["clean"] != corruption.analyse(results, NOWHERE).cells[0].errors["clean"]


def test_models_that_are_not_their_records_are_left_out_and_said(results, brighter, tmp_path):
    import shutil

    shutil.copytree(results, tmp_path / "results")
    row = tmp_path / "results" / NAME / "fds"
    for end in ("safetensors", "json"):  # of another seed, under this one's key
        shutil.copy(row / f"model-1.{end}", row / f"model-0.{end}")
    found = corruption.analyse(tmp_path / "results", NOWHERE, method="fds")
    assert [cell.seed for cell in found.cells] == [1]
    assert found.left_out == [
        f"left out {NAME}/fds/0: model-0.safetensors is of another run than the record; save it again"
    ]
    about = row / "model-0.json"
    about.write_text(json.dumps({**json.loads(about.read_text()), "key": records(results)["fds", 0].key}))
    (line,) = corruption.analyse(tmp_path / "results", NOWHERE, method="fds").left_out
    assert "its model does not predict what the record holds" in line


def test_an_encoder_alone_is_left_out_and_said(results, brighter, tmp_path):
    import hashlib
    import shutil

    from safetensors.torch import load, save

    shutil.copytree(results, tmp_path / "results")
    weights, about = saving.paths_of(tmp_path / "results" / NAME / "fds", 0)
    kept = save({name: value for name, value in load(weights.read_bytes()).items() if saving.ENCODER in name})
    weights.write_bytes(kept)
    about.write_text(json.dumps({**json.loads(about.read_text()), "weights_sha256": hashlib.sha256(kept).hexdigest()}))
    (line,) = corruption.analyse(tmp_path / "results", NOWHERE, method="fds").left_out
    assert "model-0.safetensors holds an encoder alone; save it again with this version" in line


def test_weights_that_are_none_are_left_out_and_said(results, brighter, tmp_path):
    import hashlib
    import shutil

    shutil.copytree(results, tmp_path / "results")
    weights, about = saving.paths_of(tmp_path / "results" / NAME / "fds", 0)
    weights.write_bytes(b"none")
    fitting = hashlib.sha256(b"none").hexdigest()
    about.write_text(json.dumps({**json.loads(about.read_text()), "weights_sha256": fitting}))
    (line,) = corruption.analyse(tmp_path / "results", NOWHERE, method="fds").left_out
    assert "model-0.safetensors holds no weights" in line


def test_without_models_or_pictures_there_is_one_line(results, brighter, tmp_path):
    with pytest.raises(BenchError, match="has a saved model; train some with bench run --save-models all"):
        corruption.analyse(results, NOWHERE, method="lds")
    done = bench(
        "run", "--dataset", "circle", "--method", "mt", "--seeds", "1", "--set", "protocol.epochs=1",
        "--save-models", "all", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with pytest.raises(BenchError, match="the inputs of circle are no pictures"):
        corruption.analyse(tmp_path / "results", NOWHERE)


CELLS = [
    Cell("d", "a", 0, "mae", {"clean": [1.0], "fog": [2.0, 4.0], "snow": [4.0, 8.0]}),
    Cell("d", "a", 1, "mae", {"clean": [3.0], "fog": [4.0, 6.0], "snow": [6.0, 10.0]}),
]


def test_tables_have_means_over_seeds_severities_and_corruptions():
    lines = Robustness(["fog", "snow"], CELLS).as_table().splitlines()
    assert lines[0] == "a on d, 2 seeds; clean: 2.0 ± 1.4"
    rows = {line.split("|")[1].strip(): [cell.strip() for cell in line.split("|")[2:-1]] for line in lines[2:]}
    assert rows["fog"] == ["3.0 ± 1.4", "5.0 ± 1.4", "4.0 ± 1.4"]
    assert rows["mean over corruptions"] == ["4.0 ± 1.4", "7.0 ± 1.4", "5.5 ± 1.4"]


def test_csv_json_and_chart_hold_every_error():
    found = Robustness(["fog", "snow"], CELLS)
    lines = found.as_csv().splitlines()
    assert len(lines) == 1 + 2 * 5
    assert lines[1:4] == ["d,a,0,mae,clean,0,1", "d,a,0,mae,fog,1,2", "d,a,0,mae,fog,2,4"]
    assert found.as_json()["cells"][1]["errors"]["snow"] == [6.0, 10.0]
    points = [point for block in chart.by_severity(found)["vconcat"] for point in block["data"]["values"]]
    assert {(point["corruption"], point["severity"], point["error"]) for point in points} == {
        ("fog", 0, 2.0), ("fog", 1, 3.0), ("fog", 2, 5.0), ("snow", 0, 2.0), ("snow", 1, 5.0), ("snow", 2, 9.0),
    }  # fmt: skip


def test_the_command_prints_and_writes_them(results, tmp_path):
    pytest.importorskip("imagecorruptions")
    pytest.importorskip("vl_convert")
    words = ("analyse", "corruption", "--method", "fds", "--rows", "10", "--results", results, "--device", "cpu")
    done = bench(*words, "--out", "a.csv", "--out", "a.svg", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "| mean over corruptions |" in done.stdout
    assert len((tmp_path / "a.csv").read_text().splitlines()) == 1 + 2 * (1 + 75)
    assert "jpeg compression" in (tmp_path / "a.svg").read_text()
    for more, problem in (
        (("--against-error",), "name it alone, without --against-error"),
        (("--device", "gpu"), "no device 'gpu'"),
    ):
        wrong = bench(*words, *more, cwd=tmp_path)
        assert wrong.returncode == 2
        assert problem in wrong.stderr
        assert len(wrong.stderr.splitlines()) == 1
