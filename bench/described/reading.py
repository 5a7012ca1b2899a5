"""Files of rows as pandas reads them, whatever their separator and encoding; one clear line where they cannot be."""

# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportIndexIssue=false, reportOperatorIssue=false, reportGeneralTypeIssues=false
# (pandas' types make a column a Series or a DataFrame)

import csv
import re
from pathlib import Path

import numpy as np
import pandas as pd

from bench.data.reading import content, why
from bench.errors import BenchError
from bench.paths import shown

SUFFIXES = (".csv", ".tsv", ".txt", ".parquet")
LARGEST = 2**32  # bytes of a file of rows
MISSING = ["?", "-", "--"]  # beside what pandas takes for missing
SURE = 0.95  # of the texts in a column that must read as numbers or dates
_COMMA = re.compile(r"[+-]?\d+,\d+")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")


def frame(path: Path) -> pd.DataFrame:
    """All rows of a CSV, TSV or parquet file; texts that are numbers are numbers, and a column's name is a text.

    Raises:
        BenchError: it is missing, a folder, empty or no table.
    """
    if path.is_dir():
        raise BenchError(f"{path} is a folder; name a file of rows ({', '.join(SUFFIXES)})")
    if not path.exists():
        raise BenchError(f"there is no file {path}; name a file of rows ({', '.join(SUFFIXES)})")
    if path.suffix.lower() not in SUFFIXES:
        raise BenchError(f"cannot read {path.name}; name a file of rows ({', '.join(SUFFIXES)})")
    found = _parquet(path) if path.suffix.lower() == ".parquet" else _text(path)
    if not len(found) or not len(found.columns):
        raise BenchError(f"{path} has no rows; it needs a line of names and a line for each row")
    return tidied(found)


def tidied(table: pd.DataFrame) -> pd.DataFrame:
    """Texts that are numbers as numbers, and columns' names as texts without spaces around."""
    table.columns = [str(name).strip() for name in table.columns]
    return table.assign(**{name: numbers(table[name]) for name in table.columns[~table.columns.duplicated()]})


def numbers(column: pd.Series) -> pd.Series:
    """A column of texts as numbers where nearly all are: with a decimal comma, or commas between thousands, too."""
    if not _is_text(column):
        return column
    texts = column.dropna().astype(str).str.strip()
    if not len(texts):
        return column
    for pattern, comma in ((_COMMA, "."), (_THOUSANDS, "")):
        if texts.str.fullmatch(pattern.pattern).mean() >= SURE:
            texts = texts.str.replace(",", comma)
            break
    found = pd.to_numeric(texts, errors="coerce")
    return found.reindex(column.index) if found.notna().mean() >= SURE else column


def target(table: pd.DataFrame, name: str, origin: object) -> np.ndarray:
    """A column to predict, (N,) float64, nan where it has no value.

    Raises:
        BenchError: there is none of the name, or it is not made of numbers.
    """
    require(table, [name], origin, "target")
    column = table[name]
    if isinstance(column, pd.DataFrame) or f"{name}.1" in table:
        raise BenchError(f"{origin} has several columns named {shown(name)}; give the target a name of its own")
    found = pd.to_numeric(column.map(lambda cell: cell.strip() if isinstance(cell, str) else cell), errors="coerce")
    wrong = column[found.isna() & column.notna()]
    if len(wrong):
        where = f"row {int(np.flatnonzero(table.index == wrong.index[0])[0]) + 1}"
        raise BenchError(
            f"{origin}: the target {shown(name)} is {shown(str(wrong.iloc[0]))} in {where}, and a target is a number; "
            "mend or remove such rows, or name another column with --target"
        )
    values = found.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def require(table: pd.DataFrame, names: list[str], origin: object, what: str = "column") -> None:
    """Refuse a table that lacks a column."""
    from difflib import get_close_matches

    for name in names:
        if name not in table.columns:
            there = [str(column) for column in table.columns]
            near = get_close_matches(name, there, n=1)
            hint = f" did you mean {shown(near[0])}?" if near else ""
            listed = ", ".join(there[:20]) + (f" and {len(there) - 20} more" if len(there) > 20 else "")
            raise BenchError(f"{origin} has no {what} {shown(name)};{hint} there are: {listed}")


def _is_text(column: pd.Series) -> bool:
    return isinstance(column, pd.Series) and (
        pd.api.types.is_object_dtype(column) or pd.api.types.is_string_dtype(column)
    )


def _parquet(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path)
    except Exception as error:  # of pyarrow's many kinds
        raise BenchError(f"{path} is no parquet file that can be read: {why(error)}") from None


def _text(path: Path) -> pd.DataFrame:
    raw = content(path, LARGEST)
    encoding = encoding_of(raw)
    head = raw[:65536].decode(encoding, errors="replace").lstrip("\ufeff")
    if not head.strip() or "\0" in head:
        raise BenchError(f"{path} {'is empty' if not head.strip() else 'is no text'}; name a file of rows")
    import io

    try:
        return pd.read_csv(
            io.BytesIO(raw), sep=separator_of(head), encoding=encoding, na_values=MISSING, skipinitialspace=True,
            low_memory=False,
        )  # fmt: skip
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeError, ValueError, csv.Error) as error:
        raise BenchError(f"{path} cannot be read as rows: {why(error)}; mend that line") from None


def encoding_of(raw: bytes) -> str:
    """The encoding of a text: by its mark, UTF-8 if it is that, else Latin-1 as Windows has it."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "cp1252" if not set(raw) & {0x81, 0x8D, 0x8F, 0x90, 0x9D} else "latin-1"
    return "utf-8-sig"


def separator_of(head: str) -> str:
    """What parts the cells of a text: of comma, semicolon, tab and |, what the line of names has most of."""
    first = next(line for line in head.splitlines() if line.strip())
    bare = re.sub(r'"[^"]*"', "", first)
    return max((",", ";", "\t", "|"), key=bare.count)
