"""What a description may say, checked: the keys of `houses.toml`."""

from typing import Annotated, Any, Literal, TypeVar

from annotated_types import Ge, Gt, Le, MaxLen
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from bench.described.kinds import Kind
from bench.errors import BenchError
from bench.plugins.described import Described

Way = Literal["balanced", "natural", "groups", "time", "column"]
Network = Literal["mlp", "embedded"]
MOST_BINS = 1000
LONGEST_UNIT = 40  # letters; it heads the columns of boards
SAID = {
    "missing": "is missing",
    "extra_forbidden": "is no key of a description",
    "too_short": "is empty",
    "tuple_type": "is no name, and no list of names",
}  # by what pydantic calls it
_MARKUP = set("<>[]|`\\")


def _unit(text: str) -> str:
    # it stands in the heading of tables
    if not text.isprintable() or _MARKUP & set(text):
        raise ValueError(f"it is one line without {' '.join(sorted(_MARKUP))}")
    return text


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class SplitPart(_Part):
    """How rows are split: `column` says by which one, where the way needs one; `cap` is of a balanced split."""

    way: Way = "natural"
    column: str = ""
    cap: Annotated[int, Ge(1)] = 10
    seed: Annotated[int, Ge(0)] = 666


class BinsPart(_Part):
    """Label bins: `number` of them from `start` on, each `width` wide; labels beyond fall into the outer ones."""

    start: float
    width: Annotated[float, Gt(0)]
    number: Annotated[int, Ge(1), Le(MOST_BINS)]


class ShotsPart(_Part):
    """Regions: a label whose bin has more than `many` training rows is many-shot, fewer than `few` few-shot."""

    many: Annotated[int, Ge(0)]
    few: Annotated[int, Ge(0)]

    @model_validator(mode="after")
    def _apart(self) -> "ShotsPart":
        if self.few > self.many + 1:
            raise ValueError(f"few is {self.few}, above many + 1: a bin would be many-shot and few-shot at once")
        return self


class NetworkPart(_Part):
    """The network: a plain MLP of some widths, or a residual one over embedded numbers."""

    kind: Network = "mlp"
    hidden: tuple[Annotated[int, Ge(1), Le(8192)], ...] = (128, 128)


class PicturePart(_Part):
    """Pictures as the network takes them: pixels a side, and what of them changes from step to step."""

    size: Annotated[int, Ge(16), Le(1024)] = 64
    augmentation: Literal["none", "flip", "shift", "shift_flip", "crop_flip_colour"] = "shift_flip"


class BackbonePart(_Part):
    """A network for pictures: `tiny`, or a model of timm, from its published weights or those of a file."""

    backbone: str = "tiny"
    pretrained: bool | str = False


class TextPart(_Part):
    """A network for texts.

    Args:
        kind: bilstm, over words that training has; or encoder, a Hugging Face model.
        encoder: its folder, or its name on the hub.
        frozen: whether it stays as it is, so that a small network learns from its features.
        length: most words or tokens of a text.
        hidden: width of the LSTM in one direction, or of the network over frozen features.
    """

    kind: Literal["bilstm", "encoder"] = "bilstm"
    encoder: str = ""
    frozen: bool = True
    length: Annotated[int, Ge(1), Le(4096)] = 64
    hidden: Annotated[int, Ge(1), Le(8192)] = 64


class Rows(_Part):
    """What every description of rows says."""

    path: str
    target: Annotated[tuple[str, ...], Field(min_length=1)]
    unit: Annotated[str, MaxLen(LONGEST_UNIT), AfterValidator(_unit)] = ""
    weight: str = ""
    split: SplitPart
    bins: BinsPart | None = None
    shots: ShotsPart | None = None
    protocol: dict[str, Any] = {}

    @field_validator("target", "text", mode="before", check_fields=False)
    @classmethod
    def _several(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @field_validator("target", "text", check_fields=False)
    @classmethod
    def _once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) < len(value):
            raise ValueError(f"{max(value, key=value.count)} is named twice; name each column once")
        return value

    def resolved(self) -> dict[str, Any]:
        """All that can move a number, with what was left out filled in, as JSON has it; not where the file lies."""
        return self.model_dump(mode="json", exclude={"path", "protocol"})


class Table(Rows):
    """A table to learn from."""

    kind: Literal["table"]
    columns: dict[str, Kind]
    network: NetworkPart = NetworkPart()

    @field_validator("columns")
    @classmethod
    def _without_target(cls, value: dict[str, Kind], given: ValidationInfo) -> dict[str, Kind]:
        if found := [name for name in given.data.get("target", ()) if value.get(name, "ignored") != "ignored"]:
            raise ValueError(f"{found[0]} is the target, which cannot go in; take it out")
        return value


class Pictures(Rows):
    """Pictures to learn from: `list` is the file of rows in their folder, `file` its column of their names."""

    kind: Literal["pictures"]
    list: str = ""
    file: str
    picture: PicturePart = PicturePart()
    network: BackbonePart = BackbonePart()


class Texts(Rows):
    """Texts to learn from, in one column or two."""

    kind: Literal["texts"]
    text: Annotated[tuple[str, ...], Field(min_length=1, max_length=2)]
    network: TextPart = TextPart()


Kinds = TypeVar("Kinds", bound=Rows)


def read(given: Described, kind: type[Kinds]) -> Kinds:
    """The description of some kind of rows, checked.

    Raises:
        BenchError: naming the first key that is wrong.
    """
    try:
        made = kind.model_validate(given.content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "it"
        words = first["msg"].removeprefix("Value error, ")
        said = SAID.get(first["type"], f"is {_short(first['input'])}: {words[0].lower()}{words[1:]}")
        raise BenchError(f"{given.name}.toml: {place} {said}; mend it, or write the file anew with bench new") from None
    if made.split.way in ("groups", "time", "column") and not made.split.column:
        raise BenchError(f'{given.name}.toml: split.way is "{made.split.way}", which needs split.column')
    return made


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."
