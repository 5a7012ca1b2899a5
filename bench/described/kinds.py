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

from bench.described.reading import SURE, holds_no_values

Kind = Literal["numeric", "quantile", "category", "boolean", "date", "ignored"]
WORDS = {"true": 1.0, "yes": 1.0, "y": 1.0, "t": 1.0, "1": 1.0, "1.0": 1.0, "on": 1.0} | dict.fromkeys(
    ("false", "no", "n", "f", "0", "0.0", "off"), 0.0
)
NUMBER_WORDS = {1: "one value", 2: "two values"}
MANY_TEXTS = 100  # different ones, from which on a text may be a name rather than a category
TAIL = 10.0  # interquartile ranges that the farthest value lies from the median, from which on a tail is heavy
_DATE = re.compile(r".*\d.*[-/.: ].*\d.*")
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
    texts = there.astype(str).str.strip()
    distinct, lacking = texts.nunique(), len(column) - len(there)
    missing = f", {lacking:,} missing" if lacking else ""
    if distinct == 1 and not lacking:  # else it says where it is missing
        return Guess("ignored", "it is the same in every row")
    if types.is_bool_dtype(there) or (distinct == 2 and set(texts.str.lower()) <= WORDS.keys()):
        return Guess("boolean", f"{NUMBER_WORDS[distinct]}{missing}")
    if types.is_datetime64_any_dtype(there):
        return Guess("date", f"{_days(there)}{missing}")
    if types.is_numeric_dtype(there):
        return _number(str(column.name), there, missing)
    if (dates := _dates(texts)) is not None:
        return Guess("date", f"{_days(dates.dropna())}{missing}")
    if distinct > MANY_TEXTS and distinct > len(there) / 2:
        return Guess("ignored", f"{distinct:,} different texts in {len(there):,} rows: a name or free text")
    return Guess("category", f"{f'{distinct:,} values' if distinct > 1 else 'one value'}{missing}")


def dates(column: pd.Series) -> pd.Series:
    """A column as dates without a time zone, NaT where it is none."""
    found = pd.to_datetime(column, errors="coerce", format="mixed", utc=True)
    return found.dt.tz_localize(None)


def _number(name: str, there: pd.Series, missing: str) -> Guess:
    values = there.to_numpy(dtype=np.float64)
    values = values[np.isfinite(values)]
    whole = len(values) and bool((values == np.floor(values)).all())
    if whole and len(np.unique(values)) == len(values) > 10 and (_ID.search(name) or (np.diff(values) == 1).all()):
        return Guess("ignored", "another number in each row, one after the other: it counts rows")
    low, middle, high = np.quantile(values, (0.25, 0.5, 0.75)) if len(values) else (0.0, 0.0, 0.0)
    reach = float(np.abs(values - middle).max()) if len(values) else 0.0
    span = f"{values.min():g} to {values.max():g}{missing}" if len(values) else "no finite value"
    if high > low and reach > TAIL * (high - low):
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
