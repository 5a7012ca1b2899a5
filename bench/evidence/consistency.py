"""Whether the numbers of one record agree with each other, and with what its method and protocol would do."""

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import groupby, pairwise

from bench.evidence.facts import Facts, StageFacts
from bench.evidence.measured import SECOND, Found, of_measurements
from bench.metrics import METRICS
from bench.results.record import Epoch, Record, Region

TOLERANCE = 1e-9  # relative; the same float64 sums on another processor
MEANS = ("mae", "mse", "abs_rel", "lg10", "angular", "delta1", "delta2", "delta3", "nll", "crps", "coverage90")


def agree(one: float | None, other: float | None, tolerance: float = TOLERANCE) -> bool:
    """Whether two values are equal within the tolerance; no value agrees with no value alone."""
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=tolerance, abs_tol=1e-12)


def of_record(record: Record, facts: Facts | None) -> Found:
    """What does not fit in a finished record."""
    for split, regions in record.metrics.items():
        yield from (("metrics", f"{split}: {text}") for text in _of_metrics(regions))
    if facts is not None and facts.counts is not None:
        counts = {region: values["n"] for region, values in record.metrics["val"].items()}
        if counts != facts.counts:
            yield "metrics", f"val: n of its regions is {counts}, the labels give {dict(facts.counts)}"
    exact = [split for split, regions in record.metrics.items() if regions["all"].get("mae") == 0]
    if exact == ["test"] and not record.is_reference:  # which may have seen the very rows
        yield "metrics", "test: its predictions are the labels, and those of validation are not"
    yield from (("predictions", text) for text in _of_columns(record, facts))
    yield from of_measurements(record, facts)
    yield from (("history", text) for text in _of_history(record, facts))
    yield from (("selection", text) for text in _of_selection(record, facts))


def _of_metrics(regions: dict[str, Region]) -> Iterator[str]:
    whole, parts = regions["all"], [values for region, values in regions.items() if region != "all"]
    shared = {name for name in whole if name not in METRICS or not METRICS[name].given}
    if any(shared != values.keys() for values in parts if values["n"]):
        yield "its regions have unlike metrics"
    if parts and sum(_n(values) for values in parts) != _n(whole):
        yield "n of the regions does not sum up to n of all"
    for name in [*MEANS, "rmse", "gmean_error"]:
        if parts and name in whole and not _is_mean(name, whole, parts):
            yield f"{name} of all is not that of the regions together"
    for values in regions.values():
        mae, mse, rmse, gmean = (values.get(name) for name in ("mae", "mse", "rmse", "gmean_error"))
        if mse is not None and rmse is not None and not agree(mse, rmse**2):
            yield "mse is not the square of rmse"
        ordered = [value for value in (gmean, mae, math.sqrt(mse) if mse is not None else rmse) if value is not None]
        if any(low > high * (1 + TOLERANCE) for low, high in pairwise(ordered)):
            yield "the means of its errors are out of order"
    balanced, squared = (whole.get(f"balanced_{name}") for name in ("mae", "mse"))
    if balanced is not None and squared is not None and balanced**2 > squared * (1 + TOLERANCE):
        yield "the means of its errors over bins are out of order"


def _n(values: Region) -> int:
    return int(values["n"] or 0)


def _is_mean(name: str, whole: Region, parts: Sequence[Region]) -> bool:
    shares = [(_n(values), values.get(name)) for values in parts if values["n"]]
    together = whole[name]
    if together is None or any(value is None for _, value in shares):
        return True  # no value has no sum
    known = [(n, value) for n, value in shares if value is not None]
    if name == "gmean_error":
        if not together or not all(value for _, value in known):
            return not together and not all(value for _, value in known)
        together, known = math.log(together), [(n, math.log(value)) for n, value in known]
    elif name == "rmse":
        together, known = together**2, [(n, value**2) for n, value in known]
    mean = math.fsum(n * value for n, value in known) / max(sum(n for n, _ in known), 1)
    return math.isclose(mean, together, rel_tol=TOLERANCE, abs_tol=TOLERANCE)


def _of_columns(record: Record, facts: Facts | None) -> Iterator[str]:
    kept = record.predictions
    if kept is None:
        return
    if kept.val is not None and kept.val.columns.keys() != kept.columns.keys():
        yield "both splits have the same columns"
    if facts is not None and bool(kept.columns) != facts.columns:
        yield f"its method predicts {'more columns than' if facts.columns else 'no columns besides'} the mean"


