"""Some cells of a results folder trained again and compared with what is stored; nothing is written."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from bench.results import store
from bench.results.equivalence import Equivalences
from bench.results.record import Record
from bench.runs.adopt import Candidate, compare
from bench.runs.catalogue import config_today
from bench.runs.executor import Ended, Executor


def sample(results: Path, records: Iterable[Record], number: int) -> list[Candidate]:
    """So many finished records that today's code should give again, of as many rows, chosen by their keys."""
    known = Equivalences.read(results)
    rows: dict[tuple[str, str], Record] = {}
    for record in sorted(records, key=lambda record: record.key):
        if record.status == "ok":
            rows.setdefault((record.dataset, record.method), record)
    chosen: list[Candidate] = []
    for record in rows.values():
        if len(chosen) == number:
            break
        today = config_today(record.dataset, record.method, record.config["overrides"])
        if today is not None and known.is_current(record, today):
            chosen.append(Candidate(record, today, ()))
    return chosen


def rerun(results: Path, executor: Executor, chosen: Sequence[Candidate]) -> Iterator[tuple[str, bool, str]]:
    """Train the chosen cells again: name, whether it agrees, and how closely in words.

    That is bit for bit on the same torch and processor capability, elsewhere within `bench.runs.adopt.TOLERANCE`.
    """
    by_key = {one.cell().key: one for one in chosen}
    for event in executor.run([one.cell() for one in chosen]):
        if isinstance(event, Ended):
            one = by_key[event.cell.key]
            yield one.name, *compare(one.record, store.predictions(results, one.record), event.finished)
