"""Records against their own earlier versions in Git: no training has two outcomes.

Whoever edits a record and all of its evidence alike leaves nothing in the folder that tells. Where the folder is in a
Git repository, the commit that brought the record still has its numbers.
"""

import hashlib
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
    """Records that say otherwise than a commit has of the same training, which had finished.

    The same training has the same key, and began at the same second: then all of its record stays as it was. One on the
    same code and machine may take other times, and gives the same numbers. Nothing is found where there is no Git
    repository, or one that has no earlier version.

    Args:
        digests: SHA-256 of the file of each cell.
    """
    head = git.printed(results, "rev-parse", "HEAD")
    by_path = {record.path: record for record in records}
    if head is None or not by_path:
        return []
    asked = [str(results.absolute()), head.decode().strip(), [digests[record.cell] for record in records]]
    answer = remembered("committed", asked, lambda: [list(one) for one in _found(results, by_path, digests)])
    return [Difference(cell, "commit", text) for cell, text in answer]


def _found(results: Path, records: Mapping[str, Record], digests: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    versions = list(_versions(results, records))
    texts = _texts(results, [blob for _, blob, _ in versions])
    for (path, _, commit), text in zip(versions, texts, strict=True):
        record = records[path]
        # what is committed as it lies there, as nearly all is, need not be read a second time
        if record.key.encode() not in text or hashlib.sha256(text).hexdigest() == digests[record.cell]:
            continue
        try:
            earlier = Record.model_validate(json.loads(text))
        except ValueError:  # of a schema that is read no more
            continue
        if earlier.status == "ok" and _differs(earlier, text, record, digests[record.cell]):
            yield (
                record.cell,
                f"commit {commit[:10]} has another record of this very training; put it and its predictions "
                "back as they were committed, or remove them and train the cell again",
            )


def _differs(earlier: Record, text: bytes, record: Record, digest: str) -> bool:
    if earlier.key != record.key:
        return False
    if earlier.started == record.started:
        ends = text, text.replace(b"\n", b"\r\n")  # which Git may write on Windows
        return digest not in (hashlib.sha256(content).hexdigest() for content in ends)
    return _machine(earlier) == _machine(record) != () and _numbers(earlier) != _numbers(record)


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


def _machine(record: Record) -> tuple[Any, ...]:
    if record.environment is None or not record.environment.deterministic:
        return ()
    return tuple(getattr(record.environment, field) for field in MACHINE)


def _numbers(record: Record) -> tuple[Any, ...]:
    return record.predictions and record.predictions.sha256, record.selection, record.metrics
