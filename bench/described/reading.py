"""Files of rows as pandas reads them, whatever their separator and encoding; one clear line where they cannot be."""

# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportIndexIssue=false, reportOperatorIssue=false, reportGeneralTypeIssues=false
# (pandas' types make a column a Series or a DataFrame)

import csv
import io
import json
import re
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from bench.data.reading import content, why
from bench.described.numbers import is_text, numbers, parsed
from bench.errors import BenchError
from bench.paths import shown
from bench.plugins.described import DATA

LARGEST = 2**32  # bytes of a file of rows
FEWEST = 10  # rows with a target that are needed
LARGEST_TARGET = 1e30  # whose square single precision need not hold, and double precision does
REPEATED = "repeated"  # names that several columns of a file have, in `attrs` of its frame
DECIMAL = "decimal"  # the likely mark before decimals, in `attrs` likewise
MISSING = ["?", "-", "--"]  # beside what pandas takes for missing
_NOTE = re.compile(r"#[^,;\t|\n]*\n")  # a line before that of the names
PRECISE = 0.01  # of the targets' deviation, that single precision must tell apart


def frame(path: Path, as_text: Collection[str] = ()) -> pd.DataFrame:
    """All rows of a CSV, TSV, JSON lines or parquet file; texts that are numbers are numbers, names of columns texts.

    Args:
        as_text: columns whose texts stay as they are.

    Raises:
        BenchError: it is missing, a folder, empty or no table.
    """
    if path.is_dir():
        raise BenchError(f"{path} is a folder; name a file of rows ({', '.join(DATA)})")
    if not path.exists():
        raise BenchError(f"there is no file {path}; name a file of rows ({', '.join(DATA)})")
    if path.suffix.lower() not in DATA:
        raise BenchError(f"cannot read {path.name}; name a file of rows ({', '.join(DATA)})")
    found = {".parquet": _parquet, ".jsonl": _json_lines}.get(path.suffix.lower(), _text)(path)
    if not len(found) or not len(found.columns):
        raise BenchError(f"{path} has no rows; it needs a line of names and a line for each row")
    return tidied(found.reset_index(drop=True), as_text)  # names of rows are no column


def tidied(table: pd.DataFrame, as_text: Collection[str] = ()) -> pd.DataFrame:
    """Texts that are numbers as numbers, but for some columns, and columns' names as texts without spaces around."""
    table.columns = [str(name).strip() for name in table.columns]
    made = table.copy(deep=False)
    for name in set(table.columns[~table.columns.duplicated(keep=False)]).difference(as_text):
        made[name] = numbers(table[name], table.attrs.get(DECIMAL, "."))
    return made


def numeric(table: pd.DataFrame, name: str, origin: object, what: str = "target") -> np.ndarray:
    """A column of numbers, (N,) float64, nan where it has no value.

    Args:
        what: it is, for messages.

    Raises:
        BenchError: there is none of the name, or it is not made of numbers.
    """
    require(table, [name], origin, what)
    column = table[name]
    if isinstance(column, pd.DataFrame) or name in table.attrs.get(REPEATED, ()):
        raise BenchError(f"{origin} has several columns named {shown(name)}; give the {what} a name of its own")
    dates = pd.api.types.is_datetime64_any_dtype(column)  # which pandas would count in nanoseconds
    if is_text(column):
        found = parsed(column, table.attrs.get(DECIMAL, "."))
    else:
        found = pd.Series(np.nan, column.index) if dates else pd.to_numeric(column, errors="coerce")
    wrong = column[found.isna() & column.notna()]
    if len(wrong):
        where = f"row {int(np.flatnonzero(table.index == wrong.index[0])[0]) + 1}"
        raise BenchError(
            f"{origin}: the {what} {shown(name)} is {shown(str(wrong.iloc[0]))} in {where}, and a {what} is a number; "
            "mend or remove such rows, or name another column" + (" with --target" if what == "target" else "")
        )
    values = found.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def unit_advice(largest: float) -> str | None:
    """What to do of a target whose farthest value is this, if its square fits no number; 0 is fine.

    >>> unit_advice(1e40), unit_advice(3.0)
    ('goes up to 1e+40; give it in a larger unit', None)
    """
    if not largest or 1 / LARGEST_TARGET < largest < LARGEST_TARGET:
        return None
    return f"goes up to {largest:g}; give it in a {'larger' if largest > 1 else 'smaller'} unit"


def require_learnable(labels: np.ndarray, names: Sequence[str], origin: object) -> None:
    """Refuse targets (N, T) that are few, all the same, or too alike for the single precision of networks.

    Raises:
        BenchError: naming the target.
    """
    if len(labels) < FEWEST:
        what = "a target" if len(names) == 1 else "every target"
        raise BenchError(f"{origin}: rows with {what}: {len(labels)}; at least {FEWEST} are needed")
    for name, column in zip(names, labels.T, strict=True):
        if len(np.unique(column)) == 1:
            raise BenchError(f"{origin}: the target {name} is {column[0]:g} in every row: there is nothing to predict")
        largest = float(np.abs(column).max())
        if advice := unit_advice(largest):
            raise BenchError(f"{origin}: the target {name} {advice}")
        if np.spacing(np.float32(largest)) > PRECISE * column.std():
            raise BenchError(
                f"{origin}: the target {name} is near {column.mean():g} and varies by {column.std():.3g}, too little "
                "for single precision; subtract a constant from it"
            )


