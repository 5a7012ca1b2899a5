"""What `import bench` gives."""

import ast
import subprocess
import sys
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest
import torch
from torch import nn

import bench
from bench import plugins
from bench.plugins import certificates  # noqa: F401 - a room that was imported before does not hide the API
from support.board_records import record
from support.records import readable

ROOT = Path(__file__).parents[1]


class Half(bench.Method):
    """Half the task loss."""

    def __init__(self, share: float = 0.5) -> None:
        super().__init__()
        self.share = share

    def loss(self, batch):
        return self.share * super().loss(batch)


class Broken(bench.Method):
    """Draws from torch's global generator."""

    def loss(self, batch):
        return super().loss(batch) * torch.rand(())


class Line(bench.Dataset):
    """A straight line; as small as can be."""

    metrics = ("mae",)
    protocol = bench.Protocol(batch_size=8, epochs=3, lr=1e-2)

    def load(self, root):
        def split(n):
            x = torch.linspace(-1, 1, n)[:, None]
            return bench.Split(x, 3 * x)

        return bench.Splits(split(32), split(9), split(10))

    def encoder(self, splits):
        return nn.Linear(1, 4), 4


def fresh(code):
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return run.stdout.strip()


def test_import_is_quick_and_brings_nothing_heavy():
    began = perf_counter()
    heavy = fresh("import sys, bench; dir(bench); print({'torch', 'numpy', 'pandas', 'pydantic'} & set(sys.modules))")
    whole = perf_counter() - began
    began = perf_counter()
    fresh("")
    assert heavy == "set()"
    assert whole - (perf_counter() - began) < 0.3


def test_results_are_read_without_torch():
    code = "import sys, bench; bench.load_results('search/results', 'circle'); print('torch' in sys.modules)"
    assert fresh(code) == "False"


@pytest.mark.parametrize("module", [bench, bench.losses], ids=["bench", "bench.losses"])
def test_every_name_is_there_and_listed(module):
    for name in module.__all__:
        assert name in dir(module)
        assert getattr(module, name) is not None
        assert (getattr(module, name).__doc__ or "").strip()
    with pytest.raises(AttributeError, match="no_such_thing"):
        _ = module.no_such_thing


@pytest.mark.parametrize("module", [bench, bench.losses], ids=["bench", "bench.losses"])
def test_type_checkers_see_the_same_names(module):
    tree = ast.parse(Path(module.__file__).read_text())
    block = next(
        node for node in tree.body if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
    )
    seen = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert set(module.__all__) <= set(seen)
    if module is bench.losses:
        assert seen == {name: f"{source}.{name}" for name, source in bench.losses.SOURCES.items()}
        assert sorted(module.__all__) == sorted(seen)


def test_every_public_function_of_a_method_is_a_loss_of_bench():
    defined = {
        node.name
        for path in (ROOT / "methods" / f"{name}.py" for name in plugins.methods())
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    }
    assert defined - {"distances", "one_per_label"} <= set(bench.losses.SOURCES)


def test_the_leaderboard_is_a_package_and_a_function():
    code = (
        "import bench.leaderboard, bench\n"
        "from bench.leaderboard import __doc__\n"
        "print(list(bench.leaderboard('circle', 'search/results', stale=True).columns))"
    )
    assert fresh(code) == "['n', 'failed', 'all_mse', 'all_mse_sd']"


def test_a_leaderboard_has_mean_deviation_and_number_of_seeds_best_first(tmp_path):
    from bench.results import store

    for method, values in (("mt", (1.0, 2.0)), ("baseline", (3.0, 5.0))):
        for seed, value in enumerate(values):
            store.write(tmp_path, readable(record(method, seed, mae=value)))
    board = bench.leaderboard(record("mt", 0, mae=1.0).dataset, tmp_path, stale=True)
    assert list(board.index) == ["mt", "baseline"]
    assert board.loc["baseline", ["n", "all_mae"]].tolist() == [2, 4.0]
    assert board.loc["baseline", "all_mae_sd"] == pytest.approx(2**0.5)
    # none is of today's code, nor has it predictions
    with (
        pytest.warns(UserWarning, match="left out faces/"),
        pytest.raises(bench.BenchError, match="stale="),
    ):
        bench.leaderboard(record("mt", 0, mae=1.0).dataset, tmp_path)


def test_results_have_one_row_a_record_with_all_that_it_says(tmp_path):
    found = bench.load_results("search/results", dataset="circle")
    assert list(found.columns[:5]) == ["dataset", "method", "seed", "status", "key"]
    assert {"test_all_mse", "val_all_mse", "timing_wall_s", "environment_torch", "selection_epoch"} <= set(found)
    one = found["method"].iloc[0]
    assert len(bench.load_results("search/results", "circle", one)) == (found["method"] == one).sum() < len(found)
    assert bench.load_results(tmp_path).empty


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("no/such/folder",), "no results folder"),
        (("search/results", "circl"), "did you mean 'circle'"),
        (("search/results", "circle", "ranksin"), "no method with results 'ranksin'"),
    ],
)
def test_results_that_are_not_there_are_named(arguments, message):
    with pytest.raises(bench.BenchError, match=message):
        bench.load_results(*arguments)


