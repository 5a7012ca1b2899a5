"""Descriptions: written with reasons, checked when read, part of the key, kept beside the records."""

import shutil
import tomllib

import numpy as np
import pandas as pd
import pytest

from bench.described import given, writing
from bench.errors import BenchError
from bench.plugins import described, resolve
from bench.runs import cells
from support.command_line import bench


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch):
    monkeypatch.setattr(described, "_known", {})


@pytest.fixture
def csv(tmp_path):
    rng = np.random.default_rng(0)
    x, city = rng.standard_normal(600), rng.choice(["Oslo", "Lima", "Pune"], 600)
    frame = pd.DataFrame({"x": x, "city": city, "y": np.exp(x + (city == "Oslo")), "z": -x})
    frame.to_csv(tmp_path / "own.csv", index=False)
    return tmp_path / "own.csv"


def text_of(csv, **wishes):
    return writing.describe(csv, ["y"], csv.parent, "own", writing.Wishes(**wishes)).text


def named(csv, text):
    (csv.parent / "own.toml").write_text(text)
    return resolve.dataset(given.names(str(csv.parent / "own.toml")))


def config(on):
    return cells.config_of(on, resolve.method("baseline", on), {})


def test_every_line_of_a_description_has_its_reason(csv):
    text = text_of(csv)
    values = [line for line in text.splitlines() if " = " in line]
    assert len(values) > 12
    assert all("  # " in line for line in values)
    assert tomllib.loads(text)["columns"] == {"x": "numeric", "city": "category", "z": "numeric"}


def test_a_bare_file_and_its_description_are_the_same_cell(csv):
    bare = resolve.dataset(given.names(str(csv), "y"))
    described_ = named(csv, text_of(csv))
    assert (bare.name, config(bare)) == (described_.name, config(described_))


def test_the_key_holds_the_description_and_not_where_the_data_lie(csv, tmp_path):
    before, fingerprint = (
        config(named(csv, text_of(csv))),
        named(csv, text_of(csv)).dataset.load(tmp_path).fingerprint(),
    )
    (tmp_path / "else").mkdir()
    moved = shutil.copy(csv, tmp_path / "else")
    text = text_of(csv).replace('path = "own.csv"', f'path = "{moved}"')
    assert config(named(csv, text)) == before
    assert named(csv, text).dataset.load(tmp_path).fingerprint() == fingerprint
    assert config(named(csv, text.replace('z = "numeric"', 'z = "quantile"'))) != before


def test_a_weight_counts_training_rows_and_is_part_of_the_data(csv, tmp_path):
    frame = pd.read_csv(csv)
    frame.assign(w=np.arange(600)).to_csv(csv, index=False)
    plain = named(csv, text_of(csv).replace('w = "numeric"', 'w = "ignored"')).dataset.load(tmp_path)
    weighed = named(csv, text_of(csv, weight="w")).dataset.load(tmp_path)
    assert plain.train.weights is None
    assert weighed.train.weights.shape == (len(weighed.train), 1)
    assert weighed.train.weights.mean() == pytest.approx(1)
    assert weighed.train.x.equal(plain.train.x)
    assert weighed.fingerprint() != plain.fingerprint()
    frame.assign(w=-1.0).to_csv(csv, index=False)
    with pytest.raises(BenchError, match="weight w must be 0 or more"):
        named(csv, text_of(csv, weight="w")).dataset.load(tmp_path)


