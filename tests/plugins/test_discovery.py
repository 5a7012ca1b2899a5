"""What is found of plug-ins without importing them."""

from pathlib import Path

import pytest

import bench
from bench import plugins
from bench.method import SLOTS
from bench.plugins import syntax

ROOT = Path(bench.__file__).parents[1]


@pytest.mark.parametrize("folder", ["methods", "datasets"])
def test_no_init_file_turns_a_plugin_folder_into_a_package(folder):
    assert not list(ROOT.glob(f"{folder}/__init__.py"))


def test_datasets_is_still_hugging_faces_library():
    import datasets

    assert hasattr(datasets, "load_dataset")


@pytest.mark.parametrize("name", plugins.methods())
def test_slots_read_from_the_source_are_those_of_the_class(name):
    hooks = plugins.source("method", name).hooks
    assert tuple(slot for slot in SLOTS if slot in hooks) == plugins.load("method", name).slots()


@pytest.mark.parametrize("kind", ["method", "dataset"])
def test_every_plugin_says_what_it_is_and_where_it_differs(kind):
    for source in plugins.sources(kind):
        assert source.title.endswith("."), source.name
        assert kind == "dataset" or "Differs:" in source.doc, source.name


def test_plugins_never_import_one_another():
    for kind in ("method", "dataset"):
        for module in plugins.modules(kind).values():
            imported = set(syntax.imported(module))
            assert not imported & {
                *plugins.modules("method").values(),
                *plugins.modules("dataset").values(),
            }, module
