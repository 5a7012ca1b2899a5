"""Where each value of each method is from."""

import pytest

from bench import plugins
from bench.plugins import resolve


@pytest.mark.parametrize("name", sorted(plugins.modules("method")))
def test_every_value_of_every_method_says_where_it_is_from(name):
    for dataset in plugins.modules("dataset"):
        on = resolve.dataset(dataset)
        for key in dict(resolve.method(name, on).parts)[name]:
            assert resolve.origin(name, on, key) != "not stated", (dataset, key)


def test_searched_values_name_the_search_as_their_origin():
    circle = resolve.dataset("circle")
    assert resolve.origin("ranksim", circle, "weight") == "our search"
    assert resolve.origin("oe", circle, "weight") == "code"
    assert resolve.method("ranksim", circle).name == "ranksim"
    assert resolve.method("ranksim", circle, searched=False).parts[0][1]["weight"] == 100