def _of_history(record: Record, facts: Facts | None) -> Iterator[str]:
    rows, timing = record.history, record.timing
    if not rows:
        if not record.is_reference or (facts is not None and facts.stages):
            yield "it has none"
        return
    times = [row.seconds for row in rows]
    times += [time for time in (timing.train_s, timing.wall_s) if time is not None]
    if any(later < earlier - SECOND for earlier, later in pairwise(times)):
        yield "its seconds do not ascend to those of the training and of the whole cell"
    if any(row.loss is None for row in rows):
        yield "an epoch has no loss"
    stages = [(name, list(own)) for name, own in groupby(rows, key=lambda row: row.stage)]
    if facts is None:
        return
    if [name for name, _ in stages] != [stage.name for stage in facts.stages]:
        yield f"its stages are {_names(name for name, _ in stages)}, not {_names(one.name for one in facts.stages)}"
        return
    for (_, own), stage in zip(stages, facts.stages, strict=True):
        yield from _of_stage(own, stage)


def _names(stages: Iterator[str | None]) -> str:
    return ", ".join(name or "train" for name in stages)


def _of_stage(rows: Sequence[Epoch], stage: StageFacts) -> Iterator[str]:
    if any((row.val is not None) != stage.selects for row in rows):
        yield "validation values are missing, or there where nothing is validated"
    epochs = [row.epoch for row in rows]
    full = _is_full(epochs, stage)
    if full is None:
        yield "its epochs are not those of the protocol"
    elif not full and not _ended_early(rows, stage):
        yield "it ends before the protocol does"


def _is_full(epochs: Sequence[int], stage: StageFacts) -> bool | None:
    # whether the validations of a stage are all there are; None where they are not even the first ones
    due = _due(stage)
    if due is None:
        inside = all(1 <= epoch <= stage.epochs for epoch in epochs)
        return epochs[-1] == stage.epochs if inside and list(epochs) == sorted(epochs) else None
    return len(epochs) == len(due) if list(epochs) == due[: len(epochs)] else None


@lru_cache(maxsize=64)  # the records of a row have the same stages
def _due(stage: StageFacts) -> list[int] | None:
    # the epochs of all validations; None where nobody knows
    if not stage.validate_steps:
        return [
            epoch for epoch in range(1, stage.epochs + 1) if epoch % stage.validate_every == 0 or epoch == stage.epochs
        ]
    if not stage.steps_an_epoch:
        return None
    steps = range(stage.validate_steps, stage.epochs * stage.steps_an_epoch + 1, stage.validate_steps)
    due = [(step - 1) // stage.steps_an_epoch + 1 for step in steps]
    return due + ([stage.epochs] if stage.epochs * stage.steps_an_epoch % stage.validate_steps else [])


def _ended_early(rows: Sequence[Epoch], stage: StageFacts) -> bool:
    # patience ends a stage after so many validations that are no better than the best before
    return stage.patience is not None and stage.selects and len(rows) > stage.patience


def _of_selection(record: Record, facts: Facts | None) -> Iterator[str]:
    chosen, last = record.selection, record.history[-1].stage if record.history else None
    rows = [row for row in record.history if row.stage == last and row.val is not None]
    if chosen is None:
        if rows:
            yield "it has none, yet it was validated"
        return
    if facts is not None and chosen.metric != facts.metric:
        yield f"it is by {chosen.metric}, not by the dataset's first metric {facts.metric}"
    value = float(f"{chosen.value:.6g}")  # as a history keeps it
    if not any(row.epoch == chosen.epoch and row.val == value for row in rows):
        yield "its epoch and value are not in the history"
    elif value != (max if METRICS[chosen.metric].higher_is_better else min)(
        row.val for row in rows if row.val is not None
    ):
        yield "its value is not the best of the history"
    stated = record.metrics["val"]["all"].get(chosen.metric)
    on_cpu = record.environment is None or record.environment.device == "cpu"
    if not (facts is None or facts.calibrated) and not agree(stated, chosen.value, TOLERANCE if on_cpu else 1e-4):
        yield f"its value is {chosen.value:.6g}, the validation metrics say {stated}"
