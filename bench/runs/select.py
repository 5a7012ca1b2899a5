"""From the lists of names on the command line to methods on datasets."""

from collections.abc import Iterator, Mapping
from typing import Any

from bench import plugins
from bench.errors import BenchError
from bench.leaderboard.published import published_rows
from bench.names import parse_stack, split_list
from bench.plugins import health, lookup, resolve
from bench.plugins.resolve import NamedDataset, NamedMethod

Rows = list[tuple[NamedDataset, list[NamedMethod]]]


def rows(methods: str, datasets: str, overrides: Mapping[str, Any], small: bool = False) -> Rows:
    """Each dataset, or its small source, with the methods asked for; every name checked and none twice."""
    names = lookup.dataset_names(datasets)
    named = [resolve.dataset(small_name(name) if small else name, overrides) for name in names]
    chosen = {on.name: on for on in named}.values()
    found = [(on, list(_methods(methods, on))) for on in chosen]
    if not any(made for _, made in found):
        raise BenchError(f"the papers report no stack on {datasets}; name the stacks, e.g. --method mt+rot_reg")
    return [(on, list({method.name: method for method in made}.values())) for on, made in found]


def all_method_names(methods: str, datasets: str) -> list[str]:
    """Every method that a list stands for on any of some datasets."""
    found = (name for on in lookup.dataset_names(datasets) for name in method_names(methods, resolve.dataset(on)))
    return list(dict.fromkeys(found))


def small_name(name: str) -> str:
    """The small generated source of a dataset, else its offline one; itself where it is generated anyway."""
    on = resolve.dataset(name)
    return on.dataset.small or (on.dataset.offline if on.dataset.files else "") or name


def method_names(text: str, on: NamedDataset) -> list[str]:
    """Names of a comma-separated list, each once.

    `singles`, `all-stacks` and `all`, which is both, stand for several methods, `references` for all references.
    What is broken is in none of them.
    """
    lookup.check_methods(text)
    items = dict.fromkeys(split_list(text))
    groups = _groups(on) if items.keys() & set(lookup.METHOD_GROUPS) else {}
    return list(dict.fromkeys(name for item in items for name in groups.get(item, [item])))


def _groups(on: NamedDataset) -> dict[str, list[str]]:
    references = [name for name in health.sound("method") if name in plugins.references()]
    singles = [name for name in health.sound("method") if name not in references]
    stacks = [stack for stack in reported_stacks(on) if all(part.base in singles for part in parse_stack(stack))]
    return dict(zip(lookup.METHOD_GROUPS, (singles, stacks, singles + stacks, references), strict=True))


def _methods(text: str, on: NamedDataset) -> Iterator[NamedMethod]:
    written = set(split_list(text))
    for name in method_names(text, on):
        yield resolve.method(name, on) if name in written else resolve.method_or_reason(name, on)


def reported_stacks(on: NamedDataset) -> list[str]:
    """The stacks that the papers report on a dataset, or on another draw of it."""
    found = published_rows(type(on.dataset).reported or "")
    return sorted({row.method for row in found if row.method and "+" in row.method})
