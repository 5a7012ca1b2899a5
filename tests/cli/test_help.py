"""Help and version of every command."""

import re

import pytest

import bench as package
from support.command_line import bench

COMMANDS = ["", "run", "plan", "search", "list", "show", "check", "leaderboard", "verify", "profile", "schema", "new"]
COMMANDS += [
    "data",
    "data status",
    "data fetch",
    "data add",
    "data preview",
    "results",
    "results adopt",
    "export",
    "site",
]


@pytest.fixture(autouse=True)
def _narrow(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_fits_a_narrow_terminal_and_has_a_short_option(command, tmp_path):
    said = bench(*command.split(), "-h", cwd=tmp_path)
    assert said.returncode == 0
    assert said.stdout == bench(*command.split(), "--help", cwd=tmp_path).stdout
    assert max(map(len, said.stdout.splitlines())) <= 80


@pytest.mark.parametrize("group", ["", "data"])
def test_the_list_of_commands_is_complete_and_cuts_no_sentence(group, tmp_path):
    listed = bench(*group.split(), "-h", cwd=tmp_path).stdout.partition("Commands:")[2]
    rows = [line.split(None, 1) for line in listed.strip().splitlines()]
    inside = {words.split()[-1] for words in COMMANDS if words.startswith("data ")}
    expected = inside if group else {words for words in COMMANDS if words and " " not in words}
    assert {name for name, _ in rows} == expected
    assert all(re.search(r"[a-z]\.$", text) for _, text in rows), listed


def test_the_version_is_the_packages(tmp_path):
    said = bench("--version", cwd=tmp_path)
    assert (said.returncode, said.stdout) == (0, f"regression-bench {package.__version__}\n")
