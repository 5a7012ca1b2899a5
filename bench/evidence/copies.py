"""Cells that are copies of others: a seed, a row or a dataset that gave exactly what another one gave."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np

from bench.evidence.difference import Difference
from bench.results.intake import Trail
from bench.results.record import Record

MEASURED = 3  # times or losses in a history that two trainings do not share by chance
ALIKE = 1e-3  # relative, of scores
LONG = 10  # losses and times that not even two methods share that train alike and predict otherwise
VARIED = 16  # distinct predictions that two seeds do not share by chance, as a constant or a few steps may be

Predicted = Callable[[Record], np.ndarray | None]


def copies(
    records: Iterable[Record], whole: Callable[[Record], Record], predicted: Predicted, trails: Mapping[str, Trail]
) -> Iterator[Difference]:
    """Finished records that say the same predictions or the same training as another.

    Two seeds of a row never train to the same predictions by the same losses. Where even the times of the epochs are
    the same, it was one training, whatever the names: then neither is to be trusted, nor two methods or datasets that
    share them. Without equal times a method that draws nothing gives the same for each seed: then the first one counts.
    A reference has no epochs, and may well give the same on two datasets of the same samples.

    Where predictions differ, two seeds of a row still never share all losses, nor two rows all losses and times. No two
    cells of a dataset share the predictions of one split alone: weights that predict one alike predict the other alike.

    Args:
        whole: the same record with its history, which may have been left out.
        predicted: its predictions, if they are kept.
        trails: of each cell.
    """
    groups: dict[tuple[object, ...], list[Record]] = defaultdict(list)
    for record in records:
        if record.status == "ok" and record.predictions is not None:
            groups[(record.predictions.sha256,)].append(record)
            if record.predictions.val is not None:
                groups[record.dataset, record.predictions.val.sha256].append(record)
            trail = trails[record.cell]
            if trail.epochs >= MEASURED:
                groups[record.dataset, record.method, trail.losses].append(record)
            if trail.epochs >= LONG:
                groups[trail.losses, trail.seconds].append(record)
    for same in groups.values():
        if len(same) > 1:
            yield from _among([whole(record) for record in sorted(same, key=_order)], predicted)


def _among(same: Sequence[Record], predicted: Predicted) -> Iterator[Difference]:
    by_times: dict[tuple[float, ...], list[Record]] = defaultdict(list)
    for record in same:
        by_times[_times(record)].append(record)
    before: dict[tuple[str, str], list[Record]] = defaultdict(list)  # by row
    for record in same:
        earlier = before[record.dataset, record.method]
        other = next((other for other in same if _is_of_one_split(record, other, predicted)), None)
        if other is not None:
            yield Difference(record.cell, "copy", f"its predictions of one split alone are those of {other.cell}")
        twins = (other for other in by_times[_times(record)] if other is not record and _one_training(record, other))
        if (twin := next(twins, None)) is not None:
            text = f"its {_shared(record, twin)} and the times of its training are those of {twin.cell}"
            yield Difference(record.cell, "copy", text)
        elif (alike := next((other for other in earlier if _is_alike(other, record, predicted)), None)) is not None:
            yield from _of_alike(record, alike)
        earlier.append(record)


def _of_alike(record: Record, first: Record) -> Iterator[Difference]:
    what = _shared(record, first)
    text = f"its {what} are those of seed {first.seed}; a method that draws nothing needs one seed"
    yield Difference(record.cell, "copy", text)
    if what == "losses":  # with other predictions: one of the two has losses that are not its own
        yield Difference(first.cell, "copy", f"its losses are those of seed {record.seed}, its predictions are not")


def _times(record: Record) -> tuple[float, ...]:
    return tuple(row.seconds for row in record.history)


def _is_alike(one: Record, other: Record, predicted: Predicted) -> bool:
    return _losses(one) == _losses(other) or _is_varied(predicted(other))


def _is_of_one_split(one: Record, other: Record, predicted: Predicted) -> bool:
    # two methods that train alike and are calibrated otherwise may agree on few values
    kept = one.predictions, other.predictions
    if one.dataset != other.dataset or any(part is None or part.val is None for part in kept):
        return False
    shared = [len(set(hashes)) == 1 for hashes in zip(*map(_hashes, (one, other)), strict=True)]
    return (
        any(shared)
        and not all(shared)
        and not _score_alike(one, other)
        and _is_varied(predicted(one))
        and _is_varied(predicted(other))
    )


def _score_alike(one: Record, other: Record) -> bool:
    # after an epoch or two, methods may be so alike that rounding decides whether a split's predictions differ
    return all(
        theirs is not None and math.isclose(value, theirs, rel_tol=ALIKE)
        for split, regions in one.metrics.items()
        for name, value in regions["all"].items()
        if value is not None
        for theirs in [other.metrics[split]["all"].get(name)]
    )


def _hashes(record: Record) -> tuple[str, str]:
    assert record.predictions is not None
    assert record.predictions.val is not None
    return record.predictions.sha256, record.predictions.val.sha256


def _shared(one: Record, other: Record) -> str:
    hashes = {record.predictions.sha256 for record in (one, other) if record.predictions}
    return "predictions" if len(hashes) == 1 else "losses"


def _is_varied(values: np.ndarray | None) -> bool:
    return values is None or np.unique(values).size > VARIED


def _one_training(one: Record, other: Record) -> bool:
    # given that the times of their epochs are the same
    if one.is_reference and other.is_reference:
        return False
    whole = [(record.timing.train_s, record.timing.step_ms) for record in (one, other)]
    return len(one.history) >= MEASURED or whole[0] == whole[1]


def _order(record: Record) -> tuple[str, str, int]:
    return record.dataset, record.method, record.seed


def _losses(record: Record) -> list[tuple[int, float | None]]:
    return [(row.epoch, row.loss) for row in record.history]
