"""Names as users write them: groups expanded and wrong names refused, from the plug-ins' sources alone.

Nothing here imports torch, so that a wrong name is answered at once.
"""

from bench.errors import BenchError, unknown
from bench.names import Name, parse, parse_stack, split_list
from bench.plugins import described, health
from bench.plugins.discovery import KINDS, Kind, modules
from bench.plugins.health import require_sound
from bench.plugins.parameters import parameters
from bench.plugins.source_text import sources

# every method, every reported stack, both; and what they are measured by
METHOD_GROUPS: tuple[str, ...] = ("singles", "all-stacks", "all", "references")


def dataset_groups() -> dict[str, list[str]]:
    """The words that stand for several datasets, and those datasets."""
    groups: dict[str, list[str]] = {"all": sorted(modules("dataset"))}
    for source in sources("dataset"):
        for group in source.groups:
            if group not in modules("dataset"):  # a plug-in's name is its own
                groups.setdefault(group, []).append(source.name)
    return groups


def dataset_names(text: str) -> list[str]:
    """Names of a comma-separated list, each once; `all` and the groups stand for several datasets, the broken left out.

    Raises:
        BenchError: the list is empty, or a name or parameter does not exist.
    """
    groups, items = dataset_groups(), list(dict.fromkeys(split_list(text)))
    if not items:
        raise BenchError("no dataset given; write --dataset NAME,NAME or --dataset all")
    for item in items:
        if item not in groups:
            check_dataset(item)
    usable = set(health.sound("dataset")) if groups.keys() & set(items) else set()
    found = ([name for name in groups[item] if name in usable] if item in groups else [item] for item in items)
    return list(dict.fromkeys(name for names in found for name in names))


def left_out(methods: str, datasets: str) -> list[str]:
    """A line for each broken plug-in that a word for several in two lists would stand for."""
    several = {"method": METHOD_GROUPS, "dataset": tuple(dataset_groups())}
    asked = {"method": split_list(methods), "dataset": split_list(datasets)}
    return health.left_out(kind for kind in KINDS if set(several[kind]) & set(asked[kind]))


def check(methods: str, datasets: str) -> None:
    """Refuse lists of methods and of datasets with a name or parameter that does not exist."""
    check_methods(methods)
    dataset_names(datasets)


def check_methods(text: str) -> None:
    """Refuse a comma-separated list of methods, stacks and groups with a name or parameter that does not exist."""
    items = split_list(text)
    if not items:
        raise BenchError("no method given; write --method NAME,NAME or --method all")
    for item in dict.fromkeys(items):
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
        if len(names) == 1 and (name.base in modules("dataset") or described.find(name.base)):
            _check("dataset", name)
        elif name.base not in {**modules("method"), **modules("method").refused}:
            raise unknown("method or dataset", name.base, [*modules("method"), *modules("dataset")])
        else:
            _check("method", name)


def _check(kind: Kind, name: Name) -> None:
    require_sound(kind, name.base)
    known = parameters(kind, name.base) if name.params else None
    for key, _ in name.params:
        if known is not None and key not in known:
            listed = ", ".join(f"{k}={default}" if default else k for k, default in known.items()) or "none"
            raise BenchError(f"'{name.base}' has no parameter '{key}'; there are: {listed}")
