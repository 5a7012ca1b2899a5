"""What the columns of a table are: guessed from their values, each with the reason."""

# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportIndexIssue=false, reportOperatorIssue=false, reportGeneralTypeIssues=false
# (pandas' types make a column a Series or a DataFrame)

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from pandas.api import types

from bench.described.numbers import SURE, holds_no_values, is_text

Kind = Literal["numeric", "quantile", "category", "boolean", "date", "ignored"]
WORDS = {"true": 1.0, "yes": 1.0, "y": 1.0, "t": 1.0, "1": 1.0, "1.0": 1.0, "on": 1.0} | dict.fromkeys(
    ("false", "no", "n", "f", "0", "0.0", "off"), 0.0
)
NUMBER_WORDS = {1: "one value", 2: "two values"}
MANY_TEXTS = 100  # different ones, from which on a text may be a name rather than a category
TAIL = 10.0  # interquartile ranges that the farthest value lies from the median, from which on a tail is heavy
_DATE = re.compile(r".*\d.*[-/.: ].*\d.*")
_DAY_AND_MONTH = re.compile(r"^\s*(\d{1,2})([-./])(\d{1,2})\2(\d{4}|\d{2})(?!\d)")
_ID = re.compile(r"(^|[_\s.-])(id|uuid|index|key|nr|no)$|^unnamed: 0$", re.IGNORECASE)


@dataclass(frozen=True)
class Guess:
    """A column's kind and, in a few words, why."""

    kind: Kind
    reason: str


def guess(column: pd.Series) -> Guess:
    """The kind of a column."""
    there = column.dropna()
    if not len(there):
        return Guess("ignored", "it has no value")
    if holds_no_values(there):
        return Guess("ignored", "it holds lists, tables or bytes")
    numeric = types.is_numeric_dtype(there)
    values = there.drop_duplicates() if numeric else there
    texts = (values.head(3) if numeric else values).astype(str).str.strip()  # more than two numbers are no yes and no
    distinct, lacking = len(values) if numeric else texts.nunique(), len(column) - len(there)
    missing = f", {lacking:,} missing" if lacking else ""
    if distinct == 1 and not lacking:  # else it says where it is missing
        return Guess("ignored", "it is the same in every row")
    if types.is_bool_dtype(there) or _says_yes_and_no(texts):
        return Guess("boolean", f"{NUMBER_WORDS[distinct]}{missing}")
    if types.is_datetime64_any_dtype(there) or isinstance(there.dtype, pd.PeriodDtype):
        return Guess("date", f"{_days(there)}{missing}")
    if numeric:
        return _number(str(column.name), there, missing)
    if (dates := _dates(texts)) is not None:
        return Guess("date", f"{_days(dates.dropna())}{missing}")
    if distinct > MANY_TEXTS and distinct > len(there) / 2:
        return Guess("ignored", f"{distinct:,} different texts in {len(there):,} rows: a name or free text")
    return Guess("category", f"{f'{distinct:,} values' if distinct > 1 else 'one value'}{missing}")


def day_first(column: pd.Series) -> bool:
    """Whether 3/4 in a column is 3 April: other cells leave no choice, or dots stand between.

    >>> day_first(pd.Series(["03/04/2024", "24/12/2024"])), day_first(pd.Series(["03/04/2024"]))
    (True, False)
    """
    if not is_text(column):
        return False
    parts = column.dropna().astype(str).str.extract(_DAY_AND_MONTH.pattern).dropna()
    first, second = (pd.to_numeric(parts[place]) for place in (0, 2))
    return bool(len(parts)) and bool((first > 12).any() or (parts[1] == ".").any()) and not bool((second > 12).any())


def dates(column: pd.Series, days_come_first: bool | None = None) -> pd.Series:
    """A column as dates without a time zone, NaT where it is none.

    Args:
        days_come_first: whether 3/4 is 3 April; by default as the column itself says.
    """
    if isinstance(column.dtype, pd.PeriodDtype):
        column = column.dt.to_timestamp()
    if is_text(column):
        first = day_first(column) if days_come_first is None else days_come_first
        column = column.map(lambda cell: _year_first(cell, first) if isinstance(cell, str) else cell)
    found = pd.to_datetime(column, errors="coerce", format="mixed", utc=True)
    return found.dt.tz_localize(None)


def _year_first(text: str, days_come_first: bool) -> str:
    # pandas reads this form alone quickly, and its own dayfirst would also turn 2024-02-03 around
    if not (found := _DAY_AND_MONTH.match(text)):
        return text
    first, second, year = found[1], found[3], found[4]
    day, month = (first, second) if days_come_first or int(first) > 12 else (second, first)
    century = "" if len(year) == 4 else "20" if int(year) < 69 else "19"  # as POSIX has it, whatever the year is now
    return f"{century}{year}-{month:0>2}-{day:0>2}{text[found.end() :]}"


def _says_yes_and_no(texts: pd.Series) -> bool:
    # y and t are two words for the same
    meant = {word: WORDS.get(word.lower()) for word in texts.unique()[:3]}
    return len(meant) == 2 and set(meant.values()) == {0.0, 1.0}


def _number(name: str, there: pd.Series, missing: str) -> Guess:
    values = there.to_numpy(dtype=np.float64)
    values = values[np.isfinite(values)]
    if not len(values):
        return Guess("ignored", "it has no finite value")
    whole = bool((values == np.floor(values)).all())
    if whole and len(np.unique(values)) == len(values) > 10 and (_ID.search(name) or (np.diff(values) == 1).all()):
        return Guess("ignored", "another number in each row, one after the other: it counts rows")
    parts = values / TAIL  # as differences of the largest numbers overflow
    low, middle, high = np.quantile(parts, (0.25, 0.5, 0.75))
    span = f"{values.min():g} to {values.max():g}{missing}"
    if high > low and float(np.abs(parts - middle).max()) / TAIL > high - low:
        return Guess("quantile", f"{span}; a heavy tail, so that ranks go in")
    return Guess("numeric", span)


def _dates(texts: pd.Series) -> pd.Series | None:
    # a short look first, as reading dates of mixed forms is slow
    few = texts.iloc[:200]
    if few.str.fullmatch(_DATE.pattern).mean() < SURE or _share(few) < SURE:
        return None
    return found if (found := dates(texts)).notna().mean() >= SURE else None


def _share(texts: pd.Series) -> float:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a form that is no date
        return float(dates(texts).notna().mean())


def _days(found: pd.Series) -> str:
    found = dates(found)
    return " to ".join(f"{day.year:04}-{day.month:02}-{day.day:02}" for day in (found.min(), found.max()))
