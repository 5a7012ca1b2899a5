"""`bench tune`: a protocol, chosen for the baseline alone on the validation split.

One setting after another takes the value that validates best, mean over seeds that no board reports, until a round
changes none. A rate whose best value is at an end of its range gets a further one beyond it.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tabulate import tabulate

from bench.atomic import replace_file
from bench.bases import tuned_settings
from bench.described import editing
from bench.errors import BenchError
from bench.metrics import METRICS
from bench.names import Name, parse, value_text
from bench.plugins import described, resolve
from bench.runs import cells, select, tuned
from bench.runs.plan import Plan
from bench.runs.search import WIDENINGS, further, mean, validation_values

ROUNDS = 3

Setting = dict[str, Any]  # "protocol.FIELD" or a parameter of the dataset -> its value
Score = Callable[[Sequence[Setting]], Sequence[float]]  # settings -> their validation values, lower is better


def text_of(setting: Mapping[str, Any]) -> str:
    """A setting in one line, which is also the name of its results folder."""
    return ",".join(f"{key.removeprefix('protocol.')}={value_text(value)}" for key, value in setting.items())


def descend(start: Setting, axes: Mapping[str, Sequence[Any]], score: Score) -> Setting:
    """The best setting that changes of one value at a time lead to."""
    ranges, best = {axis: sorted({*values, start[axis]}, key=_order) for axis, values in axes.items()}, dict(start)
    widened = dict.fromkeys(axes, 0)
    for _ in range(ROUNDS):
        before = dict(best)
        for axis in axes:
            while True:
                settings = [{**best, axis: value} for value in ranges[axis]]
                scores = score(settings)
                best = settings[min(range(len(scores)), key=scores.__getitem__)]
                beyond = further(ranges[axis], best[axis])
                if beyond is None or widened[axis] == WIDENINGS:
                    break
                widened[axis] += 1
                ranges[axis] = sorted({*ranges[axis], beyond})
        if best == before:
            break
    return best


def _order(value: object) -> tuple[bool, Any]:
    # numbers by size, words as they come to the alphabet
    return (True, str(value)) if isinstance(value, str) or value is None else (False, value)


@dataclass
class Tuning:
    """A dataset's settings that were tried, in order, with the validation value of each seed.

    Args:
        run: trains what a plan still has to do, into a results folder.
        results: folder in which each setting has a results folder of its own.
        root: of the data.
    """

    dataset: str
    seeds: Sequence[int]
    results: Path
    root: Path
    run: Callable[[Plan, Path], None]
    tried: dict[str, tuple[Setting, list[float | None]]] = field(
        default_factory=dict[str, tuple[Setting, list[float | None]]]
    )

    def tune(self) -> Setting:
        """Try settings until none is better.

        Raises:
            BenchError: the dataset has nothing to tune.
        """
        on = resolve.dataset(self.dataset)
        axes = on.dataset.tunes
        if not axes:
            raise BenchError(f"{on.name} has nothing to tune: it names no settings in `tunes`")
        return descend({axis: tuned.value_now(on.dataset, on.protocol, axis) for axis in axes}, axes, self.score)

    def score(self, settings: Sequence[Setting]) -> list[float]:
        """The mean validation value of each setting, as a number to minimise; infinite where a seed failed."""
        for setting in settings:
            if text_of(setting) not in self.tried:
                self.tried[text_of(setting)] = setting, self._validation(setting)
        return [self._key(self.tried[text_of(setting)][1]) for setting in settings]

    def table(self, best: Setting) -> str:
        """A markdown table of what was tried, the best first."""
        rows = sorted(self.tried.items(), key=lambda item: self._key(item[1][1]))
        lines = [
            (f"**{text}**" if setting == best else text, *("failed" if v is None else f"{v:.5g}" for v in values))
            for text, (setting, values) in rows
        ]
        return tabulate(lines, ("setting", *(f"seed {seed}" for seed in self.seeds)), "github", disable_numparse=True)

    def keep(self, best: Setting) -> None:
        """Write what was best into the description; of other datasets, what was tried too, where boards read it.

        Raises:
            BenchError: there is no description to write into, or it cannot be written.
        """
        if one := described.find(parse(self.dataset).base):
            self._describe(one, best)
            return
        kept = dict(tuned_settings.outcomes())
        kept[self.dataset] = {
            "best": best,
            "metric": self._metric(),
            "seeds": list(self.seeds),
            "tried": [{"setting": setting, "validation": values} for setting, values in self.tried.values()],
        }
        replace_file(tuned_settings.FILE, (json.dumps(dict(sorted(kept.items())), indent=1) + "\n").encode())

    def _describe(self, one: described.Described, best: Setting) -> None:
        if not one.file.is_file() or described.read(one.file).text != one.text:  # of a bare file of data
            raise BenchError(f"there is no {one.file} to keep this in; write it with bench new dataset, and tune it")
        value = mean(self.tried[text_of(best)][1])
        how = f"of {len(self.tried)} settings the best by validation {self._metric()}, {value:.4g}; bench tune"
        fields = {axis.removeprefix("protocol."): value for axis, value in best.items()}
        try:
            replace_file(one.file, editing.with_protocol(one.text, one.name, fields, how).encode())
        except OSError as error:
            raise BenchError(f"cannot write {one.file}: {error.strerror}") from None

    def _metric(self) -> str:
        return resolve.dataset(self.dataset).dataset.metrics[0]

    def _key(self, values: Sequence[float | None]) -> float:
        return METRICS[self._metric()].sort_key(mean(values))

    def _validation(self, setting: Setting) -> list[float | None]:
        name, folder = parse(self.dataset), self.results / text_of(setting)
        overrides = {key: value for key, value in setting.items() if key.startswith("protocol.")}
        params = dict(name.params) | {k: value_text(v) for k, v in setting.items() if k not in overrides}
        rows = select.rows("baseline", str(Name(name.base, tuple(sorted(params.items())))), overrides)
        plan = cells.plan(rows, self.seeds, overrides, folder, self.root)
        self.run(plan, folder)
        return validation_values((item.cell for item in plan.planned), folder)
