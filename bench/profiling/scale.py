"""How the harness grows: records that are read, published and verified, and cells that are planned.

Records are those of the committed baselines under further names, so that each stands the checks that ours do. Every
command runs as a user runs it, in a process of its own; those after the first board go on with what it has remembered.
"""

import math
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import count, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import NamedTuple

from tabulate import tabulate

from bench.errors import BenchError
from bench.plugins import resolve
from bench.results import store
from bench.results.key import key_of
from bench.results.record import Record
from bench.runs import cells, select

GROWTH = 10  # from one size to the next
FEWEST_RECORDS, FEWEST_CELLS = 250, 10
SEEDS = 10
MOST_SEEDS = 10_000  # that one command takes
COMMANDS: Mapping[str, Sequence[str]] = {
    "board, first": ("leaderboard",),
    "board, again": ("leaderboard", "--check"),
    "verify": ("verify",),
    "site": ("site", "--out", "site"),
}
ROOT = Path(__file__).parents[2]


class Spent(NamedTuple):
    """Seconds on the clock, seconds of processors, which other programs do not lengthen, and the peak memory in MB."""

    seconds: float
    cpu: float
    peak: float


def scale(results: Path, root: Path, records: int, planned: int) -> str:
    """A markdown table: seconds and peak memory of each command by size, and the exponent with which CPU seconds grow.

    Args:
        results: where the baselines' records lie.
        root: of the data.
        records, planned: at most so many records, and cells.

    Raises:
        BenchError: there are no baselines of ten seeds.
    """
    measured: dict[str, dict[int, Spent]] = {}
    for size in _sizes(FEWEST_RECORDS, records):
        with TemporaryDirectory() as place:
            number = _make(results, Path(place) / "results", size)
            began, busy = perf_counter(), process_time()
            store.read_all(Path(place) / "results")
            measured.setdefault("read", {})[number] = Spent(perf_counter() - began, process_time() - busy, math.nan)
            for name, words in COMMANDS.items():
                measured.setdefault(name, {})[number] = _timed([*words, "--data", str(root)], Path(place))
    for size in _sizes(FEWEST_CELLS, planned):
        with TemporaryDirectory() as place:
            words = ["plan", "--method", "baseline", "--dataset", "circle", "--seeds", str(size), "--data", str(root)]
            if size <= MOST_SEEDS:
                measured.setdefault("plan, one row", {})[size] = _timed(words, Path(place))
            rows = ["plan", "--method", "all", "--dataset", "coordinates,uci", "--data", str(root)]
            if seeds := size // len(all_rows()):
                planned_cells = seeds * len(all_rows())
                spent = _timed([*rows, "--seeds", str(seeds)], Path(place))
                measured.setdefault("plan, all rows", {})[planned_cells] = spent
    lines = [line for name, by_size in measured.items() for line in _lines(name, by_size)]
    return tabulate(lines, ("what", "records or cells", "s", "CPU s", "peak MB", "grows with the power"), "github")


@cache
def all_rows() -> tuple[tuple[str, str], ...]:
    """Each method and dataset of `bench plan --method all --dataset coordinates,uci`."""
    found = select.rows("all", "coordinates,uci", {})
    return tuple((on.name, one.name) for on, named in found for one in named if not one.refusal(on.dataset))


def _sizes(first: int, last: int) -> Iterator[int]:
    while first <= last:
        yield first
        first *= GROWTH


def _make(results: Path, folder: Path, number: int) -> int:
    """Write about so many records below a folder, rows of ten seeds over all datasets; how many there are."""
    baselines = {
        path.parent.name: [store.read(path / f"seed-{seed}.json") for seed in range(SEEDS)]
        for path in sorted(results.glob("*/baseline"))
        if all((path / f"seed-{seed}.json").is_file() for seed in range(SEEDS))
    }
    # records of the first schema do not hold all that one of today's must
    baselines = {name: row for name, row in baselines.items() if all(one.schema_version > 1 for one in row)}
    if not baselines:
        raise BenchError(f"no baseline of {SEEDS} seeds in {results}; name a folder that has some with --results")
    written = 0
    for copies in count(1):
        for dataset, row in baselines.items():
            on = resolve.dataset(dataset)
            method = resolve.method("baseline" if copies == 1 else f"mt[copies={copies}]", on)
            name, config = method.name, cells.config_of(on, method, row[0].config["overrides"])  # 8 is plain mt
            _put(
                results / dataset / "baseline",
                folder / dataset / name,
                [_renamed(one, name, config, copies) for one in row],
            )
            written += SEEDS
            if written >= number:
                return written
    raise AssertionError


def _renamed(record: Record, method: str, config: Mapping[str, object], copies: int) -> Record:
    key = key_of(config, record.seed, record.data_fingerprint)
    # equal times would tell that it is a copy: a millisecond more after each epoch whose bit of the number is set
    history = [
        row.model_copy(update={"seconds": round(row.seconds + 1e-3 * (copies >> number & 1), 3)})
        for number, row in enumerate(record.history)
    ]
    return record.model_copy(update={"method": method, "config": dict(config), "key": key, "history": history})


def _put(source: Path, row: Path, records: Sequence[Record]) -> None:
    row.mkdir(parents=True)
    for file in source.glob("*.npz"):
        shutil.copyfile(file, row / file.name)
    for record in records:
        (row / f"seed-{record.seed}.json").write_text(store.text_of(record), encoding="utf-8")


def _timed(words: Sequence[str], place: Path) -> Spent:
    environment = {**os.environ, "XDG_CACHE_HOME": str(place / "cache"), "PYTHONPATH": str(ROOT)}
    began = perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", _WRAPPED, *words],
        cwd=place,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = perf_counter() - began
    if done.returncode:
        raise BenchError(f"bench {' '.join(words)} failed: {done.stderr.strip().splitlines()[-1]}")
    return Spent(seconds, *map(float, done.stderr.strip().splitlines()[-1].split()))


_WRAPPED = """
import resource, sys
from bench.cli.app import main
try:
    main()
finally:
    spent = resource.getrusage(resource.RUSAGE_SELF)
    print(spent.ru_utime + spent.ru_stime, spent.ru_maxrss / 1024, file=sys.stderr)
"""


def _lines(name: str, by_size: Mapping[int, Spent]) -> Iterator[tuple[str, ...]]:
    powers = {
        size: math.log(by_size[size].cpu / by_size[before].cpu) / math.log(size / before)
        for before, size in pairwise(by_size)
    }
    for size, one in by_size.items():
        power = f"{powers[size]:.2f}" if size in powers else ""
        peak = "" if math.isnan(one.peak) else f"{one.peak:.0f}"
        yield name, f"{size:,}", f"{one.seconds:.2f}", f"{one.cpu:.2f}", peak, power
