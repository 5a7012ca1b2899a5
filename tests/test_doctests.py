import doctest
from importlib import import_module

import pytest


@pytest.mark.parametrize(
    "module", ["metrics", "shots", "functional.smoothing", "leaderboard.format", "leaderboard.published"]
)
def test_the_examples_in_docstrings_hold(module):
    result = doctest.testmod(import_module(f"bench.{module}"))
    assert result.attempted > 0
    assert result.failed == 0
