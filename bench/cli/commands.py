"""The command line: it parses, calls and prints. Nothing heavy is imported before it is needed."""

import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from bench.cli import options
from bench.errors import BenchError, unknown

INTERRUPTED = 130  # the shell's code for Ctrl-C
STOPPED = "stopped; records already written are kept, and the next run goes on from there"

app = typer.Typer(
    help="Leaderboards for deep regression: methods x datasets x seeds, on the papers' own protocols.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)
data = typer.Typer(help="Show, fetch and add the datasets' files.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(data, name="data")

Methods = Annotated[
    str,
    typer.Option(
        "--method",
        help="methods or stacks, e.g. baseline,mt+ranksim,oe[weight=1]; singles (every method), all-stacks (those that "
        "the papers report on the dataset) or all (both)",
    ),
]
Datasets = Annotated[str, typer.Option("--dataset", help="datasets or groups, e.g. circle,uci or all")]
Count = Annotated[int | None, typer.Option("--seeds", help="how many seeds, from 0 on [default: 10]")]
Which = Annotated[str | None, typer.Option("--seed", help="which seeds, e.g. 0,3,5-7")]
Sets = Annotated[list[str] | None, typer.Option("--set", help="change the protocol, e.g. protocol.epochs=5")]
Results = Annotated[Path, typer.Option("--results", help="folder of the records")]
Boards = Annotated[Path, typer.Option("--leaderboard", help="folder of the boards")]
Root = Annotated[
    Path | None,
    typer.Option("--data", help="folder of the data [default: $BENCH_DATA, else the user data folder]"),
]
Retry = Annotated[
    str | None,
    typer.Option("--retry", help="run failed cells again: failed, or statuses such as timeout,oom"),
]
Stale = Annotated[
    str | None,
    typer.Option("--stale", help="rerun: replace records that today's code or settings would not give"),
]
Jobs = Annotated[int | None, typer.Option("--jobs", min=1, help="cells at a time [default: one a core, or as below]")]
PerDevice = Annotated[int, typer.Option("--jobs-per-device", min=1, help="cells at a time on each GPU")]
Device = Annotated[str, typer.Option("--device", help="auto (every GPU, else the CPU), cpu, cuda or cuda:0")]
Precision = Annotated[str | None, typer.Option("--precision", help="fp32 or bf16 [default: the protocol's, fp32]")]
ChannelsLast = Annotated[bool, typer.Option("--channels-last", help="memory layout of images")]
Compiled = Annotated[bool, typer.Option("--compile", help="let torch compile the encoder")]
NameArgument = Annotated[str, typer.Argument(help="a method, a stack or a dataset")]


@app.command()
def run(
    method: Methods,
    dataset: Datasets,
    seeds: Count = None,
    seed: Which = None,
    jobs: Jobs = None,
    jobs_per_device: PerDevice = 1,
    device: Device = "auto",
    precision: Precision = None,
    channels_last: ChannelsLast = False,
    compiled: Compiled = False,
    sets: Sets = None,
    results: Results = Path("results"),
    leaderboard: Annotated[Path | None, typer.Option(help="folder of the boards [default: beside the records]")] = None,
    root: Root = None,
    timeout: Annotated[float | None, typer.Option(min=0, help="seconds after which a cell is ended")] = None,
    retry: Retry = None,
    stale: Stale = None,
    smoke: Annotated[
        bool, typer.Option("--smoke", help="small generated samples, 2 epochs, 2 seeds, a temporary results folder")
    ] = False,
) -> None:
    """Train what is missing, then print and write the boards."""
    from rich.console import Console

    if smoke:
        results, seeds = Path(tempfile.mkdtemp(prefix="bench-smoke-"), "results"), seeds or 2
        sets = [*options.SMOKE, *(sets or [])]
    progress = Console(stderr=True)
    with progress.status("reading methods, data and records"):
        from bench.cli.progress import Display
        from bench.data import files
        from bench.leaderboard import publish
        from bench.runs import catalogue, cells, runner, select

        folder = files.root(root)
        chosen = options.seeds(seeds, seed)
        overrides = options.overrides(sets, precision=precision, channels_last=channels_last, compile=compiled)
        rows = select.rows(method, dataset, overrides, smoke)
        plan = cells.plan(rows, chosen, overrides, results, folder, options.statuses(retry), options.rerun(stale))
        executor = runner.local(plan.todo, jobs, device, folder, timeout, jobs_per_device)
    for line in options.notes(plan):
        progress.print(line, markup=False, highlight=False, soft_wrap=True)
    outcome = runner.run(plan, executor, results, Display(plan, executor.jobs, progress))
    touched = sorted({item.cell.dataset for item in plan.planned})
    written = publish.write(results, leaderboard or results.parent / "leaderboard", catalogue)
    for name in touched:
        publish.show(results, name, catalogue, Console())
    print(f"boards written: {', '.join(map(str, written)) or 'none changed'}")
    if outcome.failed:
        _end(f"{len(outcome.failed)} cells failed; their records say why; run again with --retry failed", 1)


@app.command()
def plan(
    method: Methods,
    dataset: Datasets,
    seeds: Count = None,
    seed: Which = None,
    jobs: Jobs = None,
    jobs_per_device: PerDevice = 1,
    device: Device = "auto",
    precision: Precision = None,
    channels_last: ChannelsLast = False,
    compiled: Compiled = False,
    sets: Sets = None,
    results: Results = Path("results"),
    root: Root = None,
    retry: Retry = None,
    stale: Stale = None,
) -> None:
    """Show what `run` with the same arguments would train, what is done, stale or failed, and the time it takes."""
    from bench.data import files
    from bench.runs import cells, estimate, runner, select

    folder = files.root(root)
    overrides = options.overrides(sets, precision=precision, channels_last=channels_last, compile=compiled)
    rows = select.rows(method, dataset, overrides)
    made = cells.plan(
        rows, options.seeds(seeds, seed), overrides, results, folder, options.statuses(retry), options.rerun(stale)
    )
    executor = runner.local(made.todo, jobs, device, folder, None, jobs_per_device)
    print(estimate.table(made))
    for line in (*options.notes(made), estimate.estimate(made, results, executor.jobs)):
        print(line)


@app.command()
def search(
    method: Methods,
    dataset: Datasets,
    seed: Annotated[str, typer.Option("--seed", help="which seeds; those of the boards are refused")] = "100",
    jobs: Jobs = None,
    jobs_per_device: PerDevice = 1,
    device: Device = "auto",
    results: Results = Path("search/results"),
    root: Root = None,
    keep: Annotated[bool, typer.Option("--keep", help="make the best the defaults of this installation")] = False,
) -> None:
    """Try each method's few candidates where no value is published, and print what validation says of them."""
    from rich.console import Console

    from bench.cli.progress import Display
    from bench.data import files
    from bench.leaderboard.format import ranges
    from bench.leaderboard.spec import SEEDS
    from bench.runs import cells, runner
    from bench.runs import search as searching

    seeds = options.seeds(None, seed)
    if shared := sorted(set(seeds) & set(SEEDS)):
        raise BenchError(f"seeds {ranges(shared)} are those of the boards; search on others, e.g. --seed 100")
    folder = files.root(root)
    plan = cells.plan(searching.rows(method, dataset), seeds, {}, results, folder)
    executor = runner.local(plan.todo, jobs, device, folder, None, jobs_per_device)
    runner.run(plan, executor, results, Display(plan, executor.jobs, Console(stderr=True)))
    found = searching.tried(plan, results)
    print(searching.table(found))
    if keep:
        searching.keep(found)


@app.command("list")
def list_(matrix: Annotated[bool, typer.Option("--matrix", help="where each method is defined")] = False) -> None:
    """All methods and datasets."""
    from bench.cli import describe

    print(describe.matrix() if matrix else describe.table())


@app.command()
def show(name: NameArgument, root: Root = None) -> None:
    """One method or dataset: paper, slots, parameters, values per dataset, data source, shots."""
    from bench.cli import describe
    from bench.data import files

    print(describe.page(name, files.root(root)))


@app.command()
def check(
    kind: Annotated[str, typer.Argument(help="method or dataset")], name: NameArgument, root: Root = None
) -> None:
    """Check the contract of a plug-in: shapes, finite gradients, same seed same numbers, the test split unread."""
    from bench.data import files
    from bench.testing import contract

    if kind not in ("method", "dataset"):
        raise BenchError(f"cannot check a '{kind}'; write bench check method NAME or bench check dataset NAME")
    failed = 0
    for title, problem in contract.run(kind, name, files.root(root)):
        failed += problem is not None
        print(f"{'ok    ' if problem is None else 'FAILED'} {title}{'' if problem is None else f': {problem}'}")
    if failed:
        _end(f"{failed} checks failed", 1)


@app.command()
def leaderboard(
    dataset: Annotated[str | None, typer.Option("--dataset", help="print this board too")] = None,
    results: Results = Path("results"),
    folder: Boards = Path("leaderboard"),
    check: Annotated[bool, typer.Option("--check", help="write nothing; exit 1 when a file differs")] = False,
) -> None:
    """Write the boards from the records."""
    from bench.leaderboard import publish
    from bench.runs import catalogue

    if check:
        differing = publish.differing(results, folder, catalogue)
        if differing:
            _end(f"not as the records give them: {', '.join(differing)}; run bench leaderboard", 1)
        print("all boards are as the records give them")
        return
    if dataset is not None:
        from rich.console import Console

        publish.show(results, dataset, catalogue, Console())
    written = publish.write(results, folder, catalogue)
    print(f"boards written: {', '.join(map(str, written)) or 'none changed'}")


@app.command()
def profile(
    what: Annotated[str, typer.Argument(help="methods (on a dataset), losses or harness")] = "methods",
    method: Annotated[str, typer.Option("--method", help="of methods: which")] = "baseline,mt,rot_reg,mt+rot_reg",
    dataset: Annotated[str | None, typer.Option("--dataset", help="of methods: one dataset")] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="of methods [default: the protocol's]")] = None,
    steps: Annotated[int, typer.Option(min=2, help="of methods: steps to time")] = 50,
    device: Device = "auto",
    precision: Precision = None,
    channels_last: ChannelsLast = False,
    compiled: Compiled = False,
    sets: Sets = None,
    root: Root = None,
    write: Annotated[Path | None, typer.Option("--write", help="a file NAME.md; of methods, JSON beside it")] = None,
) -> None:
    """What methods, their losses or the harness itself cost, as markdown."""
    from bench.atomic import replace_file, require_writable
    from bench.profiling import harness

    if write is not None:
        if write.suffix != ".md":
            raise BenchError(f"--write {write}: name the markdown file, ending in .md")
        require_writable(write.parent, "--write")
    known = {"harness": harness.harness, "losses": harness.losses}
    if what not in {"methods", *known}:
        raise unknown("profile", what, ["methods", *known])
    if what in known:
        table = known[what]()
    else:
        from bench.data import files
        from bench.profiling import steps as costs
        from bench.runs import runner, select

        if dataset is None:
            raise BenchError("name a dataset to profile methods on, e.g. --dataset circle")
        fields = {"batch_size": batch_size, "precision": precision, "channels_last": channels_last}
        overrides = options.overrides(sets, compile=compiled, **fields)
        ((on, named),) = select.rows(method, dataset, overrides)
        names, folder = [one.name for one in named], files.root(root)
        files.verify(on.dataset, folder, on.name)
        made = costs.measure(on.name, names, overrides, steps, folder, runner.devices(device)[0])
        table = costs.table(made)
        if write is not None:
            replace_file(write.with_suffix(".json"), costs.text(made).encode())
    print(table)
    if write is not None:
        replace_file(write, f"{table}\n".encode())


