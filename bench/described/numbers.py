"""Texts that are numbers as numbers, as people and programs write them: 1.234,5 or $1,200 or 36 months."""

# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportIndexIssue=false, reportOperatorIssue=false, reportGeneralTypeIssues=false
# (pandas' types make a column a Series or a DataFrame)

import re

import numpy as np
import pandas as pd

SURE = 0.95  # of the texts in a column that must read as numbers or dates
MOST = 0.5  # of them that must, where all others are a few words for what is missing
MANY = 10  # different numbers, from which on a word among them is no value of a category
FEW = 3  # such words, as . or n.a. or none
_CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?")
_SIGN = "[-+\u2212]?"
_COIN = r"(?:[A-Z]{0,3}[$€£¥₹₽₩₺]|USD|EUR|GBP|CHF|INR|JPY|CNY|Rs\.?)?"
_UNIT = r"[^\d\s._,()+\u2212-][^\d._()]{0,9}[23]?"  # km/h, %, €, m2; of a file's name no part is one
_WRITTEN = re.compile(
    rf"^(\()?\s*(?P<before>{_SIGN}\s*{_COIN}\s*{_SIGN})\s*"
    rf"(?P<digits>\d(?:[\d.,'’\s]*\d)?(?:[eE][+-]?\d+)?|[.,]\d+)\s*(?P<unit>{_UNIT})?(?P<end>\))?$"
)
_GROUPS = re.compile(r"(?<=\d)[\s'’](?=\d{3}(?!\d))")  # 1 200 or 1'200


def numbers(column: pd.Series, decimal: str = ".") -> pd.Series:
    """A column of texts as numbers where nearly all are, and any other as it is.

    A time of day is its hours, and a span of time its seconds, as neither has a day to be a date of.

    Args:
        decimal: the mark before decimals where the column leaves that open, as in 1,234.
    """
    if pd.api.types.is_timedelta64_dtype(column):
        return column.dt.total_seconds()
    if not is_text(column) or holds_no_values(column):
        return column
    found, there = parsed(column, decimal), column.notna().to_numpy()
    share = found[there].notna().mean()  # nan of none
    others = column[there & found.isna().to_numpy()]
    if share >= SURE:
        return found
    return found if share >= MOST and found.nunique() >= MANY and _mean_missing(others) else column


def parsed(column: pd.Series, decimal: str = ".") -> pd.Series:
    """Each text of a column as a number, nan where it is none.

    >>> parsed(pd.Series(["1.234,50 €", "0,5 €", "12 €", "unknown"])).tolist()
    [1234.5, 0.5, 12.0, nan]
    """
    there = column.notna().to_numpy()
    texts = column[there].astype(str).str.strip().reset_index(drop=True)
    found = pd.to_numeric(texts, errors="coerce")
    if found.isna().any():
        clocks = texts.str.fullmatch(_CLOCK.pattern).mean() >= SURE
        found = _hours(texts) if clocks else _written(texts, decimal).fillna(found)
    if there.all():
        return found.set_axis(column.index)
    values = np.full(len(column), np.nan)
    values[there] = found
    return pd.Series(values, column.index)


def holds_no_values(column: pd.Series) -> bool:
    """Whether any cells of a column are lists, tables or bytes, of which no kind of column is made."""
    if not pd.api.types.is_object_dtype(column):
        return False
    return bool(column.map(lambda cell: isinstance(cell, list | tuple | dict | set | bytes | np.ndarray)).any())


def is_text(column: pd.Series) -> bool:
    """Whether a column is one of texts, or of anything."""
    return isinstance(column, pd.Series) and (
        pd.api.types.is_object_dtype(column) or pd.api.types.is_string_dtype(column)
    )


def _mean_missing(texts: pd.Series) -> bool:
    words = texts.astype(str).str.strip().str.casefold().unique()
    return len(words) <= FEW and not any(any(map(str.isdigit, word)) for word in words)


def _hours(texts: pd.Series) -> pd.Series:
    parts = texts.str.split(":", expand=True).apply(pd.to_numeric, errors="coerce")
    return sum((parts[at].fillna(0) / 60**at for at in parts.columns[1:]), start=parts[0].astype(float))


def _written(texts: pd.Series, decimal: str) -> pd.Series:
    parts = texts.str.extract(_WRITTEN)
    digits = parts["digits"].str.replace(_GROUPS, "", regex=True)
    by_point, by_comma = (digits.str.fullmatch(_form(mark), na=False).astype(bool) for mark in ".,")
    first, second = by_comma.sum(), by_point.sum()
    mark, fits = (",", by_comma) if first > second or (first == second and decimal == ",") else (".", by_point)
    before = parts["before"].fillna("")
    unit = before.str.replace(r"[-+\u2212\s]", "", regex=True) + parts["unit"].fillna("").str.strip()
    found = unit[fits]
    common = found[found != ""].mode()[:1]  # 5 kg and 5 lb are no numbers of one column, nor 5 and a few 5b
    fits &= unit.isin(["", *(one for one in common if (found == one).mean() >= MOST)]) & (
        parts[0].isna() == parts["end"].isna()
    )
    plain = digits.str.replace("." if mark == "," else ",", "").str.replace(",", ".")
    negative = before.str.contains("[-\u2212]", regex=True) | parts[0].notna()  # bookkeepers write (5) for -5
    return pd.to_numeric(plain.where(fits), errors="coerce").astype(float) * np.where(negative, -1, 1)


def _form(mark: str) -> str:
    between = "," if mark == "." else r"\."
    mark = re.escape(mark)
    return rf"(\d+|[1-9]\d{{0,2}}({between}\d{{2,3}})*{between}\d{{3}})({mark}\d*)?([eE][+-]?\d+)?|{mark}\d+"
