"""What a description of a table may say, checked: the keys of `houses.toml`."""

from typing import Annotated, Any, Literal

from annotated_types import Ge, Le
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from bench.described.kinds import Kind
from bench.errors import BenchError
from bench.plugins.described import Described

Way = Literal["balanced", "natural", "groups", "time", "column"]
Network = Literal["mlp", "embedded"]
MOST_BINS = 1000


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SplitPart(_Part):
    """How rows are split: `column` says by which one, where the way needs one; `cap` is of a balanced split."""

    way: Way = "natural"
    column: str = ""
    cap: Annotated[int, Ge(1)] = 10
    seed: Annotated[int, Ge(0)] = 666


class BinsPart(_Part):
    """Label bins: `number` of them from `start` on, each `width` wide; labels beyond fall into the outer ones."""

    start: float
    width: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    number: Annotated[int, Ge(1), Le(MOST_BINS)]


class ShotsPart(_Part):
    """Regions: a label whose bin has more than `many` training rows is many-shot, fewer than `few` few-shot."""

    many: Annotated[int, Ge(0)]
    few: Annotated[int, Ge(0)]


class NetworkPart(_Part):
    """The network: a plain MLP of some widths, or a residual one over embedded numbers."""

    kind: Network = "mlp"
    hidden: tuple[Annotated[int, Ge(1), Le(8192)], ...] = (128, 128)


class Table(_Part):
    """A table to learn from."""

    kind: Literal["table"]
    path: str
    target: Annotated[tuple[str, ...], Field(min_length=1)]
    unit: str = ""
    weight: str = ""
    columns: dict[str, Kind]
    split: SplitPart
    bins: BinsPart | None = None
    shots: ShotsPart | None = None
    network: NetworkPart = NetworkPart()
    protocol: dict[str, Any] = {}

    @field_validator("target", mode="before")
    @classmethod
    def _several(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    def resolved(self) -> dict[str, Any]:
        """All that can move a number, with what was left out filled in, as JSON has it; not where the file lies."""
        return self.model_dump(mode="json", exclude={"path", "protocol"})


def table(given: Described) -> Table:
    """The description of a table, checked.

    Raises:
        BenchError: naming the first key that is wrong.
    """
    try:
        made = Table.model_validate(given.content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "it"
        said = {"missing": "is missing", "extra_forbidden": "is no key of a description"}.get(
            first["type"], f"is {_short(first['input'])}: {first['msg'][0].lower()}{first['msg'][1:]}"
        )
        raise BenchError(f"{given.name}.toml: {place} {said}; mend it, or write the file anew with bench new") from None
    if made.split.way in ("groups", "time", "column") and not made.split.column:
        raise BenchError(f'{given.name}.toml: split.way is "{made.split.way}", which needs split.column')
    return made


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."
