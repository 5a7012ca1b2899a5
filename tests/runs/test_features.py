"""Features of the test split, kept beside its predictions: whose they are, who carries them, and who checks them."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

import bench
from bench.dataset import Split
from bench.errors import BenchError
from bench.plugins import resolve
from bench.results import arrays, reading, store
from bench.runs import cells, features, worker
from bench.runs.shared_queue import FOLDER, SharedQueue
from bench.runs.surroundings import RunContext
from bench.runs.verify import verify
from bench.training.loop import Training
from support.command_line import bench as run_bench

NAME = "airfoil[rows=synthetic]"
TINY = {"protocol.epochs": 3, "protocol.validate_every": 1}
KEEPING = RunContext(".", keep_features=True)


def cell_of(method="baseline", seed=0, dataset=NAME, changes=TINY):
    on = resolve.dataset(dataset, changes)
    return cells.make(on, resolve.method(method, on), seed, cells.load(on, Path()).fingerprint(), changes)


def finished(cell, context=KEEPING):
    made = worker.run(cell, context, lambda _: None)
    assert made.record.status == "ok", made.record.error
    return made


@pytest.fixture(scope="module")
def kept():
    return finished(cell_of(seed=3))


@pytest.fixture
def results(kept, tmp_path):
    store.write(tmp_path / "results", kept.record, kept.predictions)
    return tmp_path / "results"


def file_of(results, seed=3):
    return results / NAME / "baseline" / f"features-{seed}.npz"


def loaded(results, seed=3):
    with arrays.opened(file_of(results, seed)) as there:
        return {key.removeprefix(f"seed-{seed}").removeprefix("/"): there.load(key) for key in there}


@torch.no_grad()
def evaluated(training, splits):
    training.network.eval()
    z = training.network.encoder(splits.test.x)
    training.network.train()
    return z


def test_they_are_of_the_chosen_weights_and_of_the_first_ones_with_the_head_and_the_labels(results):
    on = resolve.dataset(NAME, TINY)
    splits = on.dataset.load(Path())
    training = Training(on.dataset, on.protocol, splits, resolve.method("baseline", on).build(), 3, torch.device("cpu"))
    found = loaded(results)
    assert found.keys() == {"", "labels", "start", "head", "heads", "epochs"}
    first = evaluated(training, splits)
    training.fit()
    np.testing.assert_allclose(found["start"], first, rtol=1e-6)
    np.testing.assert_allclose(found[""], evaluated(training, splits), rtol=1e-6)
    np.testing.assert_array_equal(found["head"], training.network.head.weight.detach())
    np.testing.assert_array_equal(found["labels"], splits.test.labels)
    assert not np.allclose(found[""], found["start"])
    assert found["epochs"].tolist() == [0, 1, 2, 3]
    chosen = training.result.selection["epoch"]
    np.testing.assert_array_equal(found["heads"][chosen], found["head"])


def test_keeping_them_moves_no_prediction_one_by_one_or_side_by_side(kept):
    cells_of = [cell_of(seed=seed) for seed in (3, 4)]
    plain = finished(cells_of[0], RunContext("."))
    both = list(worker.run_side_by_side(cells_of, KEEPING, lambda *_: None))
    assert both[0].record.timing.seeds_at_once == 2
    for one in (plain, both[0]):
        np.testing.assert_array_equal(one.predictions["mean"], kept.predictions["mean"])
    for name in ("features/heads", "features/start"):
        np.testing.assert_array_equal(both[0].predictions[name], kept.predictions[name])


def test_narrow_features_and_single_steps_are_kept_of_depth_and_checked(tmp_path):
    cell = cell_of("mt[copies=3]", 0, "nyud2[images=small,width=3]", {})
    made = finished(cell)
    store.write(tmp_path / "results", made.record, made.predictions)
    z, heads, course, steps = (made.predictions[f"features{name}"] for name in ("", "/heads", "/course", "/steps"))
    assert (z.shape, heads.shape, course.shape, steps.shape[1:]) == ((1000, 3), (11, 3, 3), (11, 1000, 3), (3, 3))
    np.testing.assert_allclose(course[0], made.predictions["features/start"], rtol=1e-5)
    np.testing.assert_allclose(course[made.record.selection.epoch], z, rtol=1e-5)
    np.testing.assert_allclose(heads[0] + steps.sum(0), heads[-1], atol=1e-5)
    assert verify(tmp_path / "results", Path()).is_good


def test_keeping_them_changes_neither_key_nor_predictions_nor_the_record_of_who_does_not(kept, tmp_path):
    plain = finished(cell_of(seed=3), RunContext("."))
    assert plain.record.key == kept.record.key
    assert plain.record.metrics == kept.record.metrics
    assert plain.record.predictions.sha256 == kept.record.predictions.sha256
    path = store.write(tmp_path, plain.record, plain.predictions)
    assert set(json.loads(path.read_text())["predictions"]) == {"sha256", "columns", "file", "val"}
    assert not list(path.parent.glob("features*"))


def test_a_record_with_features_reads_back_and_names_their_hashes(results, kept):
    record = reading.read(results / kept.record.path)
    assert record.predictions == kept.record.predictions
    assert record.predictions.features.sha256 == store.hash_predictions(loaded(results)[""])


def test_seeds_side_by_side_keep_those_that_each_has_alone(kept):
    together = list(worker.run_side_by_side([cell_of(seed=3), cell_of(seed=4)], KEEPING, lambda *_: None))
    assert [one.record.timing.seeds_at_once for one in together] == [2, 2]
    alone = [kept, finished(cell_of(seed=4))]
    for one, other in zip(together, alone, strict=True):
        for name in ("features", "features/start", "features/head"):
            np.testing.assert_allclose(one.predictions[name], other.predictions[name], rtol=1e-4, atol=1e-6)


def test_a_queue_of_a_cluster_carries_them(kept, tmp_path):
    queue = SharedQueue.make(tmp_path / FOLDER / "run", [cell_of(seed=3)], KEEPING, None, [])
    assert queue.asked[0].keep_features
    queue.finish(0, kept)
    np.testing.assert_array_equal(queue.finished(0).predictions["features"], kept.predictions["features"])


@pytest.mark.parametrize("method", ["rrt", "infdrop", "rnc[recipe=paper]", "ema", "srl", "simclr"])
def test_methods_with_stages_branches_and_averages_of_their_own_keep_them_too(method, kept):
    made = finished(cell_of(method, seed=3))
    assert made.predictions["features"].shape == kept.predictions["features"].shape
    np.testing.assert_array_equal(made.predictions["features/start"], kept.predictions["features/start"])
    # rrt trains the head alone in its second stage
    assert np.array_equal(made.predictions["features"], kept.predictions["features"]) == (method == "rrt")


def test_of_maps_a_thousand_pixels_that_count_are_kept_the_same_for_every_seed():
    made = [
        finished(cell_of(seed=seed, dataset="nyud2[images=small]", changes={"protocol.epochs": 2})) for seed in (0, 1)
    ]
    z, labels = (made[0].predictions[name] for name in ("features", "features/labels"))
    assert (len(z), labels.shape) == (1000, (1000, 1))
    assert (labels >= 0.7).all()  # nearer ones are not compared
    np.testing.assert_array_equal(labels, made[1].predictions["features/labels"])
    assert "features/head" not in made[0].predictions  # a convolution


def test_a_pixels_features_are_read_where_its_label_lies():
    labels = torch.arange(2 * 6 * 4.0).reshape(2, 1, 6, 4)
    split = Split(torch.zeros(2, 1), labels, mask=labels % 3 == 0)
    of = features.sample(split)
    assert sorted(of.labels.flatten().tolist()) == list(range(0, 48, 3))
    picture, top, left = of.pixels
    assert torch.equal(labels[of.rows][picture, :, top, left], of.labels)


@pytest.mark.parametrize("name", ["", "labels", "start", "head"])
def test_verify_names_an_array_that_was_changed(results, name):
    assert verify(results, Path()).is_good
    values = loaded(results)
    values[name] = values[name] + 1
    np.savez_compressed(file_of(results), **{f"seed-3/{key}".rstrip("/"): array for key, array in values.items()})
    (difference,) = verify(results, Path()).verdict.differences
    assert (difference.what, difference.cell) == ("features", f"{NAME}/baseline/3")
    assert "has not the SHA-256 of the record" in difference.text


def forged(results, kept, **changed):
    # a record whose hashes are those of other arrays
    own = {name: array for name, array in kept.predictions.items() if not name.startswith("features")}
    made = {name: array for name, array in kept.predictions.items() if name.startswith("features")}
    for name, array in changed.items():
        made[f"features/{name}".removesuffix("/z")] = array
    predictions = kept.record.predictions.model_copy(update={"features": features.entry(3, made)})
    store.write(results, kept.record.model_copy(update={"predictions": predictions}), {**own, **made})
    return [one.text for one in verify(results, Path()).verdict.differences if one.what == "features"]


def test_verify_knows_the_labels_and_which_shapes_belong_together(results, kept):
    labels, z = (kept.predictions[name] for name in ("features/labels", "features"))
    assert forged(results, kept) == []
    assert forged(results, kept, labels=labels[::-1]) == ["features-3.npz: its labels are not those of the test split"]
    wrongs = ({"start": z[:, :1]}, {"labels": labels[1:]}, {"head": z[:1, :1]}, {"epochs": np.arange(9.0)})
    for wrong in wrongs:
        (text,) = forged(results, kept, **wrong)
        assert "the shapes of its arrays do not fit" in text


def test_verify_names_features_that_are_gone_or_that_nobody_owns(results, kept):
    file_of(results).rename(file_of(results, 7))
    texts = {one.what: one.text for one in verify(results, Path()).verdict.differences}
    assert texts["features"] == "features-3.npz: is not there"
    assert "features-7.npz has the array seed-3" in texts["arrays"]


def test_a_record_without_features_leaves_none_of_an_earlier_one(results):
    plain = finished(cell_of(seed=3), RunContext("."))
    store.write(results, plain.record, plain.predictions)
    assert not file_of(results).exists()
    assert verify(results, Path()).is_good


def test_copies_of_a_record_have_them(results, kept, tmp_path):
    store.copy(results, tmp_path / "copy", reading.read(results / kept.record.path))
    assert loaded(tmp_path / "copy").keys() == loaded(results).keys()
    assert verify(tmp_path / "copy", Path()).is_good


def test_the_command_keeps_them_and_says_what_has_none(tmp_path):
    words = ["run", "--dataset", NAME, "--seeds", "1", "--set", "protocol.epochs=1", "--method"]
    assert run_bench(*words, "baseline", cwd=tmp_path).returncode == 0
    done = run_bench(*words, "baseline,mt", "--keep", "features", cwd=tmp_path)
    assert done.returncode == 0
    assert "1 cells are done without features, and stay so" in done.stderr
    there = sorted(path.parent.name for path in tmp_path.rglob("features-0.npz"))
    assert [name.partition("+")[0] for name in there] == ["mt"]
    for word, message in (("models", "--keep models is unknown; write features"), ("features", "no features of lin")):
        refused = run_bench(*words, "linear", "--keep", word, cwd=tmp_path)
        assert (refused.returncode, message in refused.stderr, len(refused.stderr.splitlines())) == (2, True, 1)


def test_from_python_too(tmp_path):
    bench.run("baseline", NAME, seeds=1, results=tmp_path / "results", epochs=1, keep="features")
    assert len(list(tmp_path.rglob("features-0.npz"))) == 1
    with pytest.raises(BenchError, match="write keep='features'"):
        bench.run("baseline", NAME, keep="models")
