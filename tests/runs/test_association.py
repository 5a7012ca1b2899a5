"""How a measure goes with the test error: correlations that are known, and intervals that hold or are wide."""

import numpy as np
import pytest

from bench.runs.association import ALL, as_table, associations
from bench.runs.findings import Cell, Findings

RNG = np.random.default_rng(0)


def findings(pairs, dataset="circle", metric="mse", noise=0.0, measure="spread"):
    cells = [
        Cell(dataset, f"m{number}", seed, metric, error + noise * RNG.normal(), {measure: value + noise * RNG.normal()})
        for number, (value, error) in enumerate(pairs)
        for seed in range(3)
    ]
    return Findings({measure: ""}, cells)


def test_what_rises_with_the_error_has_a_correlation_of_one_and_is_told_from_none():
    (found,) = associations(findings([(x, x**3) for x in range(12)], noise=0.01))
    assert (found.rho, found.high, found.methods, found.cells) == (pytest.approx(1), pytest.approx(1), 12, 36)
    assert found.low > 0.9
    assert found.tells


def test_what_has_nothing_to_do_with_the_error_has_an_interval_around_zero():
    (found,) = associations(findings(RNG.normal(size=(12, 2))))
    assert found.low < 0 < found.high
    assert not found.tells


def test_of_a_metric_that_is_better_when_higher_the_error_is_its_negative():
    (found,) = associations(findings([(x, x) for x in range(8)], metric="pearson"))
    assert found.rho == pytest.approx(-1)


def test_over_seeds_only_what_differs_from_the_methods_mean_counts():
    # error falls with the measure within each method, and rises with it from method to method
    cells = [
        Cell("circle", f"m{number}", seed, "mse", number - seed / 8, {"spread": number + seed / 8})
        for number in range(6)
        for seed in range(3)
    ]
    made = Findings({"spread": ""}, cells)
    rho = {over: associations(made, over)[0].rho for over in ("methods", "cells", "seeds")}
    assert (rho["methods"], rho["seeds"]) == pytest.approx((1, -1))
    assert 0.9 < rho["cells"] < 1


def test_datasets_together_have_the_mean_of_their_correlations():
    one, other = findings([(x, x) for x in range(8)]), findings([(x, -x) for x in range(8)], "torus")
    found = {a.dataset: a for a in associations(Findings(one.measures, one.cells + other.cells))}
    assert [found[name].rho for name in ("circle", "torus", ALL)] == pytest.approx([1, -1, 0])
    assert found[ALL].cells == 48
    assert found[ALL].methods == 8


def test_fewer_than_four_methods_and_values_that_are_missing_say_nothing():
    assert associations(findings([(x, x) for x in range(3)])) == []
    made = findings([(x, x) for x in range(6)])
    cells = [cell if cell.method != "m0" else Cell(**{**vars(cell), "values": {"spread": None}}) for cell in made.cells]
    (found,) = associations(Findings(made.measures, cells))
    assert found.methods == 5


def test_a_measure_that_is_the_same_for_all_has_no_correlation_and_is_shown_as_a_hole():
    found = associations(findings([(1.0, x) for x in range(6)]))
    assert np.isnan(found[0].rho)
    assert "–" in as_table(found)


def test_the_table_has_a_row_a_measure_in_bold_where_the_interval_excludes_zero():
    text = as_table(associations(findings([(x, x) for x in range(9)])))
    assert "| spread" in text
    assert "**+1.00**" in text
