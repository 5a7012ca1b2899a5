import sys
from pathlib import Path

import nox

nox.needs_version = ">=2024.10"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.sessions = ["lint", "tests", "smoke"]


@nox.session
def lint(session: nox.Session) -> None:
    """Style, imports and types."""
    session.install("-e", ".", *nox.project.dependency_groups(nox.project.load_toml("pyproject.toml"), "dev"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("pyright")


@nox.session
def tests(session: nox.Session) -> None:
    """The test suite on all cores."""
    session.install("-e", ".[text]", *nox.project.dependency_groups(nox.project.load_toml("pyproject.toml"), "dev"))
    session.run("pytest", "-n", "auto", *session.posargs, env={"OMP_NUM_THREADS": "1"})


@nox.session
def smoke(session: nox.Session) -> None:
    """The wheel in an empty environment, away from the checkout: list, then a tiny run of everything."""
    dist = Path(session.create_tmp()) / "dist"
    session.install("build")
    session.run("python", "-m", "build", "--wheel", "--outdir", str(dist), ".", silent=True)
    (wheel,) = dist.glob("*.whl")
    session.install(str(wheel))
    session.chdir(session.create_tmp())
    session.run("bench", "list")
    session.run("bench", "run", "--method", "all", "--dataset", "all", "--smoke", env={"OMP_NUM_THREADS": "1"})
    session.log(f"python {sys.version.split()[0]}: the wheel runs")
