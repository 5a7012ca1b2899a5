"""What datasets and methods say of themselves, as plain data; answers are remembered, so that torch can wait.

Nothing heavy is imported before an answer has to be worked out.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from functools import cache, partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.data import stamps
from bench.errors import BenchError, BrokenPlugin
from bench.memory import remembered
from bench.plugins import described, health
from bench.plugins.discovery import KINDS
from bench.runs.plan import Wanted

if TYPE_CHECKING:
    from bench.dataset import Splits
    from bench.plugins.resolve import NamedDataset

SMALL, KEPT = 2**26, 2**28  # bytes: a dataset that is kept in memory is smaller, and so are all that are kept
DRAWN_BY = ("numpy", "scipy", "scikit-learn", "torch", "pillow")  # what makes or decodes data beside our own code

_small: dict[str, "Splits"] = {}


def describe(dataset: str) -> dict[str, Any]:
    """What the board of a dataset must know of it: the fields of a BoardSpec but its regions.

    Raises:
        BenchError: there is no such dataset.
    """
    return _remembered("describe", [dataset], lambda: _describe(dataset))


def config_today(dataset: str, method: str, overrides: Mapping[str, Any]) -> dict[str, Any] | None:
    """What a row of results would be configured as by today's code; None where it has no such row."""

    def compute() -> dict[str, Any] | None:
        from bench.runs import cells

        return cells.config_today(dataset, method, dict(overrides))

    return _remembered("config", [dataset, method, dict(overrides)], compute)


def wanted(methods: str, datasets: str, overrides: Mapping[str, Any]) -> list[Wanted]:
    """Each method on each dataset of two comma-separated lists.

    Raises:
        BenchError: a name, parameter or override does not exist, or nothing is left.
    """

    def compute() -> list[dict[str, Any]]:
        from bench.runs import cells, select

        return [asdict(one) for one in cells.wanted(select.rows(methods, datasets, overrides), overrides)]

    return [Wanted(**one) for one in _remembered("wanted", [methods, datasets, dict(overrides)], compute)]


def fingerprints(datasets: Iterable[str], root: Path) -> dict[str, str]:
    """SHA-256 of the data of each dataset below a data root; worked out again once a file was touched there.

    Raises:
        BenchError: files are missing or wrong.
    """
    names = list(dict.fromkeys(datasets))

    @cache
    def checked() -> dict[str, Any]:
        from bench.plugins import resolve
        from bench.runs import cells

        found = [resolve.dataset(name) for name in names]
        cells.require_data(found, root)
        return {on.name: on for on in found}

    def fingerprint(name: str) -> str:
        return _load(name, checked()[name], root).fingerprint()

    return {name: remembered("fingerprint", _state_of_data(name, root), partial(fingerprint, name)) for name in names}


def fingerprints_or_reasons(datasets: Iterable[str], root: Path) -> tuple[dict[str, str], dict[str, str]]:
    """The fingerprints, and why each dataset that is broken cannot be loaded; of several the others go on.

    Raises:
        BenchError: files are missing or wrong, or the only dataset is broken.
    """
    names = list(dict.fromkeys(datasets))
    try:
        return fingerprints(names, root), {}
    except BrokenPlugin:
        if len(names) == 1:
            raise
    found, broken = dict[str, str](), dict[str, str]()
    for name in names:
        try:
            found |= fingerprints([name], root)
        except BrokenPlugin as error:
            broken[name] = error.reason
    return found, broken


def data_or_reason(dataset: str, root: Path) -> tuple[str | None, str]:
    """The fingerprint of a dataset's data below a data root; None, and why, where they are not as they should be.

    The reason too is remembered, so that readers without data need not wait for torch each time.
    """

    def compute() -> list[str | None]:
        try:
            return [fingerprints([dataset], root)[dataset], ""]
        except BenchError as error:
            return [None, str(error)]

    found, reason = remembered("data", _state_of_data(dataset, root), compute)
    return found, reason


def splits(dataset: str, root: Path) -> "Splits":
    """The splits of a dataset, for whoever looks at its labels again and again: small ones are kept.

    Raises:
        BenchError: files are missing or wrong.
    """
    from bench.plugins import resolve

    kept = _small.get(json.dumps(_state_of_data(dataset, root)))
    return _load(dataset, resolve.dataset(dataset), root) if kept is None else kept


def _load(name: str, on: "NamedDataset", root: Path) -> "Splits":
    from bench.runs import cells

    made = cells.load(on, root)
    if _size(made) < SMALL:
        _small[json.dumps(_state_of_data(name, root))] = made
        while sum(map(_size, _small.values())) > KEPT:
            del _small[next(iter(_small))]  # the oldest
    return made


def _size(splits: "Splits") -> int:
    held = [part for split in (splits.train, splits.val, splits.test) for part in (split.x, split.labels)]
    return sum(getattr(part, "nbytes", SMALL) for part in held)  # what lies on the disk has none


def _state_of_data(dataset: str, root: Path) -> list[Any]:
    versions = [_version(package) for package in DRAWN_BY]
    if own := described.states(dataset.partition("[")[0]):
        return [dataset, own, versions]
    return [dataset, str(root.absolute()), stamps.stamp(root, _patterns(dataset)), versions]


class _Doubtful(Exception):
    """An answer that is not to be kept."""


def _remembered(name: str, arguments: Any, compute: Callable[[], Any]) -> Any:
    # what was found while a plug-in was broken may be mended by what is no source, such as a package that was missing
    def kept() -> Any:
        answer = compute()
        if any(health.broken(kind) for kind in KINDS):
            raise _Doubtful(answer)
        return answer

    try:
        # what is asked may be of a dataset that only a description says
        return remembered(name, [*arguments, *described.states()], kept)
    except _Doubtful as doubt:
        return doubt.args[0]


def _patterns(dataset: str) -> list[str]:
    def compute() -> list[str]:
        from bench.plugins import resolve

        return stamps.patterns(resolve.dataset(dataset).dataset)

    return remembered("patterns", [dataset], compute)


@cache
def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"


def _describe(dataset: str) -> dict[str, Any]:
    from bench import plugins
    from bench.plugins.certificates import certificate
    from bench.runs import select, tuned

    ((on, methods),) = select.rows("all", dataset, {})
    ((_, references),) = select.rows("references", dataset, {})
    reasons = {method.name: method.refusal(on.dataset) for method in methods}
    apart = {reference.name: reference.refusal(on.dataset) for reference in references}
    sources = [source for source in plugins.sources("method") if not source.reference]
    said = plugins.source("dataset", on.base).title, on.dataset.note, tuned.note(on.name, on.dataset, on.protocol)
    return {
        "dataset": on.name,
        "title": on.name,
        "what": " ".join(filter(None, said)),
        "unit": on.dataset.unit,
        "metrics": list(on.dataset.metrics),
        "synthetic": on.dataset.synthetic,
        "methods": [method for method, reason in reasons.items() if reason is None],
        "references": [reference for reference, reason in apart.items() if reason is None],
        "one_seed": [reference.name for reference in references if reference.has_one_seed],
        "refused": {row: reason for row, reason in {**reasons, **apart}.items() if reason is not None},
        "reported": on.dataset.reported,
        "reported_note": on.dataset.reported_note,
        "certificates": {source.name: [*certificate(source.name), source.differs] for source in sources},
        "findings": {source.name: source.found for source in sources if source.found},
    }