@app.command()
def schema() -> None:
    """The JSON Schema of a record."""
    from bench.results.record import schema

    print(schema(), end="")


@data.command()
def status(
    dataset: Annotated[str, typer.Option("--dataset", help="datasets or groups")] = "all", root: Root = None
) -> None:
    """What is present, missing or wrong, from where, under what terms."""
    from bench.cli import describe
    from bench.data import files
    from bench.plugins import resolve
    from bench.runs import select

    folder = files.root(root)
    print(f"data folder: {folder}")
    print(describe.files([resolve.dataset(name) for name in select.dataset_names(dataset)], folder))


@data.command()
def fetch(name: Annotated[str, typer.Argument(help="datasets or groups")], root: Root = None) -> None:
    """Download the files that may be downloaded, and check their SHA-256."""
    from bench.data import files
    from bench.plugins import resolve
    from bench.runs import select

    for one in select.dataset_names(name):
        on = resolve.dataset(one)
        for path in files.fetch(on.dataset, files.root(root)):
            print(f"{on.name}: {path}")


@data.command()
def add(
    name: Annotated[str, typer.Argument(help="a dataset")],
    path: Annotated[Path, typer.Argument(help="a file, or a folder that holds its files")],
    root: Root = None,
) -> None:
    """Take files that you have, checked against what the dataset expects."""
    from bench.data import files
    from bench.plugins import resolve

    on, folder = resolve.dataset(name).dataset, files.root(root)
    for copied in files.add(on, folder, path):
        print(copied)
    if on.folder is not None:
        number, missing = files.take(on.folder, folder, path)
        print(f"{number - len(missing):,} of {number:,} files are in {folder / on.folder.path}")
        if missing:
            _end(f"{len(missing):,} are missing: {files.first(missing)}", 1)


@data.command()
def preview(
    name: Annotated[str, typer.Argument(help="a dataset")],
    split: Annotated[str, typer.Option(help="train, val or test")] = "train",
    out: Annotated[Path | None, typer.Option(help="the PNG file [default: NAME-SPLIT.png]")] = None,
    root: Root = None,
) -> None:
    """Draw a sheet of samples with their labels, real or synthetic."""
    from bench.cli import preview
    from bench.data import files
    from bench.plugins import resolve

    on = resolve.dataset(name)
    print(preview.draw(on, split, files.root(root), out or Path(f"{on.name}-{split}.png")))


def main() -> None:
    """Entry point: bad input is one line and exit code 2."""
    try:
        code = app(standalone_mode=False)
    except BenchError as error:
        _exit(str(error), 2)
    except TyperException as error:
        _exit(error.format_message(), 2)
    except (typer.Abort, KeyboardInterrupt):
        _exit(STOPPED, INTERRUPTED)
    if code == INTERRUPTED:
        _exit(STOPPED, code)
    sys.exit(code or 0)


def _exit(message: str, code: int) -> None:
    print(f"bench: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(code)


def _end(message: str, code: int) -> None:
    print(f"bench: {message}", file=sys.stderr)
    raise typer.Exit(code)
