"""`bench run`, `bench plan` and `bench search`: what trains, or says what would train."""

import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli import callbacks, folders, machines, options, racing
from bench.cli.boards import tell_unscored
from bench.cli.exits import fail
from bench.cli.models import tell_models
from bench.models import starting
from bench.plugins import described, lookup
from bench.printable import plain
from bench.runs import at_once, spans

if TYPE_CHECKING:
    from bench.runs.plan import Plan


def run(
    method: options.Methods,
    dataset: options.Datasets,
    target: options.Target = None,
    seeds: options.SeedCount = None,
    seed: options.SeedList = None,
    shard: options.Shard = None,
    jobs: options.Jobs = None,
    jobs_per_device: options.JobsPerDevice = 1,
    seeds_at_once: machines.SeedsAtOnce = 1,
    device: options.Device = "auto",
    on: machines.On = "local",
    cpus_per_cell: machines.CpusPerCell = 1.0,
    gpus_per_cell: machines.GpusPerCell = 0.0,
    ray_address: machines.RayAddress = None,
    slurm: machines.Slurm = None,
    precision: options.Precision = None,
    channels_last: options.ChannelsLast = False,
    compiled: options.Compiled = False,
    sets: options.Sets = None,
    results: folders.Results = Path("results"),
    leaderboard: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            parser=folders.path,
            callback=folders.no_file,
            help="Folder of the boards.  [default: leaderboard, beside the records]",
        ),
    ] = None,
    root: folders.DataRoot = None,
    timeout: Annotated[float | None, typer.Option(metavar="SECONDS", help="Stop a cell that takes longer.")] = None,
    checkpoint_minutes: Annotated[
        float | None,
        typer.Option(
            metavar="N",
            help="Keep the state of every cell each N minutes, so that one that was killed goes on from there.",
        ),
    ] = None,
    budget: racing.Budget = None,
    race: racing.Race = False,
    extra_seeds: racing.ExtraSeeds = 0,
    retry: options.Retry = None,
    stale: options.Stale = None,
    save_models: Annotated[
        str | None,
        typer.Option(
            metavar="WHICH",
            help="Save models beside their records, of data that are not your own the encoders, to start from: 'best' "
            "keeps the seed with the best validation value of each method, 'all' every one.",
        ),
    ] = None,
    keep: options.Keep = None,
    log: callbacks.Log = None,
    track: callbacks.Track = None,
    smoke: Annotated[
        bool,
        typer.Option("--smoke", help="A quick trial: small generated samples, 2 epochs, 2 seeds, temporary results."),
    ] = False,
) -> None:
    """Train what has no record yet, then write the boards. A cell is one method on one dataset with one seed."""
    if smoke:
        seeds, sets = 2 if seeds is None and seed is None else seeds, options.smoke(sets)
    chosen, again = options.seeds(seeds, seed), (options.statuses(retry), options.rerun(stale))
    extra, part = racing.further(extra_seeds, chosen, race), options.shard(shard)
    overrides = options.overrides(sets, precision=precision, channels_last=channels_last, compile=compiled)
    timeout, which = options.timeout(timeout), options.models(save_models)
    checkpoint_s = spans.between_checkpoints(checkpoint_minutes, "--checkpoint-minutes")
    budget_s = spans.budget(budget)
    where = machines.where(on, jobs, device, cpus_per_cell, gpus_per_cell, ray_address, slurm, results, seeds_at_once)
    apart = {"--checkpoint-minutes": checkpoint_minutes is not None, "--budget": budget_s is not None, "--race": race}
    at_once.require(seeds_at_once, "--seeds-at-once", apart)
    dataset, method = options.datasets(dataset, target), starting.named(method, results)
    lookup.check(method, dataset)
    if smoke:
        results = Path(tempfile.mkdtemp(prefix="bench-smoke-"), "results")
    told = callbacks.callbacks(log, track, results.parent / "trackers")
    from rich.console import Console

    progress = Console(stderr=True)
    with progress.status("reading methods, data and records"):
        from bench.data import files
        from bench.leaderboard import publish
        from bench.runs import cells, features, rehearsal, runner, select
        from bench.runs.callbacks import Watchers
        from bench.runs.display import Display
        from bench.runs.evidence import Catalogue
        from bench.runs.staged import Staged

        folder = files.root(root)
        rows = select.rows(method, dataset, overrides, smoke)
        plan = cells.plan(rows, [*chosen, *extra], overrides, results, folder, *again).shard(*part)
        if keep:
            features.require(plan.todo)
        kept = {"save_models": which is not None, "keep_features": keep is not None, "checkpoint_s": checkpoint_s}
        if where is None or not plan.todo:
            given = (timeout, jobs_per_device, results, seeds_at_once)
            executor = runner.local(plan.todo, jobs, device, folder, *given, **kept)
        else:
            executor = where(plan.todo, runner.context(folder, results, **kept), timeout)
        rehearsal.rehearse(plan.todo, plan.rows, folder, executor.devices[0])
    bare = features.note(plan, results) if keep else None
    for line in (*lookup.left_out(method, dataset), *_notes(plan), *filter(None, [bare])):
        progress.print(line, markup=False, highlight=False, soft_wrap=True)
    described.keep(results, {cell.config["dataset"]["name"] for cell in plan.todo})
    display = Display(plan, executor.jobs, progress)
    spent = (executor.jobs, budget_s, race, frozenset(extra), display.dropped)
    staged = Staged(plan, results, *spent) if race or budget_s else None
    outcome = runner.run(plan, executor, results, Watchers(display, told), staged)
    for line in staged.lines() if staged else ():
        progress.print(line, markup=False, highlight=False, soft_wrap=True)
    touched = sorted({item.cell.dataset for item in plan.planned})
    catalogue = Catalogue(folder)
    boards = leaderboard or results.parent / "leaderboard"
    written = publish.write(results, boards, catalogue)
    for name in touched:
        publish.show(results, boards, name, catalogue, Console())
    if which:
        tell_models(plan, results, which)
    tell_unscored(written.unscored)
    print(f"boards written: {', '.join(written.files) or 'none changed'}")
    failed = [one for one in outcome.failed if not (smoke and one.status == "diverged")]
    if lost := len(outcome.failed) - len(failed):
        print(f"{lost} cells diverged, which 2 epochs on small samples may do: their board says which")
    if failed:
        fail(f"{len(failed)} cells failed; their records say why; run again with --retry failed")


