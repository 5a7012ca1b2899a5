"""From a text to a method or dataset: canonical names, checks and remedies."""

import pytest

from bench.errors import BenchError
from bench.plugins import resolve


def test_defaults_are_left_out_of_the_canonical_name_dataset_by_dataset():
    circle = resolve.dataset("circle[draw=0,points=generated]")
    assert circle.name == "circle"
    assert resolve.method("oe[weight=0.1]", circle).name == "oe"
    assert resolve.method("oe[weight=1]", circle).name == "oe[weight=1]"
    assert resolve.method("baseline[loss=mse]", circle).name == "baseline"


def test_values_published_for_a_datasets_parameters_stand_before_what_was_searched():
    usual, theirs = (resolve.dataset(name) for name in ("abalone", "airfoil[protocol=srl,selection=natural]"))
    values = {on.name: dict(resolve.method("srl", on).parts)["srl"] for on in (usual, theirs)}
    assert values[usual.name]["contrast"] == resolve.outcome()["srl"]["abalone"]["contrast"]
    published = {"contrast": 0.01, "enveloping": 0.4, "temperature": 2.0, "points": 1000, "momentum": 0.99}
    assert published.items() <= values[theirs.name].items()
    assert resolve.method("srl[temperature=2]", theirs).name == "srl"
    assert [resolve.origin("srl", on, "contrast") for on in (usual, theirs)] == ["our search", "deleted code"]
    assert resolve.origin("srl", theirs, "homogeneity").startswith("deleted code, for distances")
    assert resolve.origin("srl", theirs, "width") == "code"


def test_the_order_of_a_stack_does_not_change_its_name():
    circle = resolve.dataset("circle")
    assert resolve.method("ranksim+mt", circle).name == resolve.method("mt+ranksim", circle).name == "mt+ranksim"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rankism", ["did you mean 'ranksim'", "baseline"]),
        ("oe[wieght=1]", ["no parameter 'wieght'", "weight="]),
        ("oe[weight=heavy]", ["oe[weight=heavy]", "number"]),
        ("baseline[loss=l3]", ["baseline[loss=l3]", "l1, mse or huber"]),
        ("mt+mt", ["names a method twice"]),
    ],
)
def test_wrong_methods_name_the_value_and_the_remedy(text, words):
    with pytest.raises(BenchError) as error:
        resolve.method(text, resolve.dataset("circle"))
    assert all(word in str(error.value) for word in words), str(error.value)


def test_protocol_overrides_are_checked():
    assert resolve.dataset("circle", {"protocol.epochs": "5"}).protocol.epochs == 5
    with pytest.raises(BenchError, match="no protocol field 'epoch'"):
        resolve.dataset("circle", {"protocol.epoch": 5})
    with pytest.raises(BenchError, match=r"protocol\.epochs=many"):
        resolve.dataset("circle", {"protocol.epochs": "many"})
