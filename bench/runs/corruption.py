"""`bench analyse corruption`: the test error of saved models under common corruptions of the pictures.

As Zha et al., Rank-N-Contrast, NeurIPS 2023, test robustness: models trained on clean pictures meet test pictures that
are corrupted in 15 ways at 5 severities each (`bench.data.corruptions`); errors are averaged over corruptions.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from pathlib import Path

import numpy as np
import torch

from bench.data import corruptions
from bench.dataset import Split
from bench.errors import BenchError
from bench.leaderboard.staleness import stale_cells
from bench.plugins import resolve
from bench.results.equivalence import Equivalences
from bench.results.record import Record
from bench.runs import catalogue, cells
from bench.runs.analyse import records_of
from bench.runs.restoring import path_of, require_same, restored
from bench.runs.robustness import CLEAN, Cell, Robustness
from bench.training import evaluate
from bench.training.model import Model

Report = Callable[[int, int], object]  # of steps that are done, and of all


def analyse(
    results: Path,
    root: Path,
    dataset: str | None = None,
    method: str | None = None,
    rows: int = 1000,
    device: str = "cpu",
    report: Report = lambda *_: None,
) -> Robustness:
    """Errors of the records that have a saved model, clean and under each corruption at each severity.

    Args:
        root: of the data.
        dataset, method: this one alone.
        rows: at most so many of a test split.
        device: a torch device.
        report: is told how far it is.

    Raises:
        BenchError: no record has a model, its pictures cannot be corrupted, or the package or the data is missing.
    """
    named = corruptions.names()
    records = records_of(results, dataset, method)
    saved = [record for record in records if path_of(results, record).is_file()]
    if not saved:
        raise BenchError(f"no record in {results} has a saved model; train some with bench run --save-models all")
    stale = stale_cells(saved, Equivalences.read(results), catalogue.config_today)
    made = Robustness(named)
    if stale:
        made.left_out.append(f"{len(stale)} records are stale, and left out: other code, data or settings gave them")
    groups = [list(own) for _, own in groupby((one for one in saved if one.cell not in stale), _ground)]
    steps = len(named) * len(corruptions.SEVERITIES)
    for number, own in enumerate(groups):
        told = partial(lambda before, done: report(before + done, len(groups) * steps), number * steps)
        _measure(made, results, root, own, rows, device, told)
    return made


def _ground(record: Record) -> tuple[str, str]:
    return record.dataset, json.dumps(record.config["overrides"], sort_keys=True)


def _measure(
    made: Robustness,
    results: Path,
    root: Path,
    records: Sequence[Record],
    most: int,
    device: str,
    report: Callable[[int], object],
) -> None:
    on = resolve.dataset(records[0].dataset, records[0].config["overrides"])
    splits = cells.load(on, root)
    chosen = np.sort(np.random.default_rng(0).permutation(len(splits.test))[:most])
    clean = _part(splits.test, torch.from_numpy(chosen))
    _require_pictures(on.name, clean)
    metric = on.dataset.metrics[0]

    def error(model: Model, split: Split) -> float:
        return evaluate.value(metric, on.dataset, splits.reference_labels(), split, model.predict(split))

    models: list[tuple[Cell, Model]] = []
    for record in records:
        try:
            model = restored(results, record, on, splits, torch.device(device))
            require_same(results, record, model, clean, chosen)
        except BenchError as problem:
            made.left_out.append(f"left out {record.cell}: {problem}")
            continue
        values = {CLEAN: [error(model, clean)]}
        models.append((Cell(record.dataset, record.method, record.seed, metric, values), model))
    made.cells += [cell for cell, _ in models]
    if not models:
        return
    spoiling = corruptions.each(np.asarray(clean.x), chosen.tolist())
    for done, (name, _, pictures) in enumerate(spoiling, 1):
        spoiled = replace(clean, x=torch.from_numpy(pictures))
        for cell, model in models:
            cell.errors.setdefault(name, []).append(error(model, spoiled))
        report(done)


def _part(split: Split, rows: torch.Tensor) -> Split:
    mask = None if split.mask is None else split.mask[rows]
    return Split(split.x[rows], split.labels[rows], mask)


def _require_pictures(name: str, split: Split) -> None:
    x = split.x[:1]
    if x.dtype != torch.uint8 or x.dim() != 4 or x.shape[1] not in (1, 3):
        raise BenchError(f"the inputs of {name} are no pictures, so that none can be corrupted")
    if min(x.shape[-2:]) < corruptions.SMALLEST:
        size = "x".join(map(str, x.shape[-2:]))
        raise BenchError(f"pictures of {name} have {size} pixels; corruptions need {corruptions.SMALLEST} a side")
