"""The options that say how a run spends its time and seeds where they decide."""

from collections.abc import Sequence
from typing import Annotated

import typer

from bench.cli.options import MOST_SEEDS
from bench.errors import BenchError

Budget = Annotated[
    str | None,
    typer.Option(
        metavar="TIME",
        help="Begin only cells that are expected to end within this time, as 2h or 90m, seed by seed: all rows get "
        "their first seed before any gets its second.",
    ),
]
Race = Annotated[
    bool,
    typer.Option(
        "--race",
        help="Seed by seed too; train no further seeds of a method that another one beats beyond doubt on "
        "validation (an anytime-valid t-test, 5% error over all pairs of a dataset).",
    ),
]
ExtraSeeds = Annotated[
    int,
    typer.Option(
        metavar="N",
        min=0,
        help="With --race: up to N more seeds, as long as two methods of a dataset cannot be told apart on validation.",
    ),
]


def further(count: int, chosen: Sequence[int], race: bool) -> range:
    """Of --extra-seeds: so many seeds after the chosen ones.

    Raises:
        BenchError: there is no race, or they are too many.
    """
    if count and not race:
        raise BenchError("--extra-seeds are what a race may add; give --race too")
    if len(chosen) + count > MOST_SEEDS:
        raise BenchError(f"--extra-seeds {count} are too many; write 0 to {MOST_SEEDS - len(chosen):,}")
    return range(max(chosen) + 1, max(chosen) + 1 + count)
