"""`bench tune`: a protocol for the baseline."""

from pathlib import Path
from typing import Annotated

import typer

from bench.cli import complete, folders, machines, options
from bench.plugins import lookup
from bench.runs import at_once


def tune(
    dataset: Annotated[
        str,
        typer.Argument(
            metavar="DATASET", autocompletion=complete.dataset, help="Its name, or your own: houses.toml, houses.csv."
        ),
    ],
    target: options.Target = None,
    seed: options.TrialSeeds = "100-102",
    jobs: options.Jobs = None,
    seeds_at_once: machines.SeedsAtOnce = 1,
    device: options.Device = "auto",
    results: folders.Results = Path("search/protocols"),
    root: folders.DataRoot = None,
    keep: Annotated[
        bool,
        typer.Option(
            "--keep",
            help="Write what was chosen: into the description of data of your own; else, with what was tried, into "
            "datasets/tuned.json, for the boards.",
        ),
    ] = False,
) -> None:
    """Tune a protocol for the baseline on the validation split.

    One setting after another takes the value that validates best; the test split is never looked at. Of a published
    protocol, which stays as it is, the board says what tuning would give.
    """
    dataset = options.datasets(dataset, target)
    lookup.check("baseline", dataset)
    seeds = options.trial_seeds(seed)
    at_once.require(seeds_at_once, "--seeds-at-once", {})
    from rich.console import Console

    from bench.data import files
    from bench.runs import runner
    from bench.runs.display import Display
    from bench.runs.plan import Plan
    from bench.runs.tuning import Tuning

    folder = files.root(root)

    def train(plan: Plan, into: Path) -> None:
        executor = runner.local(plan.todo, jobs, device, folder, seeds_at_once=seeds_at_once)
        runner.run(plan, executor, into, Display(plan, executor.jobs, Console(stderr=True), "val"))

    tuning = Tuning(dataset, seeds, results, folder, train)
    best = tuning.tune()
    print(tuning.table(best))
    if keep:
        tuning.keep(best)