def test_training_gives_the_numbers_of_a_run_and_leaves_the_global_generator_alone():
    state = torch.get_rng_state()
    trained = bench.train("baseline", "circle", seed=3, device="cpu", epochs=2)
    assert torch.equal(state, torch.get_rng_state())
    from bench.plugins import resolve
    from bench.training.loop import Training

    on = resolve.dataset("circle", {"epochs": 2})
    splits = on.dataset.load(Path())
    training = Training(on.dataset, on.protocol, splits, resolve.method("baseline", on).build(), 3, torch.device("cpu"))
    training.fit()
    np.testing.assert_array_equal(trained.predictions, training.predict(splits.test).numpy())
    table = bench.evaluate(trained.predictions, dataset="circle")
    assert table.loc["all", "mse"] == trained.metrics["test"]["all"]["mse"]
    assert (trained.method, trained.dataset, trained.seed) == ("baseline", "circle", 3)


def test_classes_and_objects_train_as_they_are_and_an_object_is_not_worn_out():
    by_class, half, whole = Half, Half(0.5), Half(share=1.0)
    first, second, again, other = (bench.train(m, Line, device="cpu") for m in (by_class, half, half, whole))
    np.testing.assert_array_equal(first.predictions, second.predictions)
    np.testing.assert_array_equal(second.predictions, again.predictions)
    assert not np.array_equal(first.predictions, other.predictions)
    assert first.predictions.shape == (10, 1)
    assert len(bench.train(half, Line(), device="cpu", epochs=1).history) == 1


@pytest.mark.parametrize(
    ("arguments", "protocol", "message"),
    [
        (("ranksin", "circle"), {}, "did you mean 'ranksim'"),
        (("ranksim", "circl"), {}, "did you mean 'circle'"),
        (("ranksim", "circle"), {"epoch": 3}, "no protocol field 'epoch'"),
        (("lds", "circle"), {}, "'lds' is not defined on 'circle'"),
        ((3, "circle"), {}, "3 is no method"),
        (("ranksim", 3), {}, "3 is no dataset"),
        (("ranksim", dict), {}, "is no dataset"),
    ],
)
def test_what_cannot_be_trained_is_one_line(arguments, protocol, message):
    with pytest.raises(bench.BenchError, match=message):
        bench.train(*arguments, **protocol)


def test_predictions_are_evaluated_by_region():
    seen = [1.0] * 150 + [2.0] * 50 + [3.0]
    table = bench.evaluate([1.0, 2.5, 4.0], [[1.0], [2.0], [3.0]], seen, metrics=["mae"])
    assert table["n"].to_dict() == {"all": 3, "many": 1, "medium": 1, "few": 1}
    assert table["mae"].to_dict() == {"all": 0.5, "many": 0.0, "medium": 0.5, "few": 1.0}
    alone = bench.evaluate(torch.tensor([1.0]), torch.tensor([2.0]))
    assert list(alone.index) == ["all"]
    assert alone.loc["all", "rmse"] == 1


def test_bins_count_labels_that_are_not_equal_together():
    seen = [1.1, 1.2, 1.3, 2.5]
    table = bench.evaluate([1.4, 2.5], [1.4, 2.4], seen, metrics=["mae"], bins=bench.Bins(0, 1, 5), many=2, few=2)
    assert table["n"].to_dict() == {"all": 2, "many": 1, "medium": 0, "few": 1}
    assert np.isnan(table.loc["medium", "mae"])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bench.evaluate([1.0, 2.0], [1.0]), "do not fit labels"),
        (lambda: bench.evaluate(np.zeros((2, 2)), np.zeros((2, 2)), [0.0]), "have no regions"),
        (lambda: bench.evaluate([1.0], [1.0], metrics=["mea"]), "no metric 'mea'"),
        (lambda: bench.evaluate([1.0]), "no labels"),
        (lambda: bench.evaluate([1.0], [1.0], metrics=["sera"]), "give train_labels"),
        (lambda: bench.evaluate(np.zeros((5, 3)), dataset="circle"), "do not fit test labels of shape"),
    ],
)
def test_predictions_that_cannot_be_evaluated_are_one_line(call, message):
    with pytest.raises(bench.BenchError, match=message):
        call()


def test_a_class_in_a_notebook_is_checked():
    report = bench.check_method(Half)
    assert report["ok"].all()
    assert bench.check_method(Half(0.25))["ok"].all()
    broken = bench.check_method(Broken)
    assert any("global generator" in problem for problem in broken.loc[~broken["ok"], "problem"])
    assert bench.check_dataset(Line)["ok"].all()
