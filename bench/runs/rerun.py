"""Some cells of a results folder trained again and compared with what is stored; nothing is written.

On the same torch and kind of processor they agree bit for bit. Elsewhere matrix products round otherwise, and a long
training carries that as far as another seed would: such a cell has to lie where a further seed of its row would.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from random import SystemRandom
from statistics import fmean, stdev

from bench.evidence.consistency import agree
from bench.results import store
from bench.results.equivalence import Equivalences
from bench.results.reading import read
from bench.results.record import Epoch, Record
from bench.runs.adopt import Candidate, compare, is_same_machine
from bench.runs.catalogue import config_today
from bench.runs.executor import Ended, Executor

CURVE = 1e-4  # relative, of losses that were summed in another order, as side by side with other seeds
FALSE_ALARM = 1e-4  # chance of a cell to be called different where seeds are normal, of each value looked at


def sample(results: Path, records: Iterable[Record], number: int) -> list[Candidate]:
    """So many finished records that today's code should give again, of as many rows; others at each call.

    Who forges records cannot know which of them will be trained again.
    """
    known = Equivalences.read(results)
    finished = [record for record in records if record.status == "ok"]
    SystemRandom().shuffle(finished)
    rows: dict[tuple[str, str], Record] = {}
    for record in finished:
        rows.setdefault((record.dataset, record.method), record)
    chosen: list[Candidate] = []
    for record in rows.values():
        if len(chosen) == number:
            break
        today = config_today(record.dataset, record.method, record.config["overrides"])
        if today is not None and known.is_current(record, today):
            chosen.append(Candidate(record, today, ()))
    return chosen


def rerun(
    results: Path, executor: Executor, chosen: Sequence[Candidate], records: Sequence[Record]
) -> Iterator[tuple[str, bool, str]]:
    """Train the chosen cells again: name, whether it agrees, and how closely in words.

    Args:
        records: all of the folder, for the rows of the chosen ones.
    """
    by_key = {one.cell().key: one for one in chosen}
    for event in executor.run([one.cell() for one in chosen]):
        if isinstance(event, Ended):
            one, new = by_key[event.cell.key], event.finished.record
            same, words = compare(one.record, store.predictions(results, one.record), event.finished)
            if not same and new.status == "ok" and not is_same_machine(one.record, new):
                there = (one.record.dataset, one.record.method)
                same, words = as_a_further_seed([r for r in records if (r.dataset, r.method) == there], new)
            elif same and not _is_same_training(
                read(store.path_of(results, one.record.dataset, one.record.method, one.record.seed)), new
            ):
                same, words = False, f"{words}, yet with another history, selection or validation predictions"
            yield one.name, same, words


def _is_same_training(old: Record, new: Record) -> bool:
    # of cells with the same test predictions, bit for bit; schema 1 kept no others
    kept, made = old.predictions, new.predictions
    if kept is None or made is None or kept.sha256 != made.sha256:
        return True
    if kept.val is not None and kept.val != made.val:
        return False
    chosen = [one.selection and (one.selection.metric, one.selection.epoch) for one in (old, new)]
    return (
        chosen[0] == chosen[1]
        and len(old.history) == len(new.history)
        and all(map(_is_same_epoch, old.history, new.history))
    )


def _is_same_epoch(old: Epoch, new: Epoch) -> bool:
    pairs = ((old.loss, new.loss), (old.val, new.val))
    return old.epoch == new.epoch and all(agree(one, other, CURVE) for one, other in pairs)


def as_a_further_seed(row: Iterable[Record], new: Record) -> tuple[bool, str]:
    """Whether a cell lies where a further seed of its row would, by Student's prediction interval of a next value.

    Both the validation value that chose its epoch and the same metric on the test split have to.
    """
    from scipy.stats import t as student

    row = [record for record in row if record.status == "ok" and record.selection]
    where = "on another torch or processor"
    if len(row) < 3 or new.selection is None:
        return False, f"other predictions {where}, and too few seeds to tell what a further one would give"
    name = new.selection.metric
    chances = []
    for value, others in (
        (new.selection.value, [record.selection.value for record in row if record.selection]),
        (_tested(new, name), [_tested(record, name) for record in row]),
    ):
        spread = stdev(others) * (1 + 1 / len(others)) ** 0.5
        gap = abs(value - fmean(others))
        chances.append(2 * float(student.sf(gap / spread, len(others) - 1)) if spread else float(gap == 0))
    chance = min(chances)
    return chance >= FALSE_ALARM, f"p = {chance:.2g} as a further seed of its row, {where}"


def _tested(record: Record, metric: str) -> float:
    value = record.metrics["test"]["all"][metric]
    return float("nan") if value is None else value
