"""A suite: methods, datasets, seeds and settings in one file that can be shared, and its frozen copy."""

import json
import os
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge, Le, MinLen
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from bench import paths
from bench.errors import BenchError

LARGEST = 2**20  # bytes of a suite
HIGHEST_SEED = 2**32 - 1
EXAMPLE = 'methods = ["baseline", "lds"], datasets = ["circle"], seeds = 10'

Seed = Annotated[int, Field(strict=True), Ge(0), Le(HIGHEST_SEED)]


class Suite(BaseModel):
    """What a suite says.

    Args:
        methods, datasets: names and groups as on the command line; a dataset may be a file beside the suite.
        seeds: how many, or which.
        target: the column to predict, of data without a description.
        protocol: fields to change.
        results: folder of the records, from the suite's folder.
        frozen: what a frozen copy says of the program that ran it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    methods: Annotated[list[str], MinLen(1)]
    datasets: Annotated[list[str], MinLen(1)]
    seeds: Annotated[int, Field(strict=True), Ge(1), Le(10_000)] | Annotated[list[Seed], MinLen(1)] = 10
    target: str | None = None
    protocol: dict[str, Any] = {}
    results: Annotated[str, Field(min_length=1)] = "results"
    frozen: dict[str, str] = {}

    @field_validator("methods", "datasets", mode="before")
    @classmethod
    def _several(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value


def read(path: Path) -> Suite:
    """A suite from its file.

    Raises:
        BenchError: it cannot be read, or says something that no suite may say.
    """
    text = paths.text(path, LARGEST, "suite")
    try:
        content = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise BenchError(f"{path} is no TOML: {error}; mend that line") from None
    try:
        return Suite.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = str(first["loc"][0]) if first["loc"] else "the file"
        raise BenchError(f"{path}: {where}: {first['msg']}; a suite has {EXAMPLE}") from None


def datasets(suite: Suite, folder: Path) -> str:
    """Its datasets as the command line has them; files are looked for beside the suite."""
    return ",".join(str(folder / name) if is_file(name) else name for name in suite.datasets)


def results(suite: Suite, path: Path) -> Path:
    """The folder of its records, below its own: whoever shares a suite does not choose where others write.

    Raises:
        BenchError: it names another place.
    """
    if not suite.results.startswith("~"):  # which would be somebody's home folder
        with suppress(BenchError):
            return paths.target(path.absolute().parent, suite.results, path)
    where = paths.shown(suite.results)
    raise BenchError(
        f"{path}: results: {where} is no folder below the suite's own; name one there, or any with --results"
    )


def settings(suite: Suite) -> list[str]:
    """Its fields of the protocol as --set has them."""
    return [f"protocol.{key}={json.dumps(value)}" for key, value in suite.protocol.items()]


def frozen(
    suite: Suite, folder: Path, results: Path, names: tuple[list[str], list[str]], program: dict[str, str]
) -> str:
    """The suite as it was run: every method and dataset by name, and the program, as TOML that runs again.

    Args:
        folder: of the suite, beside which its files lie.
        results: folder of the records, beside which the copy will lie.
        names: of the methods and the datasets, groups set out.
    """
    methods, given = names
    near = [is_file(name) and not Path(name).is_absolute() for name in given]
    beside = [
        os.path.relpath(folder / name, results.parent) if moves else name
        for name, moves in zip(given, near, strict=True)
    ]
    values: dict[str, Any] = {**suite.model_dump(exclude={"protocol", "frozen"}, exclude_none=True)}
    values |= {"methods": methods, "datasets": beside, "results": results.name}
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()]
    for table, content in (("protocol", suite.protocol), ("frozen", program)):
        if content:
            lines += ["", f"[{table}]", *(f"{key} = {json.dumps(value)}" for key, value in content.items())]
    return "\n".join(lines) + "\n"


def is_file(name: str) -> bool:
    """Whether a dataset is named by a file of data or of a description."""
    from bench.described.given import is_data
    from bench.plugins.described import HUB

    return not name.startswith(HUB) and (is_data(name) or name.partition("[")[0].endswith(".toml"))
