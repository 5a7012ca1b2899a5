import subprocess
import sys
from pathlib import Path

import pytest

import bench
from bench import plugins
from bench.data import files
from bench.errors import BenchError
from bench.method import SLOTS
from bench.plugins import resolve, syntax
from bench.testing import contract

ROOT = Path(bench.__file__).parents[1]


@pytest.mark.parametrize("folder", ["methods", "datasets"])
def test_no_init_file_turns_a_plugin_folder_into_a_package(folder):
    assert not list(ROOT.glob(f"{folder}/__init__.py"))


def test_datasets_is_still_hugging_faces_library():
    import datasets

    assert hasattr(datasets, "load_dataset")


@pytest.mark.parametrize("name", sorted(plugins.modules("method")))
def test_slots_read_from_the_source_are_those_of_the_class(name):
    hooks = plugins.source("method", name).hooks
    assert tuple(slot for slot in SLOTS if slot in hooks) == plugins.load("method", name).slots()


@pytest.mark.parametrize("kind", ["method", "dataset"])
def test_every_plugin_says_what_it_is_and_where_it_differs(kind):
    for source in plugins.sources(kind):
        assert source.title.endswith("."), source.name
        assert kind == "dataset" or "Differs:" in source.doc, source.name


@pytest.mark.parametrize("name", sorted(plugins.modules("method")))
def test_every_method_keeps_the_contract(name):
    problems = [f"{title}: {problem}" for title, problem in contract.run("method", name, Path()) if problem]
    assert not problems


@pytest.mark.parametrize("name", sorted(plugins.modules("dataset")))
def test_every_dataset_keeps_the_contract(name):
    root = files.root()
    dataset = resolve.dataset(name).dataset
    missing = any(row.state != "present" for row in files.status(dataset, root))
    # a dataset that has a small source is too large to be loaded here
    given = dataset.small or (dataset.offline if missing else name)
    problems = [f"{title}: {problem}" for title, problem in contract.run("dataset", given, root) if problem]
    assert not problems


def test_plugins_never_import_one_another():
    for kind in ("method", "dataset"):
        for module in plugins.modules(kind).values():
            imported = set(syntax.imported(module))
            assert not imported & {
                *plugins.modules("method").values(),
                *plugins.modules("dataset").values(),
            }, module


def test_listing_imports_no_torch():
    code = "import sys, bench.cli, bench.cli.describe; bench.cli.describe.table(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


NEW = '''"""Nothing new.

Paper. Follows nothing.
Differs: nothing.
"""

from bench.method import Method


class New(Method):
    """Plain regression again."""
'''


@pytest.fixture
def plugin_folder(tmp_path, monkeypatch):
    folder = tmp_path / "methods"
    folder.mkdir()
    monkeypatch.setattr(bench, "__path__", [*bench.__path__, str(tmp_path)])
    caches = (plugins.modules, plugins.source, plugins.digest)
    for cached in caches:
        cached.cache_clear()
    yield folder
    for cached in caches:
        cached.cache_clear()


def test_a_new_method_is_one_new_file(plugin_folder):
    sys.modules.pop("bench.methods", None)
    (plugin_folder / "brand_new.py").write_text(NEW)
    assert "brand_new" in plugins.modules("method")
    assert plugins.source("method", "brand_new").title == "Nothing new."


def test_the_digest_sees_code_but_neither_comments_nor_layout_nor_docstrings(plugin_folder):
    sys.modules.pop("bench.methods", None)
    path = plugin_folder / "brand_new.py"

    def digest(text):
        path.write_text(text)
        plugins.digest.cache_clear()
        plugins.modules.cache_clear()
        return plugins.digest("method", "brand_new")

    first = digest(NEW)
    assert digest(NEW.replace("Nothing new", "Something") + "\n\n# a comment\n") == first
    assert digest(NEW + "\n    views = 1\n") != first


def test_an_illegal_stack_names_both_methods_and_the_slot():
    method = resolve.method("mt+lds", resolve.dataset("airfoil[rows=synthetic]"))
    assert method.build().slots() is not None
    parts = (("first", plugins.load("method", "mt")()), ("second", plugins.load("method", "mt")()))
    from bench.stack import Stack

    with pytest.raises(BenchError, match=r"'first' and 'second'.*'head'"):
        Stack(parts)
