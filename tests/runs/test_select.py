"""Lists of methods, and what they stand for."""

import pytest

from bench import plugins
from bench.errors import BenchError
from bench.plugins import resolve
from bench.runs import select


def test_lists_of_methods_stand_for_singles_and_the_stacks_that_papers_report():
    singles = plugins.methods()
    for text in ("circle", "torus[draw=3]"):
        on = resolve.dataset(text)
        assert select.method_names("singles", on) == singles
        assert select.method_names("all-stacks", on) == ["mt+rot_reg"]
        assert select.method_names("all", on) == [*singles, "mt+rot_reg"]
    assert select.method_names("all", resolve.dataset("abalone")) == singles
    references = select.method_names("references,linear", resolve.dataset("abalone"))
    assert references == plugins.references() == ["constant", "forest", "knn", "linear", "trees"]
    assert not set(references) & set(singles)
    with pytest.raises(BenchError, match="no stack on abalone"):
        select.rows("all-stacks", "abalone", {})
