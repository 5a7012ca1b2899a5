"""`bench results adopt`: prove that changed code gives the numbers of before, and say so beside the records.

For each part of the code that changed, sampled cells are trained again and compared with what is stored, or with what
the code of an earlier commit trains here (`bench.runs.before`): another processor trains to other bits. Only where all
of them agree is a line written into `equivalences.json`; the records stay as they are.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.results import store
from bench.results.equivalence import Equivalence, Equivalences, changes, has_own_key, same_settings
from bench.results.key import key_of
from bench.results.record import Record
from bench.runs.cells import config_today
from bench.runs.executor import Ended, Executor
from bench.runs.plan import Cell
from bench.runs.scoring import known_then
from bench.runs.worker import Finished

TOLERANCE = 1e-3  # of the deviation of the stored predictions, where torch or the processor is another one

FITTED_BY = ("numpy", "scipy", "scikit-learn")  # references

Change = tuple[str, str, str]  # what, old, new
Trained = tuple[Record, np.ndarray | None]  # with its predictions


@dataclass(frozen=True)
class Candidate:
    """A finished record that other code would give today, and the changes of code between."""

    record: Record
    today: Mapping[str, Any]
    changes: tuple[Change, ...]

    @property
    def name(self) -> str:
        """As the equivalences name a cell."""
        return f"{self.record.dataset}/{self.record.method}/{self.record.seed}"

    def cell(self) -> Cell:
        """The cell as today's code would train it."""
        record, config = self.record, dict(self.today)
        key = key_of(config, record.seed, record.data_fingerprint)
        return Cell(record.dataset, record.method, record.seed, config, record.data_fingerprint, key)


def candidates(records: Iterable[Record], known: Equivalences) -> list[Candidate]:
    """The finished records whose settings are still today's and whose code is not."""
    configs: dict[tuple[str, str, str], dict[str, Any] | None] = {}
    found = []
    for record in records:
        row = record.dataset, record.method, str(record.config.get("overrides"))
        if row not in configs:
            configs[row] = config_today(record.dataset, record.method, record.config.get("overrides", {}))
        today = configs[row]
        if record.status != "ok" or today is None or known.is_current(record, today) or not has_own_key(record):
            continue
        if same_settings(record.config, today):
            open_ = tuple(change for change in changes(record.config, today) if not known.leads(*change[1:]))
            found.append(Candidate(record, today, open_))
    return found


def sample(found: Sequence[Candidate], number: int) -> list[Candidate]:
    """So many cells of each change, in as few cells as a simple choice finds; the same ones each time."""
    wanted = {change: number for one in found for change in one.changes}
    # short cells first among equals, and neither the alphabet nor the folder decides which
    waiting = sorted(found, key=lambda one: one.record.key)
    chosen = []
    while True:
        gain = [sum(wanted[change] > 0 for change in one.changes) for one in waiting]
        if not gain or not max(gain):
            return chosen
        taken = waiting.pop(gain.index(max(gain)))
        chosen.append(taken)
        for change in taken.changes:
            wanted[change] -= 1


def compare(old: Record, stored: np.ndarray | None, new: Finished) -> tuple[bool, str]:
    """Whether a cell trained again agrees with its record, and how closely, in words."""
    record = new.record
    if record.status != "ok" or record.predictions is None or old.predictions is None:
        return False, f"{record.status}: {record.reason or 'no predictions'}"
    if record.predictions.sha256 == old.predictions.sha256 and _has_metrics_of(record, old):
        return True, "bit for bit"
    if is_same_machine(old, record):
        return False, f"other predictions on torch {record.environment.torch if record.environment else '?'}"
    if stored is None or new.predictions is None:
        return False, "other predictions on another torch or processor, and none are stored to compare with"
    gap = float(np.abs(new.predictions["mean"] - stored).max() / (stored.std() or 1.0))
    return gap <= TOLERANCE, f"within {gap:.1e} of the predictions' deviation, on another torch or processor"


def adopt(
    results: Path, executor: Executor, chosen: Sequence[Candidate], before: Mapping[str, Trained] | None = None
) -> Iterator[tuple[Candidate, bool, str]]:
    """Train the chosen cells again, tell how each compares, and write a line for each change they all agree on.

    Args:
        before: by a candidate's name, what earlier code trained here; else they are compared with the records.
    """
    by_key = {one.cell().key: one for one in chosen}
    agreed: dict[Change, list[tuple[Candidate, str]]] = defaultdict(list)
    disagreed: list[Candidate] = []
    commit = None
    for event in executor.run([one.cell() for one in chosen]):
        if not isinstance(event, Ended):
            continue
        one = by_key[event.cell.key]
        old, stored = before[one.name] if before else (one.record, store.predictions(results, one.record))
        same, words = compare(old, stored, event.finished)
        words += f" with {old.environment.git_sha} here" if before and old.environment else ""
        environment = event.finished.record.environment
        commit = environment.git_sha if environment else commit
        for change in one.changes if same else ():
            agreed[change].append((one, words))
        if not same:
            disagreed.append(one)
        yield one, same, words
    # where a cell differs it is by a change that no other cell speaks for, if it has one
    failed = {
        change
        for one in disagreed
        for change in [change for change in one.changes if change not in agreed] or one.changes
    }
    lines = [
        Equivalence(old, new, what, tuple(sorted(one.name for one, _ in cells)), commit, max(word for _, word in cells))
        for (what, old, new), cells in agreed.items()
        if (what, old, new) not in failed
    ]
    if lines:
        Equivalences((*Equivalences.read(results).lines, *lines)).write(results)


def _has_metrics_of(new: Record, old: Record) -> bool:
    return all(known_then(values, new.metrics.get(split, {})) == values for split, values in old.metrics.items())


def is_same_machine(old: Record, new: Record) -> bool:
    """Whether two records were trained on one torch version and one kind of processor: then bits are equal.

    Of one capability alone they are not: matrix products of an AMD and an Intel processor with AVX-512 differ.
    """
    if old.environment is None or new.environment is None:
        return False
    one, other = old.environment, new.environment
    if one.torch.partition("+")[0] != other.torch.partition("+")[0] or one.cpu != other.cpu:
        return False
    if new.is_reference:  # of scikit-learn and its linear algebra
        return all(one.packages.get(name) == other.packages.get(name) for name in FITTED_BY)
    return one.cpu_capability in (None, other.cpu_capability)  # schema 1 did not say
