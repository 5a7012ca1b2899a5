"""Which plug-ins are broken, and why: each is its own affair, and everything else goes on.

That takes an import. A third party's plug-in is imported in another process first, so that one which hangs, crashes or
ends its process is found too; where torch is not there yet, so are ours, to leave the answer quick. The answer is
remembered (`bench.memory`) until a source or what is installed changes; that one is broken, for an hour at most.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from time import time

from bench.errors import BenchError, BrokenPlugin
from bench.memory import remembered
from bench.plugins import described
from bench.plugins.discovery import KINDS, Kind, modules
from bench.plugins.loading import made_by_default, require_there
from bench.plugins.source_text import unreadable

LIMIT_S = 60  # for the import of one plug-in, torch's included
KEPT_S = 3600  # an answer may have come from what no source tells, such as too little memory

Plugin = tuple[Kind, str]


def broken(kind: Kind) -> dict[str, str]:
    """Every plug-in that cannot be used, by name, and why."""
    return {**modules(kind).refused, **_unsound(kind)}


def sound(kind: Kind) -> list[str]:
    """The names of all others, in order."""
    return sorted(modules(kind).keys() - _unsound(kind).keys())


def require_sound(kind: Kind, name: str) -> None:
    """Refuse a plug-in that does not exist, and a third party's that is broken; ours are asked when they load.

    Raises:
        BrokenPlugin: it is broken.
        BenchError: there is none of this name.
    """
    require_there(kind, name)
    if kind == "dataset" and described.find(name):
        return
    if name in modules(kind).foreign and (reason := _unsound(kind).get(name)):
        raise BrokenPlugin(kind, name, reason)


def left_out(kinds: Iterable[Kind]) -> list[str]:
    """A line for each plug-in that a word for several leaves out."""
    return [f"left out: {kind} {name} is broken: {reason}" for kind in kinds for name, reason in broken(kind).items()]


def reason_of(kind: Kind, name: str, told: Callable[[BaseException], object] = lambda _: None) -> str | None:
    """Why a plug-in cannot be used, asked in this process; `told` gets the error."""
    try:
        made_by_default(kind, name)
    except BrokenPlugin as error:
        told(error)
        return error.reason
    except BenchError as error:
        return str(error)
    return None


def _unsound(kind: Kind) -> dict[str, str]:
    # of those whose name is a good one
    there = [(one, name, module) for one in KINDS for name, module in sorted(modules(one).items())]
    return {name: reason for (one, name), reason in _broken(*there).items() if one == kind}


@cache
def _broken(*there: tuple[Kind, str, str]) -> dict[Plugin, str]:
    plugins: list[Plugin] = [(kind, name) for kind, name, _ in there]

    def compute() -> list[list[str]]:
        return [[*one, reason] for one, reason in _examine(plugins).items()]

    asked = [[list(one) for one in there], _installed()]

    def sound() -> bool:
        if answer := remembered("broken", [*asked, time() // KEPT_S], compute):
            raise _Some({(kind, name): reason for kind, name, reason in answer})
        return True

    try:
        remembered("sound", asked, sound)
    except _Some as error:
        return error.found
    return {}


class _Some(Exception):
    def __init__(self, found: dict[Plugin, str]) -> None:
        super().__init__()
        self.found = found


def _installed() -> list[tuple[str, int]]:
    # another state of it once a package was installed or removed; the current folder may change with each run
    folders = [Path(entry) for entry in sys.path if entry and Path(entry).absolute() != Path.cwd()]
    return [(str(folder), folder.stat().st_mtime_ns) for folder in folders if folder.is_dir()]


def _examine(plugins: list[Plugin]) -> dict[Plugin, str]:
    found = {one: str(why) for one in plugins if (why := unreadable(*one))}
    rest = [one for one in plugins if one not in found]
    here = "bench.method" in sys.modules
    found |= _examine_apart([one for one in rest if not here or one[1] in modules(one[0]).foreign])
    for one in rest if here else ():
        if one not in found and (reason := reason_of(*one)):
            found[one] = reason
    return found


def trace(kind: Kind, name: str) -> str:
    """What a plug-in says on standard error when it is imported and made, its traceback too."""
    return _ask([(kind, name)])[2]


def _examine_apart(plugins: list[Plugin]) -> dict[Plugin, str]:
    # in one process, and after a plug-in that ends it in another one
    found: dict[Plugin, str] = {}
    while plugins:
        said, how, _ = _ask(plugins)
        found |= {one: reason for one, reason in zip(plugins, said, strict=False) if reason}
        plugins = plugins[len(said) :]
        if plugins:
            found[plugins[0]] = f"importing it {how}"
            plugins = plugins[1:]
    return found


def _ask(plugins: list[Plugin]) -> tuple[list[str | None], str, str]:
    # what was said of the plug-ins in order, how the process ended, and what it wrote to standard error
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        answers, errors, quiet = Path(folder, "answers"), Path(folder, "errors"), subprocess.DEVNULL
        question = json.dumps([str(answers), sys.path, plugins])
        words = [sys.executable, "-m", "bench.plugins.examine", question]
        limit = LIMIT_S + 2 * len(plugins)
        try:
            with errors.open("wb") as file:
                done = subprocess.run(words, stdin=quiet, stdout=quiet, stderr=file, timeout=limit, check=False)
            how = f"ends the process, with exit code {done.returncode}"
        except subprocess.TimeoutExpired:
            how = f"takes more than {LIMIT_S} seconds"
        lines = answers.read_text(encoding="utf-8").splitlines() if answers.is_file() else []
        return [json.loads(line) for line in lines], how, errors.read_text(encoding="utf-8", errors="replace")
