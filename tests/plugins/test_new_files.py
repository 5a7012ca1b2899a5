"""A plug-in is one new file: found, and its digest."""

import sys

import pytest

import bench
from bench import plugins

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
    monkeypatch.delitem(sys.modules, "bench.methods", raising=False)
    monkeypatch.delattr(bench, "methods", raising=False)
    monkeypatch.setattr(bench, "__path__", [*bench.__path__, str(tmp_path)])
    caches = (plugins.modules, plugins.source, plugins.digest)
    for cached in caches:
        cached.cache_clear()
    yield folder
    for cached in caches:
        cached.cache_clear()


def test_a_new_method_is_one_new_file(plugin_folder):
    (plugin_folder / "brand_new.py").write_text(NEW)
    assert "brand_new" in plugins.modules("method")
    assert plugins.source("method", "brand_new").title == "Nothing new."


def test_the_digest_sees_code_but_neither_comments_nor_layout_nor_docstrings(plugin_folder):
    path = plugin_folder / "brand_new.py"

    def digest(text):
        path.write_text(text)
        plugins.digest.cache_clear()
        plugins.modules.cache_clear()
        return plugins.digest("method", "brand_new")

    first = digest(NEW)
    assert digest(NEW.replace("Nothing new", "Something") + "\n\n# a comment\n") == first
    assert digest(NEW + "\n    views = 1\n") != first
