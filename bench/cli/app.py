"""The command line: all commands by name, and how a call ends. Nothing heavy is imported before it is needed."""

import sys
from typing import Annotated

import typer
from typer.exceptions import TyperException

import bench
from bench.cli import (
    analyse,
    boards,
    data,
    export,
    models,
    new,
    paper,
    profile,
    results,
    run,
    sharing,
    show,
    status,
    stopping,
    suite,
    terminal,
    tune,
    verify,
)
from bench.cli.exits import BAD_INPUT, CLOSED, INTERRUPTED, STOPPED
from bench.errors import BenchError
from bench.printable import one_line

app = typer.Typer(
    help="Leaderboards for deep regression: methods x datasets x seeds, on the papers' own protocols.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (run.run, suite.suite, run.plan, run.search, tune.tune):
    app.command()(command)
app.command("list")(show.list_)
exported = (boards.leaderboard, export.recommend, export.export, export.site)
for command in (show.show, paper.paper, show.check, *exported, verify.verify, profile.profile, show.schema, new.new):
    app.command()(command)
for command in (analyse.analyse, status.status, models.predict, sharing.merge, sharing.submit):
    app.command()(command)
app.command("export-model")(models.export_model)
app.add_typer(data.app, name="data")
app.add_typer(results.app, name="results")


def _version(asked: bool) -> None:
    if asked:
        print(f"regression-bench {bench.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Entry point: bad input is one line and exit code 2."""
    terminal.prepare()
    with stopping.Stopping() as signals:
        try:
            try:
                code = app(standalone_mode=False)
            finally:
                sys.stdout.flush()  # what cannot be written is to be known here, not when Python has all but ended
        except BenchError as error:
            _exit(*_ending(str(error), signals.number))
        except TyperException as error:
            _exit(error.format_message(), BAD_INPUT)
        except (typer.Abort, KeyboardInterrupt):
            _exit(STOPPED, stopping.stopped_by(signals.number))
        except BrokenPipeError:
            stopping.close_output()
            sys.exit(CLOSED)
        except OSError as error:
            stopping.close_output()
            _exit(*_ending(f"{error.filename or 'output'}: {error.strerror or error}", signals.number))
        except Exception:
            if not signals.number:
                raise
            _exit(STOPPED, stopping.stopped_by(signals.number))
        if code == INTERRUPTED or signals.number:
            _exit(STOPPED, stopping.stopped_by(signals.number))
    sys.exit(code or 0)


def _ending(message: str, number: int) -> tuple[str, int]:
    # what a signal breaks off may fail in a way of its own, which is no fault of the input
    return (STOPPED, stopping.stopped_by(number)) if number else (message, BAD_INPUT)


def _exit(message: str, code: int) -> None:
    print(f"bench: {one_line(message)}", file=sys.stderr)
    sys.exit(code)
