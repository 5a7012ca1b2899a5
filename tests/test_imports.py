"""The direction of imports, rooms without torch, and the length of files.

import-linter would not do: it looks for modules below bench/ only, so it never sees methods/ and datasets/, nor an
`import_module("bench.cli")`. Here every import counts: in functions, for types, relative, and by a literal name.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# room -> rooms directly below it; a room may import all that lies below it, on any way. A room is a module or a
# package in bench/, or one of the two plug-in folders.
BELOW = {
    "__main__": "cli",
    "api": "testing losses",
    "cli": "profiling testing losses plot",
    "plot": "site",
    "integrations": "errors",
    "site": "runs",
    "profiling": "testing",
    "testing": "runs",
    "runs": "models leaderboard memory analysis",
    "models": "training plugins described",
    "described": "plugins printable",
    "training": "stack bases results probabilistic",
    "plugins": "stack bases names numerics losses memory atomic",
    "analyses": "analysis",
    "analysis": "",
    "losses": "methods",
    "methods": "bases",
    "datasets": "bases",
    "bases": "data",
    "data": "method synthetic atomic cores paths",
    "synthetic": "dataset",
    "stack": "method",
    "method": "dataset slots",
    "dataset": "functional protocol shots",
    "shots": "metrics",
    "leaderboard": "evidence shots memory",
    "evidence": "results",
    "results": "protocol atomic names shots printable",
    "functional": "errors protocol",
    "metrics": "errors relevance formulas",
    "formulas": "",
    "relevance": "",
    "protocol": "errors ranges",
    "memory": "atomic paths",
    "probabilistic": "",
    "slots": "",
    "cores": "",
    "ranges": "",
    "atomic": "errors leftovers",
    "leftovers": "",
    "names": "errors paths",
    "paths": "errors",
    "numerics": "",
    "printable": "",
    "errors": "",
}
PLUGINS = ("methods", "datasets")  # loaded by name; of these, one never imports another
PLUGIN_IMPORTERS = {"losses"}
WITHOUT_TORCH = ("leaderboard", "evidence", "results")
LONGEST = 300

PUBLIC = "the public API"  # names of bench/__init__.py, which is the roof: it reaches everything, lazily


def python_files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    parts = parts if parts[0] == "bench" else ("bench", *parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in python_files("bench", *PLUGINS)}


def room(module: str) -> str:
    return PUBLIC if module in ("bench", PUBLIC) else module.split(".")[1]


def imported(source: str, package: str, known: set[str]) -> Iterator[str]:
    """Modules of ours that this source of a module of `package` imports, by every kind of import statement."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (name.name for name in names if name.name in known - {"bench"})
            case ast.ImportFrom(names=names):
                yield from _imported_from(node, [name.name for name in names], package, known)
            case ast.Call(func=ast.Name("import_module") | ast.Attribute(attr="import_module"), args=[argument]):
                yield from {ast.literal_eval(argument)} & known if isinstance(argument, ast.Constant) else ()


def _imported_from(node: ast.ImportFrom, names: list[str], package: str, known: set[str]) -> Iterator[str]:
    parents = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
    base = ".".join([*parents, *filter(None, [node.module])])
    for name in names if base in known else []:
        if f"{base}.{name}" in known:
            yield f"{base}.{name}"
        elif base != "bench" or name != "__version__":
            yield PUBLIC if base == "bench" else base


def graph() -> dict[str, set[str]]:
    """Of each of our modules but the roof, what it imports of ours."""
    known = set(MODULES)
    return {
        module: set(imported(path.read_text(), _package(module, path), known)) - {module}
        for module, path in MODULES.items()
        if module != "bench"
    }


def _package(module: str, path: Path) -> str:
    return module if path.name == "__init__.py" else module.rpartition(".")[0]


def below(name: str) -> set[str]:
    """All rooms that a room may import."""
    direct = BELOW.get(name, "").split()
    return set(direct).union(*map(below, direct))


def test_the_table_has_a_line_for_every_room():
    assert not {room(module) for module in MODULES} - set(BELOW) - {PUBLIC}


def test_no_import_goes_upwards():
    wrong = [
        f"{module} imports {target}"
        for module, targets in graph().items()
        for target in sorted(targets)
        if room(target) != room(module) and room(target) not in below(room(module))
    ]
    assert not wrong, "\n".join(wrong)


def test_no_modules_import_one_another_in_a_circle():
    try:
        TopologicalSorter(graph()).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_plugins_are_leaves():
    wrong = [
        f"{module} imports {target}"
        for module, targets in graph().items()
        for target in targets
        if room(target) in PLUGINS and room(module) not in PLUGIN_IMPORTERS
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("import bench.cli.options", ["bench.cli.options"]),
        ("def late():\n    from bench.cli import options", ["bench.cli.options"]),
        ("if TYPE_CHECKING:\n    from bench.cli.options import Seeds", ["bench.cli.options"]),
        ("from ..cli import options", ["bench.cli.options"]),
        ("from . import store", ["bench.results.store"]),
        ("from .store import read", ["bench.results.store"]),
        ("importlib.import_module('bench.cli')", ["bench.cli"]),
        ("from bench import cli", ["bench.cli"]),
        ("from bench import train", [PUBLIC]),
        ("from bench import __version__", []),
        ("import bench", []),
        ("import datasets, torch\nfrom datasets import load_dataset", []),
    ],
)
def test_every_kind_of_import_is_seen(line, found):
    known = {"bench", "bench.cli", "bench.cli.options", "bench.results", "bench.results.store", "bench.datasets"}
    assert list(imported(line, "bench.results", known)) == found


def test_boards_and_records_never_import_torch():
    """Each module in turn in one fresh process, and all that their rooms may import."""
    rooms = set(WITHOUT_TORCH).union(*map(below, WITHOUT_TORCH))
    modules = sorted((m for m in MODULES if m != "bench" and room(m) in rooms), key=lambda m: room(m) in WITHOUT_TORCH)
    code = (
        "import importlib, sys\n"
        "for module in sys.argv[1:]:\n"
        "    importlib.import_module(module)\n"
        "    if 'torch' in sys.modules:\n"
        "        sys.exit(f'{module} imports torch')\n"
    )
    run = subprocess.run([sys.executable, "-c", code, *modules], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


def test_no_file_of_ours_is_too_long_to_read():
    files = [*python_files("bench", *PLUGINS, "tests"), ROOT / "noxfile.py"]
    lengths = {path.relative_to(ROOT).as_posix(): len(path.read_text().splitlines()) for path in files}
    assert not {name: lines for name, lines in lengths.items() if lines > LONGEST}
