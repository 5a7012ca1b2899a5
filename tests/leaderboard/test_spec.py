"""What a board is to hold: headers, metrics and methods."""

import pytest

from bench import boards
from bench.errors import BenchError
from bench.metrics import METRICS
from bench.sheet import Sheet


def test_headers_carry_unit_and_direction():
    assert METRICS["mse"].unit == "unit²"
    assert Sheet("x", "X", "", "m", ("mse",)).header("mse", "few") == "MSE few ↓ [m²]"
    assert Sheet("x", "X", "", "", ("mse",)).header("mse", "all") == "MSE all ↓"


def test_an_unknown_metric_names_those_there_are():
    with pytest.raises(BenchError, match="no metric 'maee'; did you mean 'mae'"):
        Sheet("x", "X", "", "", ("maee",))


def test_a_board_is_to_have_the_stacks_that_the_papers_report():
    text, points = (boards._sheet(name, []).methods for name in ("stsb[hidden=8,text=small]", "circle"))
    assert {"ranksim", "ranksim+lds+fds", "inv+ranksim"} <= set(text)
    assert "mt+rot_reg" in points
    assert "lds" not in points  # not defined there