@pytest.mark.parametrize(
    ("line", "other", "message"),
    [
        ('kind = "table"', 'kind = "tabel"', 'kind is "tabel"; there are: table'),
        ('kind = "table"', "kind = ", "own.toml is no TOML"),
        ('target = "y"', 'taget = "y"', "own.toml: target is missing"),
        ('target = "y"', 'target = ["y", "y"]', "y is named twice"),
        ('unit = ""', "unit = 3", "own.toml: unit is 3"),
        ('unit = ""', 'unit = "a\\nb"', "own.toml: unit is"),
        ('unit = ""', 'unit = "<script>"', "own.toml: unit is"),
        ('unit = ""', f'unit = "{41 * "m"}"', "own.toml: unit is"),
        ("start = ", "start = inf # ", "own.toml: bins.start is inf"),
        ("start = ", "start = nan # ", "own.toml: bins.start is nan"),
        ("few = ", "few = 10000 # ", "few is 10000, above many"),
        ("many = ", f"many = {'9' * 5000} # ", "own.toml is no TOML"),
        ('x = "numeric"', 'x = "number"', "own.toml: columns.x is 'number'"),
        ("epochs = ", "epoch = ", "no protocol field 'epoch'"),
        ('way = "balanced"', 'way = "groups"', "needs split.column"),
        ('x = "numeric"', 'xx = "numeric"', "own.csv has no column 'xx'; did you mean 'x'?"),
    ],
)
def test_a_wrong_line_is_named(line, other, message, csv, tmp_path):
    text = text_of(csv)
    assert line in text
    with pytest.raises(BenchError, match=message.replace("[", r"\[").replace("?", r"\?")):
        named(csv, text.replace(line, other, 1)).dataset.load(tmp_path)


def test_several_targets_have_labels_in_training_deviations(csv, tmp_path):
    on = resolve.dataset(given.names(str(csv), "y,z"))
    splits = on.dataset.load(tmp_path)
    assert splits.train.labels.shape[1] == 2
    np.testing.assert_allclose(splits.train.labels.std(0, correction=0), 1, rtol=1e-4)
    assert resolve.refusal("lds", on.dataset)


@pytest.mark.parametrize(
    ("name", "stem"), [("houses.csv", "houses"), ("My houses (2).csv", "My_houses_2"), ("2024.csv", "data_2024")]
)
def test_a_file_gives_its_dataset_a_name(name, stem, tmp_path):
    assert given.name_of(tmp_path / name) == stem


def test_a_new_description_is_shown_and_never_replaced(csv, tmp_path):
    said = bench("new", "dataset", csv, "--target", "y", "--unit", "EUR", cwd=tmp_path)
    assert (said.returncode, said.stderr) == (0, "")
    assert "test rows by region: many" in said.stdout
    assert 'unit = "EUR"' in (tmp_path / "own.toml").read_text()
    again = bench("new", "dataset", csv, "--target", "y", cwd=tmp_path)
    assert (again.returncode, again.stderr) == (
        2,
        "bench: own.toml is there already; remove it, or name another folder with --out\n",
    )


def test_a_description_of_data_shows_rows_duplicates_and_groups(csv, tmp_path):
    frame = pd.read_csv(csv)
    pd.concat([frame, frame.iloc[:7]]).to_csv(csv, index=False)
    said = bench("data", "describe", csv, "--target", "y", cwd=tmp_path)
    assert said.returncode == 0, said.stderr
    assert "607 rows with a target" in said.stdout
    assert "7 rows repeat the inputs of another one" in said.stdout


@pytest.mark.slow
def test_a_file_runs_to_a_board_that_is_found_again_and_verified(csv, tmp_path):
    how = ("--seeds", "1", "--set", "protocol.epochs=2", "--jobs", "2")
    said = bench("run", "--method", "baseline,lds,linear", "--dataset", "own.csv", "--target", "y", *how, cwd=tmp_path)
    assert said.returncode == 0, said.stderr
    assert "linear" in said.stdout
    described._known.clear()
    assert bench("verify", cwd=tmp_path).returncode == 0
    described._known.clear()
    assert bench("leaderboard", "--check", cwd=tmp_path).returncode == 0
    described._known.clear()
    planned = bench("plan", "--method", "lds", "--dataset", "own", "--seeds", "1", *how[2:4], cwd=tmp_path)
    assert "1 of 1 cells are done" in planned.stdout
