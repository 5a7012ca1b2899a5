"""Names as users write them: groups expanded and wrong names refused, from the plug-ins' sources alone.

Nothing here imports torch, so that a wrong name is answered at once.
"""

from bench.errors import BenchError, unknown
from bench.names import Name, parse, parse_stack, split_list
from bench.plugins.discovery import Kind, modules
from bench.plugins.parameters import parameters
from bench.plugins.source_text import sources

METHOD_GROUPS: tuple[str, ...] = ("singles", "all-stacks", "all")  # every method, every reported stack, both


def dataset_groups() -> dict[str, list[str]]:
    """The words that stand for several datasets, and those datasets."""
    groups: dict[str, list[str]] = {"all": sorted(modules("dataset"))}
    for source in sources("dataset"):
        for group in source.groups:
            groups.setdefault(group, []).append(source.name)
    return groups


def dataset_names(text: str) -> list[str]:
    """Names of a comma-separated list, each once; `all` and the groups stand for several datasets.

    Raises:
        BenchError: the list is empty, or a name or parameter does not exist.
    """
    groups = dataset_groups()
    names = list(dict.fromkeys(name for item in split_list(text) for name in groups.get(item, [item])))
    if not names:
        raise BenchError("no dataset given; write --dataset NAME,NAME or --dataset all")
    for name in names:
        check_dataset(name)
    return names


def check(methods: str, datasets: str) -> None:
    """Refuse lists of methods and of datasets with a name or parameter that does not exist."""
    check_methods(methods)
    dataset_names(datasets)


def check_methods(text: str) -> None:
    """Refuse a comma-separated list of methods, stacks and groups with a name or parameter that does not exist."""
    items = split_list(text)
    if not items:
        raise BenchError("no method given; write --method NAME,NAME or --method all")
    for item in items:
        if item not in METHOD_GROUPS:
            check_method(item)


def check_method(text: str) -> None:
    """Refuse a method or stack with a name or parameter that does not exist."""
    for name in parse_stack(text):
        _check("method", name)


def check_dataset(text: str) -> None:
    """Refuse a dataset with a name or parameter that does not exist."""
    _check("dataset", parse(text))


def check_any(text: str) -> None:
    """Refuse what is neither a method, a stack nor a dataset, and a parameter that does not exist."""
    names = parse_stack(text)
    for name in names:
        if len(names) == 1 and name.base in modules("dataset"):
            _check("dataset", name)
        elif name.base not in modules("method"):
            raise unknown("method or dataset", name.base, [*modules("method"), *modules("dataset")])
        else:
            _check("method", name)


def _check(kind: Kind, name: Name) -> None:
    if name.base not in modules(kind):
        raise unknown(kind, name.base, modules(kind))
    known = parameters(kind, name.base) if name.params else None
    for key, _ in name.params:
        if known is not None and key not in known:
            listed = ", ".join(f"{k}={default}" if default else k for k, default in known.items()) or "none"
            raise BenchError(f"'{name.base}' has no parameter '{key}'; there are: {listed}")
