"""A model to start from: from the row that saved it to the hash that names its encoder."""

import json

import pytest
import torch

import bench as package
from bench.data import encoders
from bench.errors import BenchError
from bench.models import saving, starting
from bench.models.predictor import load_model
from bench.plugins import resolve
from bench.results.record import Record
from bench.runs import cells
from bench.training.loop import Training
from support.command_line import Result, start

FEW = "digits[images=few]"


@pytest.fixture(autouse=True)
def _root(tmp_path, monkeypatch):
    monkeypatch.setenv("BENCH_DATA", str(tmp_path / "data"))


def bench(*words, cwd):
    """The command line in a process of its own: a fork server that is there already knows the data root of before."""
    process = start(*words, cwd=cwd)
    said = process.communicate()
    return Result(process.returncode, *said)


def saved(row, seed=0, dataset="circle"):
    """A model as it is drawn, in the folder of a row."""
    on = resolve.dataset(dataset)
    named = resolve.method("baseline", on)
    splits = on.dataset.load(row)
    training = Training(on.dataset, on.protocol, splits, named.build_method(), seed, torch.device("cpu"))
    config = cells.config_of(on, named, {})
    about = {"key": f"k{seed}", "dataset": on.name, "method": "baseline", "config": config, "selection": None}
    saving.write(row, seed, training, splits, about)
    return training.network.encoder


def test_a_file_a_row_and_a_seed_of_it_are_named_by_the_hash_of_the_encoder(tmp_path):
    row = tmp_path / "results/circle/rrt+lds[epochs=1,lr=0.1]"
    encoder = saved(row)
    name = starting.named(f"pretrained[init={row}/model-0.safetensors]", tmp_path)[len("pretrained[init=") : -1]
    assert encoders.HASH.fullmatch(name)
    assert all(torch.equal(value, encoders.load(name)[key]) for key, value in encoder.state_dict().items())
    assert json.loads(encoders.path_of(name).with_suffix(".json").read_text()) == {
        "dataset": "circle", "method": "baseline", "seed": 0, "key": "k0"
    }  # fmt: skip
    given = "circle/rrt+lds[epochs=1,lr=0.1]"
    for text in (given, f"{given}/seed-0", f"{given}/model-0"):
        made = starting.named(f"mt,pretrained[freeze=false,init={text}]+lds[size=3]", tmp_path / "results")
        assert made == f"mt,pretrained[freeze=false,init={name}]+lds[size=3]"
        assert starting.named(made, tmp_path) == made
    saved(row, 1)
    both = [starting.named(f"pretrained[init={given}/seed-{seed}]", tmp_path / "results") for seed in (0, 1)]
    assert both[0] == f"pretrained[init={name}]"
    assert both[1] != both[0]
    with pytest.raises(BenchError, match=r"has 2 models; name one: model-0.safetensors, model-1.safetensors"):
        starting.named(f"pretrained[init={given}]", tmp_path / "results")


def test_another_encoder_is_another_key_and_the_rest_of_the_model_does_not_count(tmp_path):
    names = []
    for seed in (0, 1):
        saved(tmp_path / f"{seed}", seed)
        names.append(starting.named(f"pretrained[init={tmp_path / str(seed)}]", tmp_path))
    on = resolve.dataset("circle")
    made = [cells.make(on, resolve.method(name, on), 0, "f", {}) for name in names]
    assert made[0].key != made[1].key
    about = tmp_path / "0/model-0.json"
    about.write_text(json.dumps({**json.loads(about.read_text()), "key": "another"}))
    assert starting.named(f"pretrained[init={tmp_path / '0'}]", tmp_path) == names[0]


def test_what_is_no_whole_model_is_refused_in_one_line(tmp_path):
    with pytest.raises(BenchError, match="there is no model circle/mt; bench run --save-models best writes one"):
        starting.named("pretrained[init=circle/mt]", tmp_path)
    saved(tmp_path / "row")
    weights = tmp_path / "row/model-0.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4] + b"\0\0\0\0")
    with pytest.raises(BenchError, match=r"is not the file that model-0.json was written with"):
        starting.named(f"pretrained[init={weights}]", tmp_path)
    with pytest.raises(BenchError, match=r"pretrained\[init=abc\] names no saved model"):
        resolve.method("pretrained[init=abc]", resolve.dataset("circle"))


def test_a_model_of_a_dataset_without_a_description_predicts_no_new_rows(tmp_path):
    saved(tmp_path / "row")
    start_from = r"start from it by 'pretrained\[init=circle/baseline/seed-0\]'"
    with pytest.raises(BenchError, match=f"is of circle, whose rows no description reads.*{start_from}"):
        load_model(tmp_path / "row")


def test_a_model_holds_its_head_and_what_its_method_has_learned(tmp_path):
    saved(tmp_path / "row")
    tensors = saving.read(tmp_path / "row")[1]
    assert b"network/encoder." in tensors
    assert b"network/head." in tensors
    assert b'"labels"' not in tensors  # which the data has


@pytest.mark.slow
def test_two_commands_transfer_a_row_and_a_third_says_what_does_not_fit(tmp_path):
    how = ("--seeds", "1", "--set", "protocol.epochs=1")
    said = bench("run", "--method", "simclr", "--dataset", FEW, *how, "--save-models", "best", cwd=tmp_path)
    assert f"model on {FEW} of simclr: results/{FEW}/simclr/model-0.safetensors" in said.stdout, said.stderr
    begin = f"pretrained[init={FEW}/simclr]"
    said = bench("run", "--method", begin, "--dataset", FEW, *how, cwd=tmp_path)
    assert said.returncode == 0, said.stderr
    (path,) = tmp_path.glob("results/*/pretrained*/seed-0.json")
    record = Record.model_validate_json(path.read_text())
    (kept,) = (tmp_path / "data/encoders").glob("*.safetensors")
    assert record.config["method"][0]["params"]["init"] == kept.stem
    assert record.status == "ok"
    other = bench("run", "--method", begin, "--dataset", "circle", *how, cwd=tmp_path)
    assert other.returncode == 2
    assert f"the encoder {kept.stem} does not fit" in other.stderr
    again = bench("plan", "--method", begin, "--dataset", FEW, *how, cwd=tmp_path)
    assert "done" in again.stdout


def test_python_takes_a_row_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    encoder = saved(tmp_path / "results/circle/baseline")
    trained = package.train("pretrained[init=circle/baseline]", "circle", seed=5, epochs=1)
    assert all(
        torch.equal(a, b) for a, b in zip(encoder.parameters(), trained.network.encoder.parameters(), strict=True)
    )
