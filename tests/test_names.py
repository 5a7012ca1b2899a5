import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import BenchError
from bench.names import parse, parse_stack, split_list, value_text
from bench.plugins import resolve


def test_parameters_are_sorted_in_the_written_name():
    assert str(parse("rot_reg[weight=10, gamma=0.05]")) == "rot_reg[gamma=0.05,weight=10]"


def test_lists_split_on_commas_outside_brackets():
    assert split_list("oe[a=1,b=2],mt+ranksim, lds") == ["oe[a=1,b=2]", "mt+ranksim", "lds"]


def test_stacks_split_on_plus_outside_brackets():
    assert [str(name) for name in parse_stack("mt[copies=4]+oe")] == ["mt[copies=4]", "oe"]


@pytest.mark.parametrize("text", ["", "oe[", "oe[weight]", "oe[weight=]", "a b", "oe[a=1,a=2]", "mt++oe", "oe]"])
def test_unreadable_names_are_refused_in_one_line(text):
    with pytest.raises(BenchError) as error:
        parse_stack(text)
    assert "\n" not in str(error.value)


@given(st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True), st.integers(0, 99), max_size=4))
def test_a_name_reads_back_as_it_was_written(params):
    text = str(parse(f"m[{','.join(f'{k}={v}' for k, v in params.items())}]" if params else "m"))
    assert str(parse(text)) == text


@pytest.mark.parametrize(
    ("value", "text"), [(10.0, "10"), (0.05, "0.05"), (True, "true"), (None, "none"), ("l1", "l1")]
)
def test_values_are_written_shortly(value, text):
    assert value_text(value) == text


def test_defaults_are_left_out_of_the_canonical_name_dataset_by_dataset():
    circle = resolve.dataset("circle[draw=0,points=generated]")
    assert circle.name == "circle"
    assert resolve.method("oe[weight=0.1]", circle).name == "oe"
    assert resolve.method("oe[weight=1]", circle).name == "oe[weight=1]"
    assert resolve.method("baseline[loss=mse]", circle).name == "baseline"


def test_the_order_of_a_stack_does_not_change_its_name():
    circle = resolve.dataset("circle")
    assert resolve.method("ranksim+mt", circle).name == resolve.method("mt+ranksim", circle).name == "mt+ranksim"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rankism", ["did you mean 'ranksim'", "baseline"]),
        ("oe[wieght=1]", ["no parameter 'wieght'", "weight="]),
        ("oe[weight=heavy]", ["oe[weight=heavy]", "number"]),
        ("baseline[loss=l3]", ["baseline[loss=l3]", "'l1', 'mse' or 'huber'"]),
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
