"""What a board is to hold: headers, metrics and methods."""

import pytest

from bench.errors import BenchError
from bench.leaderboard.spec import BoardSpec
from bench.metrics import METRICS


def test_headers_carry_unit_and_direction():
    assert METRICS["mse"].unit == "unit²"
    assert BoardSpec("x", "X", "", "m", ("mse",)).header("mse", "few") == "MSE few ↓ [m²]"
    assert BoardSpec("x", "X", "", "", ("mse",)).header("mse", "all") == "MSE all ↓"


def test_an_unknown_metric_names_those_there_are():
    with pytest.raises(BenchError, match="no metric 'maee'; did you mean 'mae'"):
        BoardSpec("x", "X", "", "", ("maee",))


def test_metrics_without_regions_have_one_column_and_share_a_table():
    spec = BoardSpec("x", "X", "", "m", ("mae", "mse", "r2", "balanced_mae", "sera"), ("all", "many", "few"))
    assert spec.keys[-3:] == [("r2", "few"), ("balanced_mae", "all"), ("sera", "all")]
    assert spec.groups == [("mae",), ("mse",), ("r2",), ("balanced_mae", "sera")]
    assert spec.header("sera", "all") == "SERA all ↓ [m²]"


def test_a_spec_keeps_the_regions_that_the_records_have_in_the_order_of_shots():
    said = {"dataset": "x", "title": "X", "what": "", "unit": "m", "metrics": ["mse"], "methods": ["oe"]}
    said |= {"certificates": {"oe": ["code", "3", "0", "nothing"]}}
    spec = BoardSpec.of(said, ["few", "all", "many"])
    assert spec.regions == ("all", "many", "few")
    assert (spec.metrics, spec.methods, spec.certificates) == (("mse",), ("oe",), {"oe": ("code", "3", "0", "nothing")})
    assert BoardSpec.of(said, []).regions == ("all",)
