"""Help and version of every command."""

import re

import pytest
import typer

import bench as package
from bench.cli.app import app
from support.command_line import bench


def commands(group, words=()):
    yield " ".join(words)
    for name, command in sorted(getattr(group, "commands", {}).items()):
        yield from commands(command, (*words, name))


COMMANDS = list(commands(typer.main.get_command(app)))


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
def test_the_list_of_commands_cuts_no_sentence(group, tmp_path):
    listed = bench(*group.split(), "-h", cwd=tmp_path).stdout.partition("Commands:")[2]
    rows = [line.split(None, 1) for line in listed.strip().splitlines()]
    assert len(rows) > 3
    assert all(re.search(r"[a-z]\.$", text) for _, text in rows), listed


def test_the_version_is_the_packages(tmp_path):
    said = bench("--version", cwd=tmp_path)
    assert (said.returncode, said.stdout) == (0, f"regression-bench {package.__version__}\n")
