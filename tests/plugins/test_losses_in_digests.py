"""A plug-in that takes a loss from `bench.losses` is digested as if it had imported the module that defines it."""

import sys

import pytest

from bench.plugins import syntax


@pytest.fixture
def imported_by(tmp_path, monkeypatch):
    """Source text -> the modules that it imports."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def imported(text):
        (tmp_path / "outsider.py").write_text(text)
        sys.modules.pop("outsider", None)
        return set(syntax.imported("outsider"))

    return imported


@pytest.mark.parametrize(
    "text",
    [
        "from bench.losses import ranksim",
        "from bench.losses import ranksim as term",
        "from bench.losses import *",
        "from bench import losses\nlosses.ranksim",
        "import bench\nbench.losses.ranksim",
        "import bench.losses as all_of_them\nall_of_them.ranksim",
        "def late():\n    from bench.losses import ranksim",
    ],
)
def test_a_loss_counts_as_the_module_that_defines_it(imported_by, text):
    assert "bench.methods.ranksim" in imported_by(text)


@pytest.mark.parametrize(
    "text",
    [
        "from bench.losses import topology",
        "from bench.method import Method\nMethod.ranksim",
        "import bench\nbench.losses.rot",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from bench.losses import ranksim",
    ],
)
def test_other_losses_and_types_do_not(imported_by, text):
    assert "bench.methods.ranksim" not in imported_by(text)


def test_a_shared_loss_counts_as_its_shared_module(imported_by):
    assert "bench.functional.topology" in imported_by("from bench.losses import topology")


def test_the_roof_and_the_list_of_losses_bring_nothing_along():
    assert not {module for name in ("bench", "bench.losses") for module in syntax.imported(name) if "methods" in module}
