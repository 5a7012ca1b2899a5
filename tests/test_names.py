"""Names with parameters, lists and stacks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import BenchError
from bench.names import parse, parse_stack, split_list, value_text


def test_parameters_are_sorted_in_the_written_name():
    assert str(parse("rot_reg[weight=10, gamma=0.05]")) == "rot_reg[gamma=0.05,weight=10]"


def test_lists_split_on_commas_outside_brackets():
    assert split_list("oe[a=1,b=2],mt+ranksim, lds") == ["oe[a=1,b=2]", "mt+ranksim", "lds"]


@pytest.mark.parametrize("text", [",", "oe,", ",oe", "oe,,mt", "oe, ,mt"])
def test_a_list_with_nothing_between_two_commas_is_refused(text):
    with pytest.raises(BenchError, match="one comma between each two"):
        split_list(text)


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


def test_alternatives_of_a_value_stand_for_a_name_each():
    assert split_list("rot_reg[gamma=0.1|1,weight=1|2]+mt,oe") == [
        "rot_reg[gamma=0.1,weight=1]+mt",
        "rot_reg[gamma=0.1,weight=2]+mt",
        "rot_reg[gamma=1,weight=1]+mt",
        "rot_reg[gamma=1,weight=2]+mt",
        "oe",
    ]
    assert split_list("a|b,c") == ["a|b", "c"]


def test_too_many_alternatives_are_one_line():
    with pytest.raises(BenchError, match="stands for 1,024 names; write at most 1,000"):
        split_list("mt[" + ",".join(f"{key}=1|2" for key in "abcdefghij") + "]")