def weights(table: pd.DataFrame, name: str, origin: object) -> np.ndarray:
    """A column of weights, (N,) float64.

    Raises:
        BenchError: one is missing, negative or beyond all numbers, or all are 0.
    """
    found = numeric(table, name, origin, "weight")
    if not (np.isfinite(found) & (found >= 0)).all() or not found.any():
        raise BenchError(f"{origin}: the weight {name} must be 0 or more in every row, and above it in some")
    if advice := unit_advice(float(found.max())):
        raise BenchError(f"{origin}: the weight {name} {advice}")
    return found


def require(table: pd.DataFrame, names: list[str], origin: object, what: str = "column") -> None:
    """Refuse a table that lacks a column."""
    from difflib import get_close_matches

    for name in names:
        if name not in table.columns:
            there = [str(column) for column in table.columns]
            near = get_close_matches(name, there, n=1)
            hint = f" did you mean {shown(near[0])}?" if near else ""
            listed = ", ".join(there[:20]) + (f" and {len(there) - 20} more" if len(there) > 20 else "")
            raise BenchError(f"{origin} has no {what} {shown(name)};{hint} there are: {listed or 'no columns'}")
        if isinstance(table[name], pd.DataFrame):
            raise BenchError(f"{origin} has several columns named {shown(name)}; leave one of them out")


def _parquet(path: Path) -> pd.DataFrame:
    from pyarrow import parquet

    try:
        names = parquet.read_schema(path).names
        if len(set(names)) == len(names):
            return pd.read_parquet(path)
    except Exception as error:  # of pyarrow's many kinds
        raise BenchError(f"{path} is no parquet file that can be read: {why(error)}") from None
    raise BenchError(f"{path} has two columns named {shown(max(names, key=names.count))}; rename one of them")


def _json_lines(path: Path) -> pd.DataFrame:
    raw = content(path, LARGEST)
    found: list[dict[str, object]] = []
    for number, line in enumerate(raw.decode(encoding_of(raw), errors="replace").split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise BenchError(f"{path}, line {number}: no JSON: {why(error)}; mend that line") from None
        if not isinstance(row, dict):
            raise BenchError(f"{path}, line {number}: {shown(line)} is no row; write an object of columns")
        found.append(row)
    return pd.DataFrame(found)


def _text(path: Path) -> pd.DataFrame:
    raw = content(path, LARGEST)
    encoding = encoding_of(raw)
    head = raw[:65536].decode(encoding, errors="replace").lstrip("\ufeff")
    if not head.strip() or "\0" in head:
        raise BenchError(f"{path} {'is empty' if not head.strip() else 'is no text'}; name a file of rows, as UTF-8")
    try:
        names, first, separator, skipped = heading(head)
        how = {
            "sep": r"\s+" if separator == " " else separator,
            "encoding": encoding,
            "na_values": MISSING,
            "skipinitialspace": True,
        }
        if len(first) == len(names) + 1 and not first[-1]:
            # a separator at the end of each row and none after the names, by which pandas takes the first for an index
            how |= {"usecols": range(len(names)), "index_col": False}
        found = pd.read_csv(io.BytesIO(raw), **how, skiprows=skipped, low_memory=False)
        found.attrs[DECIMAL] = "," if separator == ";" else "."  # where a comma is in numbers, it parts no cells
        found.attrs[REPEATED] = [name for name in names if names.count(name) > 1]
        return found
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


def heading(head: str) -> tuple[list[str], list[str], str, int]:
    """Names of the columns, the first row, what parts the cells, and how many lines stand before the names.

    >>> heading("sep=;\\na;b\\n1;2\\n")
    (['a', 'b'], ['1', '2'], ';', 1)
    """
    stated = re.match(r"sep=(.)\r?\n", head)  # as Excel has it
    rest = head[stated.end() :] if stated else head
    skipped = 1 if stated else 0
    while _NOTE.match(rest) and "\n" in rest:
        skipped, rest = skipped + 1, rest.partition("\n")[2]
    separator = stated[1] if stated else separator_of(rest)
    lines = csv.reader(io.StringIO(rest.lstrip("\r\n"), newline=None), delimiter=separator, skipinitialspace=True)
    names, first = ([cell.strip() for cell in next(lines, [])] for _ in range(2))
    return names, first, separator, skipped


def separator_of(head: str) -> str:
    """What parts the cells of a text: of comma, semicolon, tab and |, what the line of names has most of.

    Spaces do where there is none of them.
    """
    first = next(line for line in head.splitlines() if line.strip())
    bare = re.sub(r'"[^"]*"', "", first).strip()
    found = max((",", ";", "\t", "|"), key=bare.count)
    return found if found in bare or " " not in bare else " "  # one column alone has nothing to predict it from
