"""What the documentation and the README tell users to type exists."""

import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

from bench.cli.app import app

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
CALL = re.compile(r"(?:^|/|&& )bench ([^#&]+)")
BLOCK = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)


def calls(text):
    """Every call of bench: in blocks for a shell, and between backticks."""
    for language, block in BLOCK.findall(text):
        for line in block.splitlines() if language == "sh" else []:
            yield from CALL.findall(line)
    yield from re.findall(r"`bench ([^`]+)`", BLOCK.sub("", text))


def unknown(call):
    """The words of a call that there are not."""
    command, words = get_command(app), shlex.split(call)
    while words and (inner := getattr(command, "commands", {}).get(words[0])) is not None:
        command, words = inner, words[1:]
    if getattr(command, "commands", None) and words and words[0] not in ("COMMAND", "--version"):
        return words[:1]
    options = {option for parameter in command.params for option in parameter.opts} | {"--help", "-h"}
    return [word for word in words if word.startswith("--") and word.partition("=")[0] not in options | {"--version"}]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_call_in_the_documentation_is_one(page):
    found = {call: wrong for call in calls(page.read_text(encoding="utf-8")) if (wrong := unknown(call))}
    assert not found


def test_calls_are_found_and_wrong_ones_told():
    text = "```sh\n.venv/bin/pip x && .venv/bin/bench run --method a\nbench data nope\n```\nand `bench plan --dat x`\n"
    found = list(calls(text))
    assert [call.strip() for call in found] == ["run --method a", "data nope", "plan --dat x"]
    assert [unknown(call) for call in found] == [[], ["nope"], ["--dat"]]


def test_every_page_of_the_documentation_is_in_its_contents():
    listed = set(re.findall(r": (\S+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE))
    assert listed == {page.relative_to(ROOT / "docs").as_posix() for page in (ROOT / "docs").rglob("*.md")}
