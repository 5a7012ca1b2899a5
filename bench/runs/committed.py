"""Records against their own earlier versions in Git: no training has two outcomes.

Whoever edits a record and all of its evidence alike leaves nothing in the folder that tells. Where the folder is in a
Git repository, the commit that brought the record still has its numbers.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.evidence.difference import Difference
from bench.memory import remembered
from bench.results.record import Record
from bench.runs import git

ADDED_NOTHING = "0" * 40  # as Git names the blob of a file that a commit removed
MACHINE = ("torch", "cpu", "cpu_capability", "device", "threads", "git_sha")


def differences(results: Path, records: Sequence[Record], digests: Mapping[str, str]) -> list[Difference]:
    """Finished records whose numbers are others than a commit has of the same training.

    The same training has the same key, and began at the same second or on the same code and machine. Nothing is found
    where there is no Git repository, or one that has no earlier version.

    Args:
        digests: SHA-256 of the file of each cell.
    """
    head = git.printed(results, "rev-parse", "HEAD")
    finished = {record.path: record for record in records if record.status == "ok"}
    if head is None or not finished:
        return []
    asked = [str(results.absolute()), head.decode().strip(), [digests[one.cell] for one in finished.values()]]
    answer = remembered("committed", asked, lambda: [list(one) for one in _found(results, finished)])
    return [Difference(cell, "commit", text) for cell, text in answer]


def _found(results: Path, records: Mapping[str, Record]) -> Iterator[tuple[str, str]]:
    versions = list(_versions(results, records))
    texts = _texts(results, [blob for _, blob, _ in versions])
    for (path, _, commit), text in zip(versions, texts, strict=True):
        record = records[path]
        if record.key.encode() not in text:
            continue
        try:
            earlier = Record.model_validate(json.loads(text))
        except ValueError:  # of a schema that is read no more
            continue
        if _is_same_training(earlier, record) and _numbers(earlier) != _numbers(record):
            yield (
                record.cell,
                f"commit {commit[:10]} has other numbers of this very training; put the record and its predictions "
                "back as they were committed, or remove them and train the cell again",
            )


def _versions(results: Path, paths: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    # path below the folder, Git's name of its content, and the commit that brought that, the earliest first
    log = ("log", "--reverse", "--raw", "-z", "--no-renames", "--no-abbrev", "--relative", "--format=%H")
    wanted, commit, seen = set(paths), "", set[tuple[str, str]]()
    fields = iter((git.printed(results, *log, "--", ".") or b"").split(b"\0"))
    for field in fields:
        text = field.decode(errors="replace").strip()
        if not text.startswith(":"):
            commit = text or commit
            continue
        blob, path = text.split()[3], next(fields, b"").decode(errors="replace")
        if path in wanted and blob != ADDED_NOTHING and (path, blob) not in seen:
            seen.add((path, blob))
            yield path, blob, commit


def _texts(results: Path, blobs: Sequence[str]) -> Iterator[bytes]:
    out = git.printed(results, "cat-file", "--batch", given="".join(f"{blob}\n" for blob in blobs).encode()) or b""
    at = 0
    for _ in blobs:
        end = out.find(b"\n", at)
        words = out[at:end].split()
        size = int(words[2]) if len(words) == 3 else -1  # a shallow or partial clone may lack it
        yield out[end + 1 : end + 1 + size] if size >= 0 else b""
        at = end + 1 + (size + 1 if size >= 0 else 0)


def _is_same_training(one: Record, other: Record) -> bool:
    if one.key != other.key or one.status != "ok":
        return False
    return one.started == other.started or _machine(one) == _machine(other) != ()


def _machine(record: Record) -> tuple[Any, ...]:
    if record.environment is None or not record.environment.deterministic:
        return ()
    return tuple(getattr(record.environment, field) for field in MACHINE)


def _numbers(record: Record) -> tuple[Any, ...]:
    return record.predictions and record.predictions.sha256, record.selection, record.metrics
