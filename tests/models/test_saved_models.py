"""Saved models: made again, they predict what training's own model predicts, whatever the method."""

import contextlib
import hashlib
import json

import numpy as np
import pandas as pd
import pytest
import torch

import bench as package
from bench.described import given
from bench.errors import BenchError
from bench.models import onnx, saving
from bench.models.predictor import load_model
from bench.plugins import described, health, references, resolve
from bench.results.record import Record
from bench.runs import cells
from bench.training.loop import Training
from support.command_line import bench

METHODS = [name for name in health.sound("method") if name not in references()]


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch):
    monkeypatch.setattr(described, "_known", {})


def csv(folder):
    rng = np.random.default_rng(0)
    x, city = rng.standard_normal(120), rng.choice(["Oslo", "Lima", "Pune"], 120)
    frame = pd.DataFrame({"x": x, "city": city, "y": 100 * np.exp(x) + 10 * (city == "Oslo"), "z": -x})
    frame.loc[::9, "x"] = np.nan
    frame.to_csv(folder / "own.csv", index=False)
    return folder / "own.csv"


def saved(name, folder, target="y"):
    """A model of one epoch, and the test split with its predictions."""
    overrides = {"protocol.epochs": 1}
    on = resolve.dataset(given.names(str(csv(folder)), target), overrides)
    named = resolve.method(name, on)
    if reason := named.refusal(on.dataset):
        pytest.skip(reason)
    splits = on.dataset.load(folder)
    method, device = named.build_method(), torch.device("cpu")
    training = Training(on.dataset, on.protocol, splits, method, 3, device, changes=overrides)
    fit = training.fit()
    config = cells.config_of(on, named, overrides)
    about = {"key": "k", "dataset": on.name, "method": named.name, "config": config, "selection": fit.selection}
    before = training.predict_columns(splits.test)
    saving.write(folder / "row", 3, training, splits, about)
    return splits.test, before


@pytest.mark.parametrize("method", [*METHODS, "mt+ranksim", "isotonic+lds"])
def test_a_model_that_is_made_again_predicts_the_same_bit_for_bit(method, tmp_path):
    test, before = saved(method, tmp_path)
    after = load_model(tmp_path / "row").columns(test.x)
    assert after.keys() == before.keys()
    for name, values in before.items():
        assert torch.equal(after[name], values)


@pytest.mark.parametrize("network", ["own", "own[network=embedded]"])
def test_each_network_comes_back(network, tmp_path):
    if "embedded" in network:
        pytest.importorskip("rtdl_num_embeddings")
    on = resolve.dataset(given.names(str(csv(tmp_path)), "y"))
    on = resolve.dataset(network)
    splits = on.dataset.load(tmp_path)
    method = resolve.method("baseline", on)
    training = Training(on.dataset, on.protocol, splits, method.build_method(), 0, torch.device("cpu"))
    training.finished = True
    config = cells.config_of(on, method, {})
    about = {"key": "0" * 64, "dataset": on.name, "method": "baseline", "config": config, "selection": None}
    saving.write(tmp_path / "row", 0, training, splits, about)
    assert torch.equal(load_model(tmp_path / "row").columns(splits.val.x)["mean"], training.predict(splits.val))


def test_several_targets_are_predicted_in_the_units_of_the_file(tmp_path):
    saved("baseline", tmp_path, "y,z")
    frame = pd.read_csv(tmp_path / "own.csv")
    found = load_model(tmp_path / "row").predict(frame)
    assert list(found) == ["y", "z"]
    assert abs(found["y"].mean() - frame["y"].mean()) < frame["y"].std()
    assert found["y"].mean() > 50


def test_a_gaussian_comes_with_an_interval_of_ninety_percent(tmp_path):
    saved("gaussian_nll", tmp_path)
    found = load_model(tmp_path / "row").predict(tmp_path / "own.csv")
    assert list(found) == ["y", "y_low", "y_high"]
    assert ((found["y_low"] < found["y"]) & (found["y"] < found["y_high"])).all()


