"""Commands that print or write a page."""

import json

import pytest

from support.command_line import bench


def test_a_profile_makes_the_folder_that_it_is_to_be_written_to(tmp_path):
    words = "profile", "--method", "mt", "--dataset", "circle", "--steps", "2", "--write"
    assert bench(*words, "new/folder/table.md", cwd=tmp_path).returncode == 0
    assert "| mt " in (tmp_path / "new/folder/table.md").read_text()
    refused = bench(*words, "new/folder/table.md/table.md", cwd=tmp_path)
    assert refused.returncode == 2
    assert "--write" in refused.stderr


@pytest.mark.parametrize(
    "words", [["list"], ["list", "--matrix"], ["show", "oe"], ["show", "circle"], ["data", "status"], ["schema"]]
)
def test_pages_print(words, tmp_path):
    result = bench(*words, cwd=tmp_path)
    assert result.returncode == 0
    assert len(result.stdout) > 200
    assert not result.stderr


def test_the_schema_command_prints_json(tmp_path):
    assert json.loads(bench("schema", cwd=tmp_path).stdout)["title"] == "Record"
