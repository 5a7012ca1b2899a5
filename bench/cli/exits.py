"""How a command ends that does not end well."""

import sys
from typing import NoReturn

import typer

from bench.printable import one_line

BAD_INPUT = 2
INTERRUPTED = 130  # the shell's code for Ctrl-C
CLOSED = 141  # and for output that nobody reads any more
STOPPED = "stopped; records already written are kept, and the next run goes on from there"


def fail(message: str) -> NoReturn:
    """End a command whose work is done but shows a failure: one line, exit code 1."""
    print(f"bench: {one_line(message)}", file=sys.stderr)
    raise typer.Exit(1)
