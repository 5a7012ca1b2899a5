"""The cells of a run in a folder that several machines see, which claim them one by one.

A claim is a file that can be made only once, on network file systems too. Whoever holds it tells of its progress, and
leaves the record and the predictions for the machine that asked, which alone writes into the results folder.
"""

import contextlib
import io
import json
import os
import re
import socket
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from bench.atomic import replace_file
from bench.errors import BenchError
from bench.plugins.described import Described
from bench.results.record import Record
from bench.runs.plan import Cell
from bench.runs.surroundings import RunContext
from bench.runs.worker import Finished

FOLDER = ".slurm"  # in a results folder: one folder for each run
_NUMBER = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True)
class Claim:
    """Who trains a cell.

    Args:
        holder: the job.
        node: name of its machine.
        since: seconds since 1970.
    """

    holder: str
    node: str
    since: float


@dataclass(frozen=True)
class SharedQueue:
    """What lies in such a folder: what is asked for, claims, progress and what is finished, by a cell's number."""

    folder: Path

    @classmethod
    def make(
        cls, folder: Path, todo: Sequence[Cell], context: RunContext, timeout: float | None, imports: Sequence[str]
    ) -> "SharedQueue":
        """Lay out the cells of a run.

        Args:
            context, timeout, imports: of each cell's executor.
        """
        for part in ("claims", "progress", "done"):
            (folder / part).mkdir(parents=True)
        asked = {"context": asdict(context), "timeout": timeout, "imports": list(imports)}
        replace_file(folder / "asked.json", json.dumps(asked).encode())
        replace_file(folder / "cells.jsonl", "".join(f"{cell.json()}\n" for cell in todo).encode())
        return cls(folder)

    @cached_property
    def cells(self) -> list[Cell]:
        """All cells, in order."""
        return [Cell(**json.loads(line)) for line in (self.folder / "cells.jsonl").read_text().splitlines()]

    @cached_property
    def asked(self) -> tuple[RunContext, float | None, list[str]]:
        """Context, timeout and imports of each cell."""
        told = json.loads((self.folder / "asked.json").read_text())
        context = {**told["context"], "described": tuple(Described(**one) for one in told["context"]["described"])}
        return RunContext(**context), told["timeout"], told["imports"]

    def interrupted(self, holder: str) -> list[int]:
        """Numbers of the cells that a job had begun before it was interrupted, which are still its own."""
        done = self.done()
        return [number for number, claim in self.claims().items() if claim.holder == holder and number not in done]

    def claim(self, holder: str) -> int | None:
        """The number of a free cell, from now on the job's; None where none is left."""
        content = json.dumps(asdict(Claim(holder, socket.gethostname(), time.time())))
        taken = {*self.claimed(), *self.done()}
        for number in (number for number in range(len(self.cells)) if number not in taken):
            try:
                file = os.open(self.folder / "claims" / str(number), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
            except FileExistsError:
                continue
            with os.fdopen(file, "w") as opened:
                opened.write(content)
            return number
        return None

    def release(self, number: int) -> None:
        """Give up a claim whose holder is gone."""
        (self.folder / "claims" / str(number)).unlink(missing_ok=True)

    def claimed(self) -> list[int]:
        """Numbers of the cells that somebody trains, or has trained."""
        return self._numbers("claims")

    def claims(self) -> dict[int, Claim]:
        """Who trains each cell, or has trained it; nobody by name where that is not written yet."""
        found: dict[int, Claim] = {}
        for number in self.claimed():
            path = self.folder / "claims" / str(number)
            with contextlib.suppress(FileNotFoundError):  # released meanwhile
                try:
                    found[number] = Claim(**json.loads(path.read_text()))
                except (ValueError, TypeError):
                    found[number] = Claim("", "", path.stat().st_mtime)
        return found

    def tell(self, number: int, at: dict[str, Any]) -> None:
        """Say how far a cell has come."""
        replace_file(self.folder / "progress" / str(number), json.dumps(at).encode())

    def told(self, number: int) -> dict[str, Any]:
        """How far a cell has come; empty where nothing was said."""
        try:
            return json.loads((self.folder / "progress" / str(number)).read_text())
        except (OSError, ValueError):
            return {}

    def finish(self, number: int, finished: Finished) -> None:
        """Leave what came of a cell."""
        if finished.predictions is not None:
            buffer = io.BytesIO()
            np.savez(buffer, **finished.predictions)  # type: ignore[arg-type]
            replace_file(self.folder / "done" / f"{number}.npz", buffer.getvalue())
        replace_file(self.folder / "done" / f"{number}.json", finished.record.model_dump_json().encode())

    def done(self) -> set[int]:
        """Numbers of the cells that are finished."""
        return set(self._numbers("done", ".json"))

    def finished(self, number: int) -> Finished:
        """What came of a cell."""
        path = self.folder / "done" / f"{number}.json"
        record = Record.model_validate_json(path.read_bytes())
        if record.status != "ok":
            return Finished(record)
        with np.load(path.with_suffix(".npz"), allow_pickle=False) as kept:
            return Finished(record, dict(kept))

    def refuse(self, reason: str) -> None:
        """Say that a machine cannot train cells."""
        replace_file(self.folder / "refused", reason.encode())

    def require_willing(self) -> None:
        """Raise what a machine has said that cannot train cells, as a BenchError."""
        path = self.folder / "refused"
        if path.is_file():
            raise BenchError(path.read_text())

    def _numbers(self, part: str, ending: str = "") -> list[int]:
        names = (entry.name for entry in os.scandir(self.folder / part) if entry.name.endswith(ending))
        found = (name.removesuffix(ending) for name in names if not name.startswith("."))
        return sorted(int(name) for name in found if _NUMBER.fullmatch(name))


def runs(results: Path) -> list[SharedQueue]:
    """The runs below a results folder that other machines train, the oldest first."""
    return [SharedQueue(path.parent) for path in sorted((results / FOLDER).glob("*/cells.jsonl"))]
