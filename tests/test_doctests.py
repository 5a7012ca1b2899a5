"""Every example in a docstring of ours runs and gives what it says."""

import doctest
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROMPT = ">" * 3


def modules_with_examples():
    for folder in ("bench", "methods", "datasets"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if PROMPT in path.read_text():
                parts = path.relative_to(ROOT).with_suffix("").parts
                parts = parts if folder == "bench" else ("bench", *parts)
                yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.mark.parametrize("module", list(modules_with_examples()))
def test_the_examples_in_docstrings_hold(module, monkeypatch):
    monkeypatch.chdir(ROOT)
    result = doctest.testmod(import_module(module))
    assert result.attempted > 0
    assert result.failed == 0
