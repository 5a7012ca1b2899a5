"""`bench suite`: a whole comparison in one file."""

from pathlib import Path
from typing import Annotated

import typer

import bench
from bench.cli import callbacks, folders, machines, options
from bench.cli.run import run


def suite(
    file: Annotated[Path, typer.Argument(metavar="SUITE.toml", help="Methods, datasets, seeds and settings.")],
    shard: options.Shard = None,
    jobs: options.Jobs = None,
    jobs_per_device: options.JobsPerDevice = 1,
    seeds_at_once: machines.SeedsAtOnce = 1,
    device: options.Device = "auto",
    results: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            parser=folders.results_folder,
            callback=folders.no_file,
            help="Folder of the records.  [default: what the suite says]",
        ),
    ] = None,
    root: folders.DataRoot = None,
    retry: options.Retry = None,
    stale: options.Stale = None,
    log: callbacks.Log = None,
    track: callbacks.Track = None,
) -> None:
    """Run a whole comparison that one file describes.

    The file has methods, datasets, seeds (how many, or which), and where wanted target, results and a table protocol.
    A frozen copy is kept beside the results: every method and dataset by its name. It can be run again.
    """
    from bench.atomic import replace_file
    from bench.errors import BenchError
    from bench.runs import suite as suites

    path = folders.path(file)
    chosen = suites.read(path)
    results = results or folders.results_folder(suites.results(chosen, path))
    now = _program()
    if chosen.frozen:
        other = [f"{name} {was} (now {now[name]})" for name, was in chosen.frozen.items() if now.get(name, was) != was]
        if other:
            print(f"note: it was frozen with another program: {', '.join(other)}")
    datasets = options.datasets(suites.datasets(chosen, path.parent), chosen.target)
    seeds = chosen.seeds
    ended: BaseException | None = None
    try:
        run(
            method=",".join(chosen.methods),
            dataset=datasets,
            seeds=seeds if isinstance(seeds, int) else None,
            seed=None if isinstance(seeds, int) else ",".join(map(str, seeds)),
            shard=shard,
            jobs=jobs,
            jobs_per_device=jobs_per_device,
            seeds_at_once=seeds_at_once,
            device=device,
            sets=suites.settings(chosen),
            results=results,
            root=root,
            retry=retry,
            stale=stale,
            log=log,
            track=track,
        )
    except typer.Exit as error:  # some cells failed, of which the boards tell
        ended = error
    copy = results.parent / f"{path.stem.removesuffix('.frozen')}.frozen.toml"
    if copy.absolute() != path.absolute():
        from bench.plugins import lookup
        from bench.runs import select

        there = ([name] if suites.is_file(name) else lookup.dataset_names(name) for name in chosen.datasets)
        methods = select.all_method_names(",".join(chosen.methods), datasets)
        names = methods, list(dict.fromkeys(name for named in there for name in named))
        try:
            replace_file(copy, suites.frozen(chosen, path.parent, results, names, now).encode())
        except OSError as error:
            raise BenchError(f"cannot write {copy}: {error.strerror}") from None
        print(f"frozen copy: {copy}")
    if ended is not None:
        raise ended


def _program() -> dict[str, str]:
    from importlib.metadata import version

    from bench.runs.runner import checkout

    sha, dirty = checkout()
    commit = f"{sha}{' with changes' if dirty else ''}" if sha else "unknown"
    return {"regression-bench": bench.__version__, "commit": commit, "torch": version("torch")}
