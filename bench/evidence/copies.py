"""Cells that are copies of others: a seed, a row or a dataset that gave exactly what another one gave."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np

from bench.evidence.difference import Difference
from bench.results.intake import Trail
from bench.results.record import Record

MEASURED = 3  # times or losses in a history that two trainings do not share by chance
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

    Where predictions differ, two seeds of a row still never share all losses, nor two rows all losses and times.

    Args:
        whole: the same record with its history, which may have been left out.
        predicted: its predictions, if they are kept.
        trails: of each cell.
    """
    groups: dict[tuple[object, ...], list[Record]] = defaultdict(list)
    for record in records:
        if record.status == "ok" and record.predictions is not None:
            groups[(record.predictions.sha256,)].append(record)
            trail = trails[record.cell]
            if trail.epochs >= MEASURED:
                groups[record.dataset, record.method, trail.losses].append(record)
            if trail.epochs >= LONG:
                groups[trail.losses, trail.seconds].append(record)
    for same in groups.values():
        if len(same) > 1:
            yield from _among([whole(record) for record in sorted(same, key=_order)], predicted)


def _among(same: Sequence[Record], predicted: Predicted) -> Iterator[Difference]:
    for place, record in enumerate(same):
        twins = [other for other in same if other is not record and _one_training(record, other)]
        if twins:
            text = f"its {_shared(record, twins[0])} and the times of its training are those of {twins[0].cell}"
            yield Difference(record.cell, "copy", text)
            continue
        row = [other for other in same[:place] if (other.dataset, other.method) == (record.dataset, record.method)]
        alike = [other for other in row if _losses(other) == _losses(record) or _is_varied(predicted(record))]
        if alike:
            what = _shared(record, alike[0])
            text = f"its {what} are those of seed {alike[0].seed}; a method that draws nothing needs one seed"
            yield Difference(record.cell, "copy", text)


def _shared(one: Record, other: Record) -> str:
    hashes = {record.predictions.sha256 for record in (one, other) if record.predictions}
    return "predictions" if len(hashes) == 1 else "losses"


def _is_varied(values: np.ndarray | None) -> bool:
    return values is None or np.unique(values).size > VARIED


def _one_training(one: Record, other: Record) -> bool:
    if one.is_reference and other.is_reference:
        return False
    times = [[row.seconds for row in record.history] for record in (one, other)]
    whole = [(record.timing.train_s, record.timing.step_ms) for record in (one, other)]
    return times[0] == times[1] and (len(times[0]) >= MEASURED or whole[0] == whole[1])


def _order(record: Record) -> tuple[str, str, int]:
    return record.dataset, record.method, record.seed


def _losses(record: Record) -> list[tuple[int, float | None, float | None]]:
    return [(row.epoch, row.loss, row.val) for row in record.history]