def plan(
    method: options.Methods,
    dataset: options.Datasets,
    target: options.Target = None,
    seeds: options.SeedCount = None,
    seed: options.SeedList = None,
    shard: options.Shard = None,
    jobs: options.Jobs = None,
    jobs_per_device: options.JobsPerDevice = 1,
    device: options.Device = "auto",
    precision: options.Precision = None,
    channels_last: options.ChannelsLast = False,
    compiled: options.Compiled = False,
    sets: options.Sets = None,
    results: folders.Results = Path("results"),
    root: folders.DataRoot = None,
    retry: options.Retry = None,
    stale: options.Stale = None,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json", help="Print JSON instead: every cell with its state, key, whether it would run, and seconds."
        ),
    ] = False,
) -> None:
    """Show what `bench run` would train, and for how long.

    Give it the options of `bench run`; it also shows what is done, stale or failed.
    """
    chosen, again = options.seeds(seeds, seed), (options.statuses(retry), options.rerun(stale))
    part = options.shard(shard)
    overrides = options.overrides(sets, precision=precision, channels_last=channels_last, compile=compiled)
    dataset, method = options.datasets(dataset, target), starting.named(method, results)
    lookup.check(method, dataset)
    from bench.data import files
    from bench.runs import catalogue, estimate, machine
    from bench.runs.plan import compare

    devices = machine.foreseen_devices(device)
    wanted = catalogue.wanted(method, dataset, overrides)
    fingerprints, broken = catalogue.fingerprints_or_reasons((one.dataset for one in wanted), files.root(root))
    made = compare(wanted, fingerprints, chosen, results, *again, broken).shard(*part)
    together = machine.at_a_time(len(made.todo), jobs, devices, jobs_per_device)
    if as_json:
        print(json.dumps(estimate.as_json(made, results, together), indent=1))
        return
    print(estimate.plan_table(made))
    for line in (*lookup.left_out(method, dataset), *_notes(made), estimate.estimate(made, results, together)):
        print(line)


def search(
    method: options.Methods,
    dataset: options.Datasets,
    seed: options.TrialSeeds = "100-102",
    jobs: options.Jobs = None,
    jobs_per_device: options.JobsPerDevice = 1,
    seeds_at_once: machines.SeedsAtOnce = 1,
    device: options.Device = "auto",
    results: folders.Results = Path("search/results"),
    root: folders.DataRoot = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Make the best values the defaults of this installation.")
    ] = False,
) -> None:
    """Search for values that no paper states.

    Trains each method's few candidates, and further ones where the best lies at the end of its range, and prints their
    validation results; it never looks at the test split.
    """
    lookup.check(method, dataset)
    seeds = options.trial_seeds(seed)
    at_once.require(seeds_at_once, "--seeds-at-once", {})
    from rich.console import Console

    from bench.data import files
    from bench.runs import cells, rehearsal, runner
    from bench.runs import search as searching
    from bench.runs.display import Display

    folder = files.root(root)
    found: list[searching.Tried] = []
    rows = searching.candidate_rows(method, dataset)
    for _ in range(1 + searching.WIDENINGS):
        plan = cells.plan(rows, seeds, {}, results, folder)
        executor = runner.local(
            plan.todo, jobs, device, folder, per_device=jobs_per_device, seeds_at_once=seeds_at_once
        )
        rehearsal.rehearse(plan.todo, plan.rows, folder, executor.devices[0])
        runner.run(plan, executor, results, Display(plan, executor.jobs, Console(stderr=True), "val"))
        found += searching.tried(plan, results)
        if not (rows := searching.beyond(found)):
            break
    for line in lookup.left_out(method, dataset):
        print(line, file=sys.stderr)
    print(searching.candidates_table(found))
    if keep:
        searching.keep(found)


def _notes(plan: "Plan") -> list[str]:
    # what to say of a plan before it runs
    states = [(item.state, item.run) for item in plan.planned]
    lines = [f"{method} on {dataset}: not defined, {reason}" for (method, dataset), reason in plan.refused.items()]
    if kept := states.count(("stale", False)):
        lines.append(
            f"{kept} cells are stale (other code, data or settings gave their records): --stale rerun replaces them"
        )
    if kept := states.count(("failed", False)):
        lines.append(f"{kept} cells failed before: --retry failed runs them again")
    if odd := [item.odd for item in plan.planned if item.odd]:
        path, reason = odd[0]
        lines.append(
            f"{len(odd)} files are not the records of their cells, which count as not done; a run sets them aside: "
            f"{plain(path)} ({plain(reason)})"
        )
    if not plan.todo:
        lines.append(f"nothing to train: {states.count(('done', False))} of {len(states)} cells are done")
    return lines
