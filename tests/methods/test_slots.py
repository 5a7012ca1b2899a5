"""Every slot is carried by a method, and those that fill the newer ones act on a table, on pictures and on ages."""

from functools import cache

import pytest

from bench import plugins
from bench.plugins import resolve
from bench.slots import SLOTS
from support.datasets import tiny_faces, train

SEVEN = ["cmixup", "sam", "ema", "balanced_sampler", "gaussian_nll", "dense_weight", "isotonic"]
DATA = {
    "table": lambda: resolve.dataset("airfoil[rows=synthetic]"),
    "pictures": lambda: resolve.dataset(resolve.dataset("digits").dataset.small or "digits"),
    "ages": tiny_faces,
}


@cache
def data(kind):
    on = DATA[kind]()
    # the rate of a cosine down to zero is zero in the last epoch
    epochs = 1 if on.protocol.cosine_floor is None else 2
    on = resolve.dataset(on.name, {"protocol.epochs": epochs, "protocol.validate_every": 1})
    return on, on.dataset.load(None)


@cache
def predictions(kind, name):
    on, splits = data(kind)
    return train(on, splits, name).predict(splits.test)


@pytest.mark.parametrize("kind", DATA)
@pytest.mark.parametrize("name", SEVEN)
def test_training_with_it_gives_other_predictions(kind, name):
    found, plain = predictions(kind, name), predictions(kind, "baseline")
    assert found.shape == plain.shape
    assert found.isfinite().all()
    assert not found.allclose(plain)


def test_every_slot_is_filled_by_a_method():
    filled = {slot for name in plugins.methods() for slot in plugins.load("method", name).slots()}
    assert filled >= set(SLOTS) - {"optimizer", "views"}


@pytest.mark.parametrize(
    "text", ["cmixup+sam+ema", "balanced_sampler+gaussian_nll+isotonic", "dense_weight+cmixup+isotonic"]
)
def test_they_stack(text):
    on, splits = data("table")
    assert sorted(resolve.method(text, on).name.split("+")) == sorted(text.split("+"))
    assert train(on, splits, text).predict(splits.test).isfinite().all()
