"""Every plug-in keeps the contract."""

from pathlib import Path

import pytest

from bench import plugins
from bench.data import files
from bench.plugins import resolve
from bench.testing import contract


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
