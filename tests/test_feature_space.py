"""The page on features and the test error is what its command makes of the committed values."""

import importlib.util
from pathlib import Path

import pytest

from bench.runs import association

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def making():
    spec = importlib.util.spec_from_file_location("feature_space", ROOT / "docs/feature_space.py")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@pytest.fixture(scope="module")
def found(making):
    return making.findings()


def test_the_page_is_what_the_values_give(making, found):
    told = {over: association.associations(found, over) for over in making.OVERS}
    assert making.PAGE.read_text(encoding="utf-8") == making.page(found, told), "run: python docs/feature_space.py"


def test_every_picture_of_the_page_is_there_and_shows_every_method(making, found):
    text = making.PAGE.read_text(encoding="utf-8")
    for dataset in found.datasets:
        name = f"{dataset.partition('[')[0]}.svg"
        drawn = (making.PAGE.with_suffix("") / name).read_text(encoding="utf-8")
        assert f"(feature_space/{name})" in text
        assert all(cell.method in drawn for cell in found.cells if cell.dataset == dataset)
    assert "(feature_space/correlations.svg)" in text


def test_the_values_are_of_three_seeds_of_several_methods_on_each_dataset(found):
    assert {name.partition("[")[0] for name in found.datasets} == {"circle", "digits", "torus"}
    for own in found.rows().values():
        assert [cell.seed for cell in own] == [0, 1, 2]
    assert all(len([row for row in found.rows() if row[0] == name]) >= 6 for name in found.datasets)
