"""What the wheel and the sdist hold, and what the files of the project say of it."""

import re
import tarfile
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

import bench

ROOT = Path(__file__).parents[1]


def files(*folders):
    """Paths below these folders of the checkout, without what a run leaves there."""
    found = (path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file())
    kept = (path for path in found if path.parent.name != "__pycache__" and path.suffix not in (".npz", ".lock"))
    return {path.relative_to(ROOT).as_posix() for path in kept}


@pytest.fixture(scope="module")
def sdist(tmp_path_factory):
    """The names in the sdist, from its top folder on."""
    (archive,) = SdistBuilder(str(ROOT)).build(directory=str(tmp_path_factory.mktemp("sdist")), versions=["standard"])
    with tarfile.open(archive) as tar:
        return {name.partition("/")[2] for name in tar.getnames()}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The text of each file in the wheel."""
    (archive,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path_factory.mktemp("wheel")), versions=["standard"])
    with zipfile.ZipFile(archive) as opened:
        return {name: opened.read(name).decode() for name in opened.namelist()}


def test_the_sdist_holds_what_its_tests_read(sdist):
    golden = {path.relative_to(ROOT).as_posix() for path in (ROOT / "tests/golden").iterdir()}
    read = files("bench", "methods", "datasets", "tests", "search/results", "leaderboard") | golden
    alone = {"LICENSE", "CITATION.cff", "CHANGELOG.md", "README.md", "CONTRIBUTING.md", "noxfile.py", "pyproject.toml"}
    assert not (read | alone | {"results/record.schema.json"}) - sdist


def test_the_sdist_leaves_the_records_out(sdist):
    assert not [name for name in sdist if name.startswith("results/") and name.count("/") > 1]


def test_the_wheel_holds_the_package_with_its_plugins_and_nothing_beside(wheel):
    plugins = {f"bench/{name}" for name in files("methods", "datasets")}
    inside = {name for name in wheel if ".dist-info/" not in name}
    assert inside == files("bench") | plugins


def test_the_wheel_names_its_licence_and_brings_it(wheel):
    (metadata,) = (text for name, text in wheel.items() if name.endswith(".dist-info/METADATA"))
    assert "License-Expression: MIT\n" in metadata
    (licence,) = (text for name, text in wheel.items() if name.endswith(".dist-info/licenses/LICENSE"))
    assert licence == (ROOT / "LICENSE").read_text()
    assert licence.startswith("MIT License\n")
    assert "The regression-bench authors" in licence


def test_the_citation_names_this_version():
    version = re.search(r"^version: (\S+)$", (ROOT / "CITATION.cff").read_text(), re.MULTILINE)
    assert version
    assert version[1] == bench.__version__
