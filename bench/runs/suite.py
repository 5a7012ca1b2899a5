"""A suite: methods, datasets, seeds and settings in one file that can be shared, and its frozen copy."""

import json
import tomllib
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


def settings(suite: Suite) -> list[str]:
    """Its fields of the protocol as --set has them."""
    return [f"protocol.{key}={json.dumps(value)}" for key, value in suite.protocol.items()]


def frozen(suite: Suite, names: tuple[list[str], list[str]], program: dict[str, str]) -> str:
    """The suite as it was run: every method and dataset by name, and the program, as TOML that runs again.

    Args:
        names: of the methods and the datasets, groups set out.
    """
    values: dict[str, Any] = {**suite.model_dump(exclude={"protocol", "frozen"}, exclude_none=True)}
    values |= {"methods": names[0], "datasets": names[1]}
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()]
    for table, content in (("protocol", suite.protocol), ("frozen", program)):
        if content:
            lines += ["", f"[{table}]", *(f"{key} = {json.dumps(value)}" for key, value in content.items())]
    return "\n".join(lines) + "\n"


def is_file(name: str) -> bool:
    """Whether a dataset is named by a file of data or of a description."""
    from bench.described.given import is_data

    return is_data(name) or name.partition("[")[0].endswith(".toml")
