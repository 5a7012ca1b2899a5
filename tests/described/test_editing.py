"""The protocol of a description is changed line by line, and nothing else is."""

import tomllib

import pytest

from bench.described import editing
from bench.errors import BenchError

TEXT = """kind = "table"  # why

[protocol]  # any field
lr = 0.001  # as it was
epochs = 20  # about 3,000 steps

[columns]
lr = "numeric"
"""


def test_fields_are_replaced_added_and_taken_away():
    made = editing.with_protocol(TEXT, "own", {"lr": 0.01, "cosine_floor": 0.0, "epochs": None}, "tuned")
    assert tomllib.loads(made) == {
        "kind": "table",
        "protocol": {"lr": 0.01, "cosine_floor": 0.0},
        "columns": {"lr": "numeric"},
    }
    assert "lr = 0.01  # tuned" in made
    assert made.startswith('kind = "table"  # why\n\n[protocol]  # any field\n')


def test_a_description_without_a_protocol_gets_one():
    made = editing.with_protocol('kind = "table"\n', "own", {"lr": 0.01}, "tuned")
    assert tomllib.loads(made) == {"kind": "table", "protocol": {"lr": 0.01}}


@pytest.mark.parametrize("text", ["protocol = {lr = 1}\n", "protocol.lr = 1\n"])
def test_another_form_is_left_to_its_owner(text):
    with pytest.raises(BenchError, match=r"write there yourself: lr = 0.01"):
        editing.with_protocol(text, "own", {"lr": 0.01}, "tuned")
