"""The command line."""

import sys


def main() -> None:
    """Entry point. What it needs is imported inside, so that Ctrl-C is heard as soon as Python runs our code."""
    try:
        from bench.cli import app
    except KeyboardInterrupt:
        print("bench: stopped before it began", file=sys.stderr)
        sys.exit(130)
    app.main()
