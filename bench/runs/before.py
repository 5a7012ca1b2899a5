"""What the code of an earlier commit trains on this machine, to compare today's code with bit for bit."""

import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.cores import available_cores
from bench.errors import BenchError
from bench.names import value_text
from bench.results import store
from bench.results.equivalence import Equivalences
from bench.runs import git
from bench.runs.adopt import Candidate, Trained

HERE = Path(__file__).parents[2]


def require(commit: str) -> None:
    """Refuse what is no commit of the code that runs here."""
    meant = commit.isprintable() and commit.strip() and not commit.startswith("-")  # git takes that for an option
    if not meant or _git("rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}").returncode:
        raise BenchError(f"there is no commit {commit or chr(39) * 2} in {HERE}; name one as git does, e.g. HEAD~3")


def trained(
    commit: str, chosen: Sequence[Candidate], results: Path, root: Path, jobs: int | None = None
) -> dict[str, Trained]:
    """The chosen cells as the code of a commit trains them here, by their names.

    Args:
        jobs: rows at a time; one a core unless given.

    Raises:
        BenchError: there is no such commit, its code does not train a cell, or would not give that cell's record.
    """
    known, found = Equivalences.read(results), dict[str, Trained]()
    with (
        _checkout(commit) as folder,
        TemporaryDirectory() as made,
        ThreadPoolExecutor(jobs or available_cores()) as pool,
    ):
        rows: dict[tuple[str, str, tuple[str, ...]], list[Candidate]] = defaultdict(list)
        for one in chosen:
            given = (f"{key}={value_text(value)}" for key, value in one.record.config["overrides"].items())
            rows[one.record.dataset, one.record.method, tuple(given)].append(one)
        for (dataset, method, given), row in rows.items():
            seeds = ",".join(str(one.record.seed) for one in row)
            settings = [word for text in given for word in ("--set", text)]
            which = ["--method", method, "--dataset", dataset, "--seed", seeds, *settings]
            where = ["--device", "cpu", "--jobs", "1", "--results", made, "--data", str(root.absolute())]
            pool.submit(_run, folder, [*which, *where])
        pool.shutdown()
        for one in chosen:
            path = store.path_of(Path(made), one.record.dataset, one.record.method, one.record.seed)
            record = store.read(path) if path.is_file() else None
            if record is None or record.status != "ok":
                raise BenchError(f"the code of {commit} does not train {one.name}; take another commit")
            if not known.is_current(one.record, record.config):
                raise BenchError(
                    f"{one.name} is not what the code of {commit} gives; take the commit before the change"
                )
            found[one.name] = record, store.predictions(Path(made), record)
    return found


@contextmanager
def _checkout(commit: str) -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        place = Path(folder) / "code"
        added = _git("worktree", "add", "--detach", str(place), commit)
        if added.returncode:
            raise BenchError(
                f"cannot check out {commit}: {added.stderr.decode(errors='replace').strip().splitlines()[-1]}"
            )
        try:
            yield place
        finally:
            _git("worktree", "remove", "--force", str(place))


def _git(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    made = git.called(HERE, *arguments)
    if made is None:
        raise BenchError("earlier code is checked out by git, which is not installed")
    return made


def _run(folder: Path, arguments: Sequence[str]) -> None:
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    subprocess.run(
        [sys.executable, "-m", "bench", "run", *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,  # what it did not train is told below, by cell
    )