def test_new_rows_may_have_unseen_categories_missing_values_and_other_columns(tmp_path):
    saved("baseline", tmp_path)
    rows = pd.DataFrame(
        {"city": ["Atlantis", None, "Oslo"], "more": 1, "x": [1.0, 2.0, None], "z": 0.0}, index=[7, 8, 9]
    )
    found = load_model(tmp_path / "row").predict(rows)
    assert found["y"].notna().all()
    assert list(found.index) == [7, 8, 9]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (pd.DataFrame({"X": [1.0], "city": "Oslo", "z": 1.0}), "the frame has no column 'x'; there are: X, city, z"),
        (
            pd.DataFrame({"x": ["far"], "city": "Oslo", "z": 1.0}),
            "the frame: 'x' is 'far', and it was numeric in training",
        ),
        (
            pd.DataFrame([[1.0, 2.0, "Oslo", 1.0]], columns=["x", "x", "city", "z"]),
            "the frame has several columns named 'x'; leave one of them out",
        ),
    ],
)
def test_rows_that_cannot_be_predicted_are_refused_in_one_line(rows, message, tmp_path):
    saved("baseline", tmp_path)
    with pytest.raises(BenchError, match=message.replace("?", r"\?")):
        load_model(tmp_path / "row").predict(rows)


def test_of_two_columns_of_one_name_in_a_file_none_is_taken(tmp_path):
    saved("baseline", tmp_path)
    (tmp_path / "new.csv").write_text("x,city,z,x,more,more\n1,Oslo,1,9,2,3\n")
    with pytest.raises(BenchError, match=r"new.csv has several columns named 'x'; leave one of them out"):
        load_model(tmp_path / "row").predict(tmp_path / "new.csv")
    (tmp_path / "new.csv").write_text("x,city,z,more,more\n1,Oslo,1,2,3\n")
    assert len(load_model(tmp_path / "row").predict(tmp_path / "new.csv")) == 1


HEADER = b'{"a":{"dtype":"F32","shape":[1000000000000],"data_offsets":[0,4]}}'
NO_WEIGHTS = {
    "nothing": b"", "half a header": b"\x40\0", "a header of 4 EB": b"\0" * 7 + b"\x40{}",
    "a list": b"\2" + b"\0" * 7 + b"[]",
    "more than there is": len(HEADER).to_bytes(8, "little") + HEADER + bytes(4), "a pickle": b"\x80\x04}\x94.",
    "no tensors": b"\2" + b"\0" * 7 + b"{}",
}  # fmt: skip


@pytest.mark.parametrize("name", NO_WEIGHTS)
def test_weights_that_are_none_are_one_line_though_their_hash_fits(name, tmp_path):
    saved("baseline", tmp_path)
    weights, about = saving.paths_of(tmp_path / "row", 3)
    weights.write_bytes(NO_WEIGHTS[name])
    fields = {**json.loads(about.read_text()), "weights_sha256": hashlib.sha256(NO_WEIGHTS[name]).hexdigest()}
    about.write_text(json.dumps(fields))
    with pytest.raises(BenchError, match=r"save (it|the model) again") as error:
        load_model(weights)
    assert "\n" not in str(error.value)


def test_whatever_is_said_of_a_model_wrongly_is_one_line(tmp_path):
    saved("baseline", tmp_path)
    weights, about = saving.paths_of(tmp_path / "row", 3)
    fields = json.loads(about.read_text())
    wrong = [{**fields, name: value} for name in fields for value in (None, [], {"x": 1}, "x", -1)]
    wrong += [{key: value for key, value in fields.items() if key != name} for name in fields]
    refused = []
    for text in [*map(json.dumps, wrong), "[]", "NaN", "[" * 100_000, '{"format": 1}']:
        about.write_text(text)
        with contextlib.suppress(BenchError):
            load_model(weights)
            continue
        refused.append(text)
    assert len(refused) > 0.8 * len(wrong)  # the others are of a key or a name, which prediction does not use


