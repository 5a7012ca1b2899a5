import os
import shutil
import sys
from pathlib import Path

import nox

nox.needs_version = ">=2024.10"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.sessions = ["lint", "tests", "slow", "docs", "evidence", "smoke"]

os.environ.setdefault("UV_COMPILE_BYTECODE", "1")  # once here, or in each of the processes that tests start

PYPROJECT = nox.project.load_toml("pyproject.toml")
DEV = nox.project.dependency_groups(PYPROJECT, "dev")
TEST = nox.project.dependency_groups(PYPROJECT, "test")
DOCS = nox.project.dependency_groups(PYPROJECT, "docs")
ONE_THREAD = {"OMP_NUM_THREADS": "1"}
EXTRAS = ".[text,tables,onnx,site,gaze,eeg,corruptions]"


def interpreter(version: str) -> str:
    """Path of pyenv's newest interpreter of this version; without one the version, which nox looks for on PATH."""
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = [path for path in versions.glob(f"{version}.*/bin/python") if path.parts[-3].split(".")[-1].isdigit()]
    return str(max(found, key=lambda path: int(path.parts[-3].split(".")[-1]), default=version))


@nox.session
def lint(session: nox.Session) -> None:
    """Style, imports and types."""
    session.install("-e", EXTRAS, *DEV)
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("pyright")


@nox.session
def tests(session: nox.Session) -> None:
    """The test suite on all cores, with its coverage."""
    session.install("-e", EXTRAS, *TEST)
    session.run("pytest", "-n", "auto", "--cov=", "--durations=40", *session.posargs, env=ONE_THREAD)


@nox.session
def slow(session: nox.Session) -> None:
    """The tests that start whole runs and end them by signals, crashes and full disks."""
    session.install("-e", EXTRAS, *TEST)
    session.run("pytest", "-n", "auto", "-m", "slow", *session.posargs, env=ONE_THREAD)


for minor in ("3.11", "3.13"):
    nox.session(tests.func, name=f"tests-{minor}", python=interpreter(minor))


@nox.session(python=interpreter("3.11"), venv_backend="uv")
def lowest(session: nox.Session) -> None:
    """The test suite on the oldest versions that pyproject.toml declares."""
    session.install("--resolution", "lowest-direct", "-e", EXTRAS, *TEST)
    session.run("pytest", "-n", "auto", *session.posargs, env=ONE_THREAD)


@nox.session
def clusters(session: nox.Session) -> None:
    """Cells on a Ray cluster of two nodes, and on a real SLURM of this machine alone, from Debian's packages."""
    if shutil.which("slurmctld") is None:
        session.run("apt-get", "install", "-y", "-q", "slurm-wlm", "munge", external=True, silent=True)
    session.install("-e", EXTRAS.replace("]", ",ray,slurm]"), *TEST)
    programs = ("tests/runs/test_ray.py", "tests/runs/test_slurm.py")
    session.run("pytest", "-m", "slow", *programs, *session.posargs, env=ONE_THREAD)


@nox.session
def sdist(session: nox.Session) -> None:
    """The tests that the sdist brings, in its unpacked tree."""
    (archive,) = build(session, "--sdist").glob("*.tar.gz")
    shutil.unpack_archive(archive, archive.parent, filter="data")
    session.chdir(archive.parent / archive.name.removesuffix(".tar.gz"))
    session.install("-e", EXTRAS, *TEST)
    session.run("pytest", "-n", "auto", *session.posargs, env=ONE_THREAD)


@nox.session
def docs(session: nox.Session) -> None:
    """The documentation, from docs/ and the docstrings; a warning is an error."""
    session.install(*DOCS)
    session.run("zensical", "build", "--strict", "--clean", *session.posargs)


@nox.session
def smoke(session: nox.Session) -> None:
    """The wheel in an empty environment, away from the checkout: what users program, then a tiny run of everything."""
    (wheel,) = build(session).glob("*.whl")  # built from the sdist, which so is shown to be whole
    session.install(str(wheel), *(need for need in TEST if need.startswith(("pytest>", "pytest-xdist>"))))
    checkout = Path.cwd()
    session.chdir(session.create_tmp())
    programs = [checkout / "tests" / name for name in ("test_examples.py", "api/test_run.py", "api/test_estimator.py")]
    where = ("-c", checkout / "pyproject.toml", "--rootdir", checkout)
    session.run("pytest", "-n", "auto", *where, *programs, env=ONE_THREAD)
    session.run("bench", "list")
    session.run("bench", "run", "--method", "all", "--dataset", "all", "--smoke", "--seed", "0", env=ONE_THREAD)
    session.log(f"python {sys.version.split()[0]}: the wheel runs")


@nox.session
def evidence(session: nox.Session) -> None:
    """The committed boards are those of the committed records, and these are what their predictions say."""
    session.install("-e", ".[text]")
    session.run("bench", "verify", env=ONE_THREAD)
    session.run("bench", "leaderboard", "--check", env=ONE_THREAD)
    examples = ("--results", "examples/results", "--leaderboard", "examples/leaderboard")
    session.run("bench", "leaderboard", "--check", *examples, env=ONE_THREAD)


def build(session: nox.Session, *options: str) -> Path:
    """Build into a new folder and return it."""
    dist = Path(session.create_tmp()).resolve() / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    session.install("build")
    session.run("python", "-m", "build", *options, "--outdir", str(dist), ".", silent=True)
    return dist
