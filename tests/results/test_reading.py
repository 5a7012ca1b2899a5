"""JSON of records: nothing is read that two readers could read otherwise."""

import json

import pytest

from bench.results import reading


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "a": 2}',
        '{"a" : 1, "a"\n: 2}',
        '{"a": 1, "\\u0061": 2}',
        '{"a\\\\": 1, "a\\\\": 2}',
        '{"a": ":", "a": ":"}',
        '{"history": [{"a": {"b": 1, "b": 1}}' + ', {"a": 1}' * 100 + "]}",
        '{"history": [{"a": 1, "a": 1}' + ", 7" * 100 + "]}",
    ],
)
def test_a_name_that_stands_twice_in_an_object_is_refused_however_it_is_written(text):
    with pytest.raises(ValueError, match="stands twice"):
        reading.parse(text.encode())


@pytest.mark.parametrize(
    "text", ['{"a": ": b", "c": ["\\": d", ":"]}', '[{"a": {"b": 1}}' + ', {"a": {"b": 1}}' * 100 + "]"]
)
def test_what_only_looks_like_a_name_more_or_less_is_read_as_it_is(text):
    assert reading.parse(text.encode()) == json.loads(text)