def test_files_that_are_named_as_models_and_are_none_stay(tmp_path):
    for name in ("model-x.json", "model-1.json", "model-2 (copy).safetensors"):
        (tmp_path / name).write_text("mine")
    assert saving.keep(tmp_path, "best") == []
    assert len(list(tmp_path.iterdir())) == 3


def test_a_model_that_is_not_whole_is_refused(tmp_path):
    saved("baseline", tmp_path)
    weights, about = saving.paths_of(tmp_path / "row", 3)
    weights.write_bytes(weights.read_bytes()[:-1] + b"!")
    with pytest.raises(BenchError, match=r"is not the file that model-3\.json was written with"):
        load_model(weights)
    about.write_text("{}")
    with pytest.raises(BenchError, match="says nothing of a model"):
        load_model(weights)
    weights.unlink()
    with pytest.raises(BenchError, match=r"there is no model in .*row; bench run --save-models best writes one"):
        load_model(tmp_path / "row")


@pytest.mark.parametrize("method", ["baseline", "dldl", "gaussian_nll"])
def test_onnx_runtime_agrees(method, tmp_path):
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    test, before = saved(method, tmp_path)
    assert onnx.export(load_model(tmp_path / "row"), tmp_path / "m.onnx") <= onnx.CLOSE
    import onnxruntime

    session = onnxruntime.InferenceSession(str(tmp_path / "m.onnx"), providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"x": test.x.numpy()})
    np.testing.assert_allclose(found, before["mean"], rtol=1e-4, atol=1e-3)


def test_a_table_that_corrects_predictions_is_not_exported(tmp_path):
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    saved("isotonic", tmp_path)
    with pytest.raises(BenchError, match="isotonic corrects predictions by a table"):
        onnx.export(load_model(tmp_path / "row"), tmp_path / "m.onnx")


def test_the_best_model_of_a_row_is_kept_and_those_without_a_record_are_not(tmp_path):
    for seed, (value, status) in enumerate([(2.0, "ok"), (1.0, "ok"), (0.5, "error"), (0.1, None)]):
        weights, about = saving.paths_of(tmp_path, seed)
        weights.write_bytes(b"")
        about.write_text(json.dumps({"key": "k", "selection": {"metric": "mae", "epoch": 1, "value": value}}))
        if status:
            (tmp_path / f"seed-{seed}.json").write_text(json.dumps({"key": "k", "status": status}))
    assert [path.name for path in saving.keep(tmp_path, "all")] == ["model-1.safetensors", "model-0.safetensors"]
    assert [path.name for path in saving.keep(tmp_path, "best")] == ["model-1.safetensors"]
    assert sorted(path.name for path in tmp_path.glob("model-*")) == ["model-1.json", "model-1.safetensors"]


@pytest.mark.slow
def test_four_commands_lead_from_a_file_to_predictions_that_are_those_of_the_record(tmp_path):
    data = csv(tmp_path)
    how = ("--seed", "2", "--set", "protocol.epochs=2", "--save-models", "best")
    for words in (
        ("new", "dataset", data, "--target", "y"),
        ("run", "--method", "lds", "--dataset", "own.toml", *how),
        ("predict", "results/own/lds", data, "--output", "p.csv"),
        ("export-model", "results/own/lds", "--onnx", "m.onnx"),
    ):
        said = bench(*words, cwd=tmp_path)
        assert said.returncode == 0, said.stderr
    record = Record.model_validate_json((tmp_path / "results/own/lds/seed-2.json").read_text())
    on = resolve.dataset("own")
    table, labels = on.dataset.rows()
    _, _, test = on.dataset.parts(table, labels)
    kept = np.load(tmp_path / "results/own/lds/predictions.npz")["seed-2"]
    np.testing.assert_allclose(pd.read_csv(tmp_path / "p.csv")["y"].to_numpy()[test], kept[:, 0], rtol=1e-6)
    assert record.status == "ok"
    assert package.load_model(tmp_path / "results/own/lds").about["key"] == record.key
    assert bench("verify", cwd=tmp_path).returncode == 0
