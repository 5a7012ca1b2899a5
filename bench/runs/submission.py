"""`bench submit`: what a pull request with results of somebody else needs, checked before it is sent."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean, stdev

from tabulate import tabulate

import bench
from bench.leaderboard.format import ranges, short
from bench.printable import plain
from bench.results.record import Record
from bench.runs.verify import Report

FILE = "SUBMISSION.md"


def text(report: Report, folder: Path) -> str:
    """The words of the pull request: rows, how they were made, what was checked, and the reviewer's commands."""
    kept = folder.as_posix()
    rerun = [f"- {name}: {'agrees' if same else 'DIFFERS'}, {how}" for name, same, how in report.rerun]
    return "\n".join(
        (
            f"# {sum(record.status == 'ok' for record in report.records)} results",
            "",
            tabulate(_rows(report.records), ("dataset", "method", "seeds", "failed", "test"), tablefmt="github"),
            "",
            "## How they were made",
            "",
            *_environments(report.records),
            "",
            "## What was checked",
            "",
            f"- `bench verify` (regression-bench {bench.__version__}): every number is as its predictions have it.",
            *(f"- not scored, for want of data: {name}" for name in report.verdict.unscored),
            *(["", "Trained again:", "", *rerun] if rerun else []),
            "",
            "## To look at it",
            "",
            "```sh",
            f"bench verify --results {kept} --rerun 3",
            f"bench merge {kept} --results results && bench leaderboard",
            "```",
            "",
        )
    )


def doubts(records: list[Record]) -> Iterator[str]:
    """What a reviewer would ask, though nothing is wrong with it."""
    dirty = {f"{r.dataset}/{r.method}" for r in records if r.environment and r.environment.git_dirty}
    if dirty:
        yield f"code was not committed when these were trained: {', '.join(sorted(dirty))}"
    unknown = {f"{r.dataset}/{r.method}" for r in records if r.environment and r.environment.git_sha is None}
    if unknown:
        yield f"no commit is known of these, which an installed package trained: {', '.join(sorted(unknown))}"
    few = {row for row, own in _by_row(records).items() if len(own) < 2 and not own[0].is_reference}
    if few:
        yield f"one seed alone: {', '.join(sorted('/'.join(row) for row in few))}"


def _by_row(records: list[Record]) -> dict[tuple[str, str], list[Record]]:
    found: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for record in records:
        found[record.dataset, record.method].append(record)
    return found


def _rows(records: list[Record]) -> Iterator[tuple[str, str, str, str, str]]:
    for (dataset, method), own in _by_row(records).items():
        fine = [record for record in own if record.status == "ok"]
        shown = ""
        if fine:
            metric = next(iter(fine[0].metrics["test"]["all"]))
            values = [value for record in fine if (value := record.metrics["test"]["all"][metric]) is not None]
            spread = f" ± {short(stdev(values))}" if len(values) > 1 else ""
            shown = f"{metric} {short(fmean(values))}{spread}" if values else ""
        seeds, failed = ranges(sorted(record.seed for record in fine)), len(own) - len(fine)
        yield plain(dataset), plain(method), seeds, str(failed or ""), shown


def _environments(records: list[Record]) -> list[str]:
    found = {
        f"- torch {e.torch}, {e.device if e.device != 'cpu' else e.cpu} ({e.cpu_capability}), commit "
        f"{e.git_sha or 'unknown'}{', with changes' if e.git_dirty else ''}"
        for e in (record.environment for record in records)
        if e is not None
    }
    return sorted(map(plain, found))
