"""From the lists of names on the command line to methods on datasets."""

from collections.abc import Mapping
from typing import Any

from bench import plugins
from bench.errors import BenchError
from bench.leaderboard.published import published_rows
from bench.names import split_list
from bench.plugins import lookup, resolve
from bench.plugins.resolve import NamedDataset, NamedMethod

Rows = list[tuple[NamedDataset, list[NamedMethod]]]


def rows(methods: str, datasets: str, overrides: Mapping[str, Any], small: bool = False) -> Rows:
    """Each dataset, or its small source, with the methods asked for; every name checked and none twice."""
    names = lookup.dataset_names(datasets)
    named = [resolve.dataset(small_name(name) if small else name, overrides) for name in names]
    chosen = {on.name: on for on in named}.values()
    found = [(on, [resolve.method(text, on) for text in method_names(methods, on)]) for on in chosen]
    if not any(made for _, made in found):
        raise BenchError(f"the papers report no stack on {datasets}; name the stacks, e.g. --method mt+rot_reg")
    return [(on, list({method.name: method for method in made}.values())) for on, made in found]


def small_name(name: str) -> str:
    """The small generated source of a dataset, else its offline one; itself where it is generated anyway."""
    on = resolve.dataset(name)
    return on.dataset.small or (on.dataset.offline if on.dataset.files else "") or name


def method_names(text: str, on: NamedDataset) -> list[str]:
    """Names of a comma-separated list; `singles`, `all-stacks` and `all`, which is both, stand for several."""
    lookup.check_methods(text)
    singles, stacks = sorted(plugins.modules("method")), reported_stacks(on)
    groups = dict(zip(lookup.METHOD_GROUPS, (singles, stacks, singles + stacks), strict=True))
    return [name for item in split_list(text) for name in groups.get(item, [item])]


def reported_stacks(on: NamedDataset) -> list[str]:
    """The stacks that the papers report on a dataset, or on another draw of it."""
    found = published_rows(type(on.dataset).reported or "")
    return sorted({row.method for row in found if row.method and "+" in row.method})
