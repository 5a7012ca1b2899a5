"""What a shell offers for the names of methods and datasets, from the plug-ins' sources alone."""

from collections.abc import Iterator

from bench import plugins
from bench.plugins import lookup

Offers = list[tuple[str, str]]  # what is offered, and a few words on it

_METHOD_WORDS = ("every method", "stacks that papers report", "both", "what methods are measured by")
_METHOD_GROUPS = dict(zip(lookup.METHOD_GROUPS, _METHOD_WORDS, strict=True))


def methods(incomplete: str) -> Offers:
    """Methods and groups, for the last name of a list or stack."""
    sources = list(plugins.sources("method"))
    known = [(source.name, source.title) for source in sources]
    if "+" in incomplete.rpartition(",")[2]:
        return _last(incomplete, [(source.name, source.title) for source in sources if not source.reference])
    return _last(incomplete, [*known, *_METHOD_GROUPS.items()])


def datasets(incomplete: str) -> Offers:
    """Datasets and groups, for the last name of a list."""
    groups = {name: ", ".join(members) for name, members in lookup.dataset_groups().items()}
    return _last(incomplete, [*_datasets(), *groups.items()])


def dataset(incomplete: str) -> Offers:
    """One dataset."""
    return _last(incomplete, list(_datasets()))


def anything(incomplete: str) -> Offers:
    """Methods and datasets."""
    return [
        *_last(incomplete, [(source.name, source.title) for source in plugins.sources("method")]),
        *dataset(incomplete),
    ]


def _datasets() -> Iterator[tuple[str, str]]:
    return ((source.name, source.title) for source in plugins.sources("dataset"))


def _last(incomplete: str, known: Offers) -> Offers:
    # what stands before the last comma or plus stays as it is
    begun = max(incomplete.rfind(","), incomplete.rfind("+")) + 1
    return [(incomplete[:begun] + name, words) for name, words in known if name.startswith(incomplete[begun:])]
