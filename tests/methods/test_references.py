"""References against scikit-learn called by hand; fitted on training rows, whatever the other splits hold."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from sklearn.ensemble import ExtraTreesRegressor, HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.neighbors import KNeighborsRegressor

import bench
from bench import plugins
from bench.dataset import Split
from bench.errors import BenchError
from bench.plugins import resolve
from bench.testing.toy import Toy
from bench.training.reference import Fitting
from support.datasets import NOWHERE

TABLE = "concrete[rows=synthetic]"


@cache
def splits_of(name):
    on = resolve.dataset(name)
    return on, on.dataset.load(NOWHERE)


def first(split, rows):
    return replace(split, x=split.x[torch.arange(rows)], labels=split.labels[:rows])


def fitted(name, on, splits, seed=0):
    fitting = Fitting(on.dataset, splits, resolve.method(name, on).build(), seed)
    fitting.fit()
    return fitting


def predicted(name, on, splits, seed=0):
    return fitted(name, on, splits, seed).predict(splits.test).double().numpy()


def arrays(split):
    return split.x.double().numpy(), split.labels[:, 0].double().numpy()


@pytest.fixture(scope="module")
def table():
    return splits_of(TABLE)


def mae(model, splits):
    x, y = arrays(splits.val)
    return np.abs(model.predict(x) - y).mean()


def standardised(splits):
    """The same splits with features of mean 0 and deviation 1, as training has them."""
    mean, sd = splits.train.x.double().mean(0), splits.train.x.double().std(0, correction=0)
    parts = {
        name: replace(getattr(splits, name), x=(getattr(splits, name).x.double() - mean) / sd)
        for name in ("train", "val", "test")
    }
    return replace(splits, **parts)


def test_constant_is_the_median_where_absolute_errors_count_and_else_the_mean(table):
    on, splits = table
    labels = splits.train.labels.double().numpy()
    assert predicted("constant", on, splits) == pytest.approx(np.full((len(splits.test), 1), np.median(labels)))
    assert predicted("constant[of=mean]", on, splits) == pytest.approx(np.full((len(splits.test), 1), labels.mean()))
    circle, points = splits_of("circle")
    means = points.train.labels.double().mean(0).numpy()
    assert predicted("constant", circle, points) == pytest.approx(np.tile(means, (2800, 1)), abs=1e-6)


def test_linear_is_ridge_with_the_penalty_that_validates_best(table):
    on, splits = table
    scaled = standardised(splits)
    models = [Ridge(alpha).fit(*arrays(scaled.train)) for alpha in np.logspace(-10, 6, 17)]
    best = min(models, key=lambda model: mae(model, scaled))
    assert predicted("linear", on, splits)[:, 0] == pytest.approx(best.predict(arrays(scaled.test)[0]), rel=1e-5)


@pytest.mark.parametrize("name", ["circle", "torus", "swiss_roll"])
def test_where_a_task_is_exactly_linear_so_is_the_reference(name):
    on, splits = splits_of(name)
    assert np.square(predicted("linear", on, splits) - splits.test.labels.numpy()).mean() < 1e-10
    plain = LinearRegression().fit(splits.train.x[:, :4].double(), splits.train.labels.double())
    assert np.square(plain.predict(splits.test.x[:, :4].double()) - splits.test.labels.numpy()).mean() < 1e-10


def test_knn_takes_as_many_neighbours_as_validate_best(table):
    on, splits = table
    scaled = standardised(splits)
    models = [KNeighborsRegressor(k).fit(*arrays(scaled.train)) for k in (1, 2, 3, 5, 8, 13, 21, 34, 55, 89)]
    best = min(models, key=lambda model: mae(model, scaled))
    assert best.n_neighbors > 1
    assert predicted("knn", on, splits)[:, 0] == pytest.approx(best.predict(arrays(scaled.test)[0]), rel=1e-5)


def test_trees_are_the_librarys_with_its_defaults(table):
    on, splits = table
    by_hand = HistGradientBoostingRegressor(random_state=3).fit(*arrays(splits.train)).predict(arrays(splits.test)[0])
    assert predicted("trees", on, splits)[:, 0] == pytest.approx(by_hand, rel=1e-6)
    assert np.array_equal(predicted("trees", on, splits, seed=7), predicted("trees", on, splits))


def test_a_forest_is_the_librarys_and_each_seed_another(table):
    on, splits = table
    by_hand = ExtraTreesRegressor(random_state=4).fit(*arrays(splits.train)).predict(arrays(splits.test)[0])
    assert predicted("forest", on, splits, seed=4)[:, 0] == pytest.approx(by_hand, rel=1e-6)
    assert not np.array_equal(predicted("forest", on, splits, seed=5), predicted("forest", on, splits, seed=4))


@pytest.mark.parametrize("name", plugins.references())
@pytest.mark.parametrize("dataset", [TABLE, "stsb[hidden=8,text=small]", "digits[images=few]"])
def test_a_reference_learns_nothing_from_the_test_split(name, dataset):
    on, splits = splits_of(dataset)
    splits = replace(splits, train=first(splits.train, 300), val=first(splits.val, 60))
    test = first(splits.test, 8)
    test = replace(test, labels=test.labels * torch.nan)
    known, hidden = fitted(name, on, splits), fitted(name, on, replace(splits, test=test))
    for split in (splits.val, splits.train):
        assert torch.equal(hidden.predict(split), known.predict(split))


@pytest.mark.parametrize("name", plugins.references())
def test_of_the_validation_split_a_reference_takes_a_choice_alone(name, table):
    # its labels, turned round, may choose another candidate, but each candidate is fitted on the training rows
    on, splits = table
    other = replace(splits, val=Split(splits.val.x, splits.val.labels.flip(0)))
    if name in ("linear", "knn"):
        assert not np.array_equal(predicted(name, on, other), predicted(name, on, splits))
    else:
        assert np.array_equal(predicted(name, on, other), predicted(name, on, splits))


def test_features_of_text_are_counted_in_training_sentences_alone():
    on, splits = splits_of("stsb[hidden=8,text=small]")
    whole = on.dataset.plain_features(splits.train)
    rows = torch.arange(5)
    few = replace(splits.test, x=splits.test.x[rows], labels=splits.test.labels[rows])
    assert torch.equal(whole(splits.test)[:5], whole(few))
    assert not torch.equal(on.dataset.plain_features(splits.test)(few), whole(few))
    same = replace(few, x=few.x[:, :1].expand(-1, 2, -1).contiguous())  # twice the same sentence
    alike = whole(same)
    assert alike[:, :8].numpy() == pytest.approx(1)  # four cosines, four shares
    assert alike[:, [8, 10]].abs().max() == 0  # as long, and nothing between the means
    assert alike[:, 9].numpy() == pytest.approx(1)


def test_features_of_pictures_are_means_of_cells():
    on, splits = splits_of("digits[images=few]")
    found = on.dataset.plain_features(splits.train)(splits.test)
    assert found.shape == (len(splits.test), 64)
    assert found[3, 10].item() == pytest.approx(splits.test.x[3, 0, 4:8, 8:12].float().mean().item())


def test_maps_of_depth_have_a_constant_over_the_pixels_that_count_and_no_other():
    on, splits = splits_of("nyud2[images=small]")
    depths = splits.train.labels[splits.reference_rows][splits.train.mask[splits.reference_rows]]
    y_hat = predicted("constant", on, splits)
    assert y_hat.shape == on.dataset.predictions_shape(splits.test)
    assert np.ptp(y_hat) == 0
    assert y_hat.flat[0] == pytest.approx(depths.double().mean().item(), rel=1e-6)
    assert "single pixel" in resolve.method("linear", on).refusal(on.dataset)


def test_inputs_without_plain_features_are_refused_in_one_line():
    data = Toy()
    splits = data.load(NOWHERE)
    odd = replace(splits, train=replace(splits.train, x=splits.train.x[:, None]))
    with pytest.raises(BenchError, match=r"shape \(48, 1, 6\) have no plain features"):
        Fitting(data, odd, plugins.load("method", "linear")(), 0).fit()


def test_a_reference_stacks_with_nothing_and_takes_no_steps():
    on = resolve.dataset(TABLE)
    with pytest.raises(BenchError, match="cannot stack 'linear'"):
        resolve.method("mt+linear", on)
    with pytest.raises(BenchError, match="'trees' is a reference"):
        resolve.method("trees", on).build_method()


class Halves(bench.Reference):
    """As scikit-learn's, of one's own."""

    def models(self, known):
        yield LinearRegression()


def test_a_class_of_ones_own_is_trained_and_checked_from_python():
    trained = bench.train(Halves, TABLE)
    assert trained.network is None
    assert trained.history == []
    assert bench.check_method(Halves)["ok"].all()
    drawing = type(
        "Drawing", (Halves,), {"models": lambda self, known: [ExtraTreesRegressor(3, random_state=known.seed)]}
    )
    report = bench.check_method(drawing).set_index("check")
    assert not report["ok"]["gives the same numbers from the same seed with 1 target"]
    drawing.seeded = True
    assert bench.check_method(drawing)["ok"].all()
