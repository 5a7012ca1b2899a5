"""Ranges of parameters, declared where a parameter is: `weight: NonNegative = 1.0`.

They are checked before anything trains, shown by `bench show`, and part of JSON Schemas. None takes NaN or infinity.
"""

from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, Predicate

MOST = 10**9  # of what is counted or weighed: more is a slip of the finger


def is_odd(number: int) -> bool:
    """Whether a number of bins has a middle."""
    return number % 2 == 1


def is_bands(text: str) -> bool:
    """Whether a text is bands of whole numbers, each from its first to its last: 40-49, or 0-19+70-101.

    >>> is_bands("0-19+70-101"), is_bands("49-40"), is_bands("40")
    (True, False, False)
    """
    parts = [part.partition("-") for part in text.split("+")]
    return all(low.isdecimal() and high.isdecimal() and int(low) <= int(high) for low, _, high in parts)


Finite = Annotated[float, Ge(-MOST), Le(MOST)]
Positive = Annotated[float, Gt(0), Le(MOST)]
NonNegative = Annotated[float, Ge(0), Le(MOST)]
Spread = Annotated[float, Gt(0), Le(10_000)]  # of a window over bins, which is several times as wide
Share = Annotated[float, Ge(0), Le(1)]  # both ends included
ShareOrNumber = Annotated[float, Gt(0), Le(MOST)]  # up to 1 a share, above it a number
Fraction = Annotated[float, Ge(0), Lt(1)]  # 1 left out, as of a momentum
Count = Annotated[int, Ge(1), Le(MOST)]
Index = Annotated[int, Ge(0), Le(MOST)]
AtLeastTwo = Annotated[int, Ge(2), Le(MOST)]
AtLeastThree = Annotated[int, Ge(3), Le(MOST)]
OneOrTwo = Annotated[int, Ge(1), Le(2)]
Several = Annotated[int, Ge(1), Le(10_000)]  # of what is multiplied by the batch in memory
TwoOrMore = Annotated[int, Ge(2), Le(10_000)]  # of rows that are gone through one by one
Odd = Annotated[int, Ge(1), Le(10_001), Predicate(is_odd)]
Pixels = Annotated[int, Ge(16), Le(1024)]  # a side of a picture
PicturesKept = Annotated[int, Ge(20), Le(MOST)]
Bands = Annotated[str, Predicate(is_bands)]

_BASES = {bool: "true or false", int: "a whole number", float: "a number", str: "a word in small letters"}
_BOUNDS = {Ge: ("from", "ge"), Gt: ("above", "gt"), Le: ("to", "le"), Lt: ("below", "lt")}


def in_words(hint: Any) -> str:
    """What a parameter with this annotation may be.

    >>> in_words(Odd), in_words(Share | None), in_words(Literal["l1", 2])
    ('a whole number from 1 to 10001 and odd', 'a number from 0 to 1, or none', 'l1 or 2')
    """
    if hint is None or hint is type(None):
        return "none"
    origin, inner = get_origin(hint), get_args(hint)
    if hint == Bands:
        return "bands as 40-49 or 0-19+70-101"
    if origin is Annotated:
        return " ".join((in_words(inner[0]), *_bounds(inner[1:])))
    if origin is Literal:
        return " or ".join(map(str, inner)) if len(inner) < 3 else f"{', '.join(map(str, inner[:-1]))} or {inner[-1]}"
    if origin in (Union, UnionType):
        return ", or ".join(map(in_words, inner))
    if origin is tuple:
        return f"a list, each {in_words(inner[0])}"
    return _BASES.get(hint, getattr(hint, "__name__", str(hint)))


def _bounds(marks: tuple[Any, ...]) -> Iterator[str]:
    found = [
        (word, getattr(mark, name))
        for kind, (word, name) in _BOUNDS.items()
        for mark in marks
        if isinstance(mark, kind)
    ]
    for word, value in found:
        shown = f"{value:g}" if abs(value) < 1e6 else f"{value:,}"
        yield f"{'up to' if word == 'to' and found[0][0] != 'from' else word} {shown}"
    if any(isinstance(mark, Predicate) for mark in marks):
        yield "and odd"
