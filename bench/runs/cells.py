"""From methods on datasets to cells: what each is configured as, and the data that it trains on."""

import json
from collections import ChainMap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from bench import plugins
from bench.data import encoders, files
from bench.dataset import Splits
from bench.described.base import DescribedDataset
from bench.errors import BenchError, BrokenPlugin
from bench.plugins import resolve
from bench.plugins.loading import running
from bench.results.key import key_of
from bench.runs.plan import Cell, Plan, Wanted, compare
from bench.runs.select import Rows


def make(
    on: resolve.NamedDataset, method: resolve.NamedMethod, seed: int, fingerprint: str, overrides: Mapping[str, Any]
) -> Cell:
    """Resolve one cell."""
    config = config_of(on, method, overrides)
    return Cell(on.name, method.name, seed, config, fingerprint, key_of(config, seed, fingerprint))


def dataset_part(on: resolve.NamedDataset) -> dict[str, Any]:
    """What a configuration says of its dataset, as JSON has it."""
    part = {"name": on.base, "params": on.params, "digest": plugins.digest("dataset", on.base)}
    if isinstance(on.dataset, DescribedDataset):
        part["description"] = on.dataset.resolved
    return json.loads(json.dumps(part))


def config_of(on: resolve.NamedDataset, method: resolve.NamedMethod, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that can move a cell's numbers but its seed and its data, as JSON has it.

    No protocol trains a reference, so that it has none.
    """
    alone = method.is_reference
    config = {
        "dataset": dataset_part(on),
        "method": [
            {"name": base, "params": params, "digest": plugins.digest("method", base)} for base, params in method.parts
        ],
        "protocol": {} if alone else asdict(on.protocol),
        "overrides": {} if alone else dict(overrides),
        "numerics": _numerics(on, method),
    }
    return json.loads(json.dumps(config))


def config_today(dataset: str, method: str, overrides: Mapping[str, Any]) -> dict[str, Any] | None:
    """What a row of results would be configured as by today's code; None where it has no such row."""
    try:
        on = resolve.dataset(dataset, overrides)
        return config_of(on, resolve.method(method, on), overrides)
    except BenchError:
        return None


def _numerics(on: resolve.NamedDataset, method: resolve.NamedMethod) -> dict[str, int]:
    parts = [plugins.numerics("method", base) for base, _ in method.parts]
    merged = ChainMap(plugins.numerics("dataset", on.base), *parts)
    return {group: merged[group] for group in sorted(merged)}


def plan(
    rows: Rows,
    seeds: Sequence[int],
    overrides: Mapping[str, Any],
    results: Path,
    root: Path,
    retry: frozenset[str] = frozenset(),
    rerun_stale: bool = False,
) -> Plan:
    """Resolve the cells of some methods on each dataset and compare them with the records that are there."""
    require_data([on for on, _ in rows], root)
    fingerprints, lengths = dict[str, str](), dict[str, int]()
    broken: dict[str, str] = {}
    for on, methods in rows:
        try:
            splits = load(on, root)
        except BrokenPlugin as error:  # of several datasets the others go on
            if len(rows) == 1:
                raise
            broken[on.name] = error.reason
        else:
            _require_starts(on, methods, splits)
            fingerprints[on.name], lengths[on.name] = splits.fingerprint(), len(splits.train)
    made = compare(wanted(rows, overrides), fingerprints, seeds, results, retry, rerun_stale, broken)
    return replace(made, rows=lengths)


def _require_starts(on: resolve.NamedDataset, methods: Sequence[resolve.NamedMethod], splits: Splits) -> None:
    # what no seed could start from is refused before any does
    parts = [params for method in methods for base, params in method.parts if base == "pretrained"]
    if starts := {params["init"] for params in parts if params["init"]}:
        with torch.random.fork_rng(devices=[]):
            encoder, _ = on.dataset.encoder(splits)
        for name in sorted(starts):
            encoders.fill(encoder, name)


def wanted(rows: Rows, overrides: Mapping[str, Any]) -> Iterator[Wanted]:
    """Each method on each dataset as plain data."""
    for on, methods in rows:
        for method in methods:
            reason = method.refusal(on.dataset)
            config = {} if reason else config_of(on, method, overrides)
            yield Wanted(on.name, method.name, config, reason, method.has_one_seed)


def load(on: resolve.NamedDataset, root: Path) -> Splits:
    """The splits of a dataset whose files have been checked."""
    files.verify(on.dataset, root, on.name)
    with running("dataset", on.base, "loading it"):
        return on.dataset.load(root)


def require_data(chosen: Sequence[resolve.NamedDataset], root: Path) -> None:
    """Raise a BenchError that names all datasets without their files at once, so that a long list is mended once."""
    problems = []
    for on in chosen:
        try:
            files.verify(on.dataset, root, on.name)
        except BenchError as error:
            problems.append((on.name, error))
    if len(problems) == 1:
        raise problems[0][1]
    if problems:
        lacking = {name for name, _ in problems}
        ready = ",".join(on.name for on in chosen if on.name not in lacking) or "none"
        raise BenchError(
            f"{problems[0][1]} (also missing: {', '.join(sorted(lacking - {problems[0][0]}))}; ready: {ready})"
        )
