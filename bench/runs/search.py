"""The search for values that no paper states: the same few candidates a method, chosen on the validation split.

Where the best of a geometric range is at its end, a further value beyond it is tried, twice at most. The seeds are not
those of the boards, and no test value is looked at.
"""

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from tabulate import tabulate

from bench import plugins
from bench.atomic import replace_file
from bench.errors import BenchError
from bench.metrics import METRICS
from bench.names import parse, value_text
from bench.plugins import resolve
from bench.plugins.resolve import NamedDataset, NamedMethod
from bench.results import store
from bench.runs import select
from bench.runs.plan import Cell, Plan

SEED = 100  # the first of those that no board reports
WIDENINGS = 2  # of a range, at most


@dataclass(frozen=True)
class Tried:
    """One candidate on one dataset: its mean validation value over the seeds, None where one failed."""

    dataset: str
    method: str
    setting: Mapping[str, object]
    validation: float | None

    @property
    def text(self) -> str:
        """The setting as a name has it."""
        return ",".join(f"{key}={value_text(value)}" for key, value in self.setting.items())


def candidate_rows(methods: str, datasets: str) -> select.Rows:
    """Each dataset with every candidate of the methods that have no published value there.

    Raises:
        BenchError: nothing is left to search.
    """
    chosen = select.rows(methods, datasets, {})
    found = [(on, [row for method in named for row in _candidates(method, on)]) for on, named in chosen]
    if not any(made for _, made in found):
        raise BenchError(f"nothing to search for {methods} on {datasets}: no candidates, or published values")
    return [(on, made) for on, made in found if made]


def tried(plan: Plan, results: Path) -> list[Tried]:
    """What the records of a finished plan say of each candidate."""
    found = []
    for dataset, method in dict.fromkeys((item.cell.dataset, item.cell.method) for item in plan.planned):
        cells = [item.cell for item in plan.planned if (item.cell.dataset, item.cell.method) == (dataset, method)]
        base, params = (cells[0].config["method"][0][key] for key in ("name", "params"))
        setting = {key: params[key] for key in plugins.load("method", base).candidates[0]}
        validation = mean(validation_values(cells, results))
        found.append(Tried(dataset, base, setting, validation))
    return found


def validation_values(cells: Iterable[Cell], results: Path) -> list[float | None]:
    """What chose the weights of each trained cell; None of one that failed."""
    records = [store.read(store.path_of(results, cell.dataset, cell.method, cell.seed)) for cell in cells]
    return [record.selection.value if record.selection else None for record in records]


def mean(values: Iterable[float | None]) -> float | None:
    """Over seeds; None where one failed."""
    found = list(values)
    return None if None in found else fmean(value for value in found if value is not None)


def beyond(found: Iterable[Tried]) -> select.Rows:
    """Each dataset with the candidates beyond the ends of ranges at which the best one lies."""
    rows: dict[str, tuple[NamedDataset, list[NamedMethod]]] = {}
    found = list(found)
    for one in best(found):
        others = [other.setting for other in found if (other.dataset, other.method) == (one.dataset, one.method)]
        on, made = rows.setdefault(one.dataset, (resolve.dataset(one.dataset), []))
        for key in one.setting:
            line = [other[key] for other in others if {**other, key: None} == {**one.setting, key: None}]
            if (value := further(line, one.setting[key])) is not None:
                with contextlib.suppress(BenchError):  # the parameter may not have it
                    made.append(_named(one.method, {**one.setting, key: value}, on))
    return [(on, made) for on, made in rows.values() if made]


def further(values: Iterable[Any], best: object) -> float | None:
    """The next value of a geometric range at whose end the best one lies; None elsewhere, and of counts and words.

    >>> further([0.1, 1.0, 10.0], 10.0)
    100.0
    """
    known = list(set(values))
    if len(known) < 2 or not all(isinstance(value, float) and value > 0 for value in known):
        return None
    known.sort()
    steps = {known[0]: (known[0], known[1]), known[-1]: (known[-1], known[-2])}
    if best not in steps:
        return None
    end, neighbour = steps[best]
    return float(f"{end * end / neighbour:.3g}")


def best(found: list[Tried]) -> list[Tried]:
    """The best candidate of each method on each dataset, of those that finished."""
    metric = {name: plugins.load("dataset", parse(name).base).metrics[0] for name in {one.dataset for one in found}}
    ranked = sorted(found, key=lambda one: METRICS[metric[one.dataset]].sort_key(one.validation))
    first = {(one.dataset, one.method): one for one in reversed(ranked) if one.validation is not None}
    return list(first.values())


def candidates_table(found: list[Tried]) -> str:
    """A markdown table: the validation value of every candidate, the chosen one in bold."""
    chosen = best(found)
    lines = []
    for one in sorted(found, key=lambda one: (one.dataset, one.method)):
        bold = "**" if one in chosen else ""
        value = "failed" if one.validation is None else f"{one.validation:.5g}"
        lines.append((one.dataset, one.method, f"{bold}{one.text}{bold}", f"{bold}{value}{bold}"))
    return tabulate(lines, ("dataset", "method", "setting", "validation"), "github", disable_numparse=True)


def keep(found: list[Tried]) -> None:
    """Make the best candidates the defaults of this installation."""
    outcome = {method: dict(values) for method, values in resolve.outcome().items()}
    for one in best(found):
        outcome.setdefault(one.method, {})[parse(one.dataset).base] = dict(one.setting)
    text = json.dumps(outcome, indent=1, sort_keys=True) + "\n"
    replace_file(resolve.OUTCOME, text.encode())


def _candidates(method: NamedMethod, on: NamedDataset) -> Iterator[NamedMethod]:
    if len(method.parts) != 1 or method.is_reference or method.refusal(on.dataset):
        return
    ((base, _),) = method.parts
    cls = plugins.load("method", base)
    if on.base in cls.defaults or resolve.published(cls, on) != cls.defaults_for(on.base, on.protocol):
        return
    for setting in cls.candidates:
        yield _named(base, setting, on)


def _named(base: str, setting: Mapping[str, object], on: NamedDataset) -> NamedMethod:
    inside = ",".join(f"{key}={value_text(value)}" for key, value in setting.items())
    return resolve.method(f"{base}[{inside}]", on, searched=False)
