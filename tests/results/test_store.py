import gc
import json
from pathlib import Path

import numpy as np
import pytest

from bench.errors import BenchError
from bench.results import intake, reading, store
from bench.results.record import Epoch, Hashes, Predictions, Record, Timing, schema
from support.records import TIME, readable


def record(seed=0, **changes):
    fields = {
        "key": "k", "dataset": "circle", "method": "baseline", "seed": seed, "status": "ok", "config": {},
        "data_fingerprint": "f", "timing": Timing(wall_s=1.0), "started": TIME, "finished": TIME,
    }  # fmt: skip
    return readable(Record(**{**fields, **changes}))


def test_a_record_reads_back_as_it_was_written(tmp_path):
    made = record(metrics={"test": {"all": {"mse": 0.1, "n": 3}, "few": {"mse": None, "n": 0}}})
    path = store.write(tmp_path, made)
    assert path == tmp_path / "circle/baseline/seed-0.json"
    assert reading.read(path) == made.model_copy(update={"checksum": json.loads(path.read_bytes())["checksum"]})
    assert [p.name for p in path.parent.iterdir()] == ["seed-0.json"]


def test_predictions_of_all_seeds_share_one_file_and_keep_their_hashes(tmp_path):
    arrays = {seed: np.random.default_rng(seed).normal(size=(5, 1)).astype("f4") for seed in (0, 1)}
    for seed, array in arrays.items():
        kept = Predictions(file="predictions.npz", sha256=store.hash_predictions(array), val=Hashes(sha256="0" * 64))
        store.write(tmp_path, record(seed, predictions=kept), {"mean": array, "val": array})
    with np.load(tmp_path / "circle/baseline/predictions.npz") as file:
        for seed, array in arrays.items():
            for key in (f"seed-{seed}", f"seed-{seed}/val"):
                assert store.hash_predictions(file[key]) == store.hash_predictions(array)


def test_a_record_cut_in_half_is_named_with_the_remedy(tmp_path):
    path = store.write(tmp_path, record())
    path.write_bytes(path.read_bytes()[:80])
    with pytest.raises(BenchError, match=r"seed-0\.json is not a whole record.*move it away"):
        reading.read(path)
    assert store.read_all(tmp_path) == []


def test_a_value_that_is_no_number_cannot_be_written(tmp_path):
    with pytest.raises(ValueError, match="finite"):
        record(metrics={"test": {"all": {"mse": float("nan"), "n": 3}}})
    broken = record().model_copy(update={"metrics": {"test": {"all": {"mse": float("nan"), "n": 3}}}})
    with pytest.raises(ValueError, match="JSON"):
        store.write(tmp_path, broken)
    assert not list(tmp_path.glob("circle/baseline/seed*"))


def test_the_schema_names_every_field_of_a_written_record(tmp_path):
    written = json.loads(store.write(tmp_path, record()).read_text())
    assert set(written) == set(json.loads(schema())["properties"])


def test_the_exported_schema_is_that_of_today():
    exported = Path(__file__).parents[2] / "results/record.schema.json"
    assert exported.read_text() == schema(), "run: bench schema > results/record.schema.json"


def test_the_history_is_left_out_where_it_is_not_asked_for_but_still_checked(tmp_path):
    epoch = Epoch(epoch=1, loss=0.5, val=0.25, seconds=1.0)
    path = store.write(tmp_path, record(history=[epoch]))
    assert [made.history for made in store.read_all(tmp_path)] == [[epoch]]
    assert [made.history for made in store.read_all(tmp_path, history=False)] == [[]]
    path.write_text(path.read_text().replace('"epoch":1', '"epoch":"one"'))
    with pytest.raises(BenchError, match=r"history\.0\.epoch"):
        reading.read(path)
    assert store.read_all(tmp_path, history=False) == []


@pytest.mark.parametrize("enabled", [True, False])
def test_the_garbage_collector_rests_while_records_are_read_and_is_then_as_it_was(tmp_path, enabled, monkeypatch):
    store.write(tmp_path, record()).write_text("{")
    read, seen = intake.read_with_digest, []
    monkeypatch.setattr(intake, "read_with_digest", lambda path: seen.append(gc.isenabled()) or read(path))
    was = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        assert store.read_all(tmp_path) == []
        assert (seen, gc.isenabled()) == ([False], enabled)
    finally:
        (gc.enable if was else gc.disable)()
