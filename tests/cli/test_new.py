"""Files of new methods and datasets."""

import sys

import pytest

import bench as package
from bench import plugins
from bench.testing import contract
from support.command_line import bench


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A folder whose methods and datasets are found first, beside the real ones."""
    for folder in ("methods", "datasets"):
        (tmp_path / folder).mkdir()
        monkeypatch.delitem(sys.modules, f"bench.{folder}", raising=False)
        monkeypatch.delattr(package, folder, raising=False)
    own, *others = package.__path__
    monkeypatch.setattr(package, "__path__", [own, str(tmp_path), *others])
    caches = (plugins.modules, plugins.source, plugins.digest, plugins.numerics)
    for cached in caches:
        cached.cache_clear()
    yield tmp_path
    for cached in caches:
        cached.cache_clear()


@pytest.mark.parametrize("kind", ["method", "dataset"])
def test_a_new_file_passes_its_check_as_it_stands(kind, checkout, tmp_path):
    name = f"brand_new_{kind}"
    said = bench("new", kind, name, cwd=tmp_path)
    path = checkout / f"{kind}s" / f"{name}.py"
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout == f"written: {path}\nnext: bench check {kind} {name}\n"
    plugins.modules.cache_clear()
    assert plugins.source(kind, name).title.startswith(f"Brand new {kind}: ")
    assert plugins.load(kind, name).__name__ == f"BrandNew{kind.capitalize()}"
    checks = list(contract.run(kind, name, tmp_path))
    assert len(checks) > 5
    assert [finding for finding in checks if finding.state != "ok"] == []


def test_a_file_is_never_replaced(checkout, tmp_path):
    assert bench("new", "method", "mine", cwd=tmp_path).returncode == 0
    path = checkout / "methods/mine.py"
    path.write_text("# changed")
    again = bench("new", "method", "mine", cwd=tmp_path)
    assert again.returncode == 2
    assert again.stderr.count("\n") == 1
    out = bench("new", "method", "mine", "--out", checkout / "methods", cwd=tmp_path)
    assert out.returncode == 2
    assert path.read_text() == "# changed"


@pytest.mark.parametrize(
    ("kind", "name", "message"),
    [
        ("method", "oe", "there is a method 'oe' already"),
        ("dataset", "oe", "there is a method 'oe' already"),
        ("method", "circle", "there is a dataset 'circle' already"),
        ("dataset", "uci", "stands for several"),
        ("method", "all-stacks", "lower-case letters"),
        ("method", "singles", "stands for several"),
        ("method", "_hidden", "lower-case letters"),
        ("method", "MyLoss", "lower-case letters"),
        ("method", "../mine", "lower-case letters"),
        ("method", "lambda", "lower-case letters"),
        ("board", "mine", "bench new method NAME"),
    ],
)
def test_a_bad_name_is_refused_in_one_line(kind, name, message, tmp_path):
    said = bench("new", kind, name, "--out", tmp_path / "out", cwd=tmp_path)
    assert said.returncode == 2
    assert message in said.stderr
    assert said.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_folder_of_ones_own_needs_an_entry_point(tmp_path):
    said = bench("new", "dataset", "mine", "--out", tmp_path / "own", cwd=tmp_path)
    assert (tmp_path / "own/mine.py").is_file()
    assert '[project.entry-points."bench.datasets"]\nmine = "YOUR_PACKAGE.mine"\n' in said.stdout


def test_nothing_is_written_into_an_installed_wheel(tmp_path, monkeypatch):
    installed = tmp_path / "bench"
    (installed / "methods").mkdir(parents=True)
    monkeypatch.setattr(package, "__path__", [str(installed)])
    monkeypatch.setattr(package, "__file__", str(installed / "__init__.py"))
    said = bench("new", "method", "mine", cwd=tmp_path)
    assert said.returncode == 2
    assert "--out FOLDER" in said.stderr
    assert not list((installed / "methods").iterdir())
