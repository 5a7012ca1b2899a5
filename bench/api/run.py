"""A run from a notebook: what `bench run` trains, shown as it goes, and its records as a table."""

# pyright: basic
# (pandas has no types that strict checks could use)

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from bench.errors import BenchError

if TYPE_CHECKING:
    from bench.runs.runner import Watcher


def run(
    method: str | Iterable[str],
    dataset: str | Iterable[str],
    seeds: int | Iterable[int] = 10,
    *,
    target: str | Iterable[str] | None = None,
    results: str | Path = "results",
    data: str | Path | None = None,
    device: str = "auto",
    jobs: int | None = None,
    seeds_at_once: int = 1,
    checkpoint_minutes: float | None = None,
    keep: Literal["features"] | None = None,
    retry_failed: bool = False,
    rerun_stale: bool = False,
    callbacks: "Sequence[Watcher]" = (),
    **protocol: Any,
) -> pd.DataFrame:
    """Train what has no record yet, with a progress display; the records asked for, one row a record.

    Cells run in processes of their own, as those of `bench run` do, and leave the same records. Boards are written by
    `bench leaderboard`, and `bench.leaderboard(dataset, results)` gives one as a table.

    Args:
        method: names, stacks and groups, as on the command line, or a list of them. A class of yours lies in `methods/`
            or in a package with the entry point `bench.methods`; `bench.train` takes it as it is.
        dataset: names and groups, or files: "houses.toml", or "houses.csv" with a `target`.
        seeds: how many, or which.
        target: the column, or columns, to predict, of data without a description.
        results: folder of the records.
        data: the data root; by default $BENCH_DATA or the user's data folder.
        device, jobs, seeds_at_once: as of `bench run`.
        checkpoint_minutes: how often the state of a cell is kept, from which one that was killed goes on; None never.
        keep: "features" of the test split, beside the predictions.
        retry_failed, rerun_stale: run cells again that failed, or whose code, data or settings were others.
        callbacks: who else hears of it: objects with the methods of `bench.runs.callbacks.Callback`.
        **protocol: fields of bench.Protocol to change, such as epochs=5.

    Raises:
        BenchError: a name, a field or data is not there.

    >>> import tempfile
    >>> found = run("baseline,mt", "circle", seeds=1, results=tempfile.mkdtemp(), epochs=1)  # doctest: +ELLIPSIS
    2 cells to run...
    >>> found[["dataset", "method", "seed", "status"]].values.tolist()
    [['circle', 'baseline', 0, 'ok'], ['circle', 'mt', 0, 'ok']]
    """
    from rich.console import Console

    from bench.api.results import load_results
    from bench.data import files
    from bench.described import given
    from bench.models import starting
    from bench.plugins import described, lookup
    from bench.runs import at_once, cells, features, rehearsal, runner, select, spans
    from bench.runs.callbacks import Watchers
    from bench.runs.display import Display

    if keep not in (None, "features"):
        raise BenchError(f"keep={keep!r} is unknown; write keep='features', or leave it out to keep predictions alone")
    at_once.require(seeds_at_once, "seeds_at_once", {"checkpoint_minutes": checkpoint_minutes is not None})
    chosen, every = _seeds(seeds), spans.between_checkpoints(checkpoint_minutes, "checkpoint_minutes")
    methods = starting.named(_list(method), Path(results))
    datasets = given.names(_list(dataset), None if target is None else _list(target))
    lookup.check(methods, datasets)
    overrides = {f"protocol.{name}": value for name, value in protocol.items()}
    folder, root = Path(results), files.root(None if data is None else Path(data))
    rows = select.rows(methods, datasets, overrides)
    plan = cells.plan(rows, chosen, overrides, folder, root, frozenset({"failed"} if retry_failed else ()), rerun_stale)
    if keep:
        features.require(plan.todo)
    options: dict[str, Any] = {"results": folder, "seeds_at_once": seeds_at_once, "checkpoint_s": every}
    executor = runner.local(plan.todo, jobs, device, root, **options, keep_features=keep is not None)
    rehearsal.rehearse(plan.todo, plan.rows, root, executor.devices[0])
    described.keep(folder, {cell.config["dataset"]["name"] for cell in plan.todo})
    runner.run(plan, executor, folder, Watchers(Display(plan, executor.jobs, Console()), callbacks))
    asked = pd.DataFrame([(item.cell.dataset, item.cell.method, item.cell.seed) for item in plan.planned])
    frames = [load_results(folder, name) for name in dict.fromkeys(asked[0])]
    found = pd.concat(frames, ignore_index=True).set_index(["dataset", "method", "seed"])
    return found.loc[list(asked.itertuples(index=False, name=None))].reset_index()


def _list(names: str | Iterable[str]) -> str:
    return names if isinstance(names, str) else ",".join(names)


def _seeds(seeds: int | Iterable[int]) -> list[int]:
    found = list(range(seeds)) if isinstance(seeds, int) else list(seeds)
    if not found or any(seed < 0 for seed in found):
        raise BenchError(f"seeds={seeds!r}: give how many, or a list of seeds from 0 on")
    return found
