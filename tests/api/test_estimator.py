"""The scikit-learn estimator: scikit-learn's own checks, and what its users do with one."""

import pickle
import time

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks
from torch import nn

import bench
from bench.errors import BenchError

QUICK = bench.DeepRegressor(epochs=30, lr=3e-3, batch_size=32, hidden=(32,), random_state=0)

NOT = {
    "check_sample_weight_equivalence_on_dense_data": "rows held out to choose the epoch are drawn by their number",
}


@parametrize_with_checks([QUICK], expected_failed_checks=lambda _: NOT)
def test_scikit_learn_finds_an_estimator(estimator, check):
    check(estimator)


def line(rows=300, seed=0):
    X = np.random.default_rng(seed).normal(size=(rows, 3))
    return X, X @ [1.0, -2.0, 0.5] + 10


def frame(rows=400):
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "area": rng.lognormal(4, 0.5, rows),
            "town": rng.choice(["here", "there", "elsewhere"], rows),
            "new": rng.choice([True, False], rows),
            "sold": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, rows), "D"),
        }
    )
    price = table["area"] * 10 + 300 * (table["town"] == "here") + 200 * table["new"]
    table.loc[::17, "area"] = np.nan
    return table, price


def test_a_frame_of_every_kind_goes_in():
    X, y = frame()
    model = QUICK.__class__(epochs=60, lr=3e-3, random_state=0).fit(X, y)
    assert model.score(X, y) > 0.8
    assert list(model.feature_names_in_) == list(X.columns)
    new = X.iloc[:3].assign(town="unheard of")
    assert np.isfinite(model.predict(new)).all()


def test_it_works_where_estimators_do():
    X, y = line()
    scores = cross_val_score(make_pipeline(StandardScaler(), QUICK), X, y, cv=3)
    assert scores.min() > 0.9
    search = GridSearchCV(QUICK, {"method": ["baseline", "lds", "ranksim"], "lr": [1e-3, 3e-3]}, cv=2).fit(X, y)
    assert search.best_score_ > 0.9


@pytest.mark.parametrize("method", ["baseline", "lds+fds", "ranksim", "rnc", "conr", "gaussian_nll", "mt", "dex"])
def test_methods_learn(method):
    X, y = line()
    assert QUICK.set_params(method=method).fit(X, y).score(X, y) > 0.5
    QUICK.set_params(method="baseline")


def test_a_seed_gives_the_same_and_a_stored_model_too():
    X, y = line()
    first, second = (bench.DeepRegressor(epochs=3, random_state=4).fit(X, y) for _ in range(2))
    assert (first.predict(X) == second.predict(X)).all()
    stored = pickle.dumps(first)
    assert (pickle.loads(stored).predict(X) == first.predict(X)).all()
    assert len(stored) < 300_000  # without its rows


def test_weights_of_samples_count():
    X, y = line()
    wrong = np.concatenate([y[:200], -y[200:]])
    heavy = np.concatenate([np.ones(200), np.zeros(100)])
    kept = bench.DeepRegressor(epochs=40, lr=3e-3, random_state=0)
    assert kept.fit(X, wrong, heavy).score(X[:200], y[:200]) > kept.fit(X, wrong).score(X[:200], y[:200]) + 0.1


def test_several_targets():
    X, y = line()
    both = np.stack([y, 1000 * X[:, 0]], axis=1)
    model = QUICK.fit(X, both)
    assert model.predict(X).shape == (300, 2)
    assert model.score(X, both) > 0.9


def test_pictures_by_a_module_and_by_timm():
    X = np.random.default_rng(0).normal(size=(60, 3, 32, 32))
    y = X.mean((1, 2, 3)) * 100
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    for backbone in (module, "test_resnet"):
        model = bench.DeepRegressor(backbone=backbone, epochs=2, random_state=0).fit(X, y)
        assert model.predict(X).shape == (60,)


def test_3000_rows_take_seconds():
    X, y = line(3000)
    began = time.process_time()
    assert bench.DeepRegressor(random_state=0, epochs=20).fit(X, y).score(X, y) > 0.99
    assert time.process_time() - began < 60


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"method": "nothing"}, "no method"),
        ({"method": "trees"}, "reference"),
        ({"backbone": "nothing"}, "timm"),
        ({"backbone": "test_resnet"}, "pictures"),
        ({"lr": -1}, "lr"),
        ({"protocol": {"nothing": 1}}, "nothing"),
        ({"validation_fraction": 0}, "validation_fraction"),
    ],
)
def test_what_it_cannot_do_it_says(given, word):
    X, y = line(40)
    with pytest.raises(BenchError, match=word):
        bench.DeepRegressor(epochs=1, **given).fit(X, y)


def test_a_constant_target_and_two_rows():
    X, y = line(40)
    assert np.allclose(QUICK.fit(X, np.full(40, 7.0)).predict(X), 7, atol=1)
    assert QUICK.fit(X[:2], y[:2]).predict(X).shape == (40,)


@pytest.mark.filterwarnings("ignore:X (has|does not have valid) feature names")
def test_a_frame_and_an_array_of_the_same_numbers_predict_the_same():
    X = np.random.default_rng(0).standard_normal((40, 2))
    frame = pd.DataFrame(X, columns=["a", "b"])
    for first, second in ((frame, X), (X, frame)):
        model = bench.DeepRegressor(epochs=1, random_state=0).fit(first, X[:, 0])
        np.testing.assert_array_equal(model.predict(first), model.predict(second))


def test_names_that_are_one_but_for_spaces_are_refused():
    with pytest.raises(ValueError, match="two columns named 'a' but for spaces"):
        bench.DeepRegressor(epochs=1).fit(pd.DataFrame(np.eye(4), columns=["a", " a", "b", "c"]), np.arange(4.0))


@pytest.mark.parametrize(("scale", "unit"), [(1e250, "larger"), (1e-250, "smaller")])
def test_a_target_of_no_scale_is_refused(scale, unit):
    with pytest.raises(ValueError, match=f"in a {unit} unit"):
        bench.DeepRegressor(epochs=1).fit(np.eye(4), scale * np.arange(4.0))


def test_periods_are_dates():
    frame = pd.DataFrame({"when": pd.period_range("2020-01", periods=30, freq="M")})
    model = bench.DeepRegressor(epochs=1, random_state=0).fit(frame, np.arange(30.0))
    np.testing.assert_array_equal(model.predict(frame), model.predict(frame.assign(when=frame.when.dt.to_timestamp())))
