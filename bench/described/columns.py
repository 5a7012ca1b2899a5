"""Columns of a table as numbers for a network, by what their training rows say; the state is plain JSON.

A matrix has the numbers first, standardised, then flags of 0 and 1: categories, missing values.
"""

# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportIndexIssue=false, reportOperatorIssue=false, reportGeneralTypeIssues=false
# (pandas' types make a column a Series or a DataFrame)

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from bench.described.kinds import WORDS, Kind, dates, day_first
from bench.described.numbers import is_text, parsed
from bench.errors import BenchError
from bench.paths import shown

MOST = 50  # values of a category that get a flag of their own; the others share one
KNOTS = 200  # of a column's distribution
FAR = 10.0  # deviations, beyond which a new row's number is no farther
YEAR = 365.2425  # days

_NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d*)?([eE][+-]?\d{1,2})?")

State = dict[str, Any]


def fit(table: pd.DataFrame, kinds: Mapping[str, Kind]) -> list[State]:
    """What training rows say of each column: where it is centred, what stands in for a missing value, its values."""
    return [_fit(table[name], name, kind) for name, kind in kinds.items() if kind != "ignored"]


def matrix(table: pd.DataFrame, states: Sequence[State]) -> tuple[np.ndarray, int]:
    """Rows (N, F) float32 as the network takes them, and how many of the columns are numbers."""
    numbers, flags = list[np.ndarray](), list[np.ndarray]()
    for state in states:
        of_numbers, of_flags = _apply(table[state["column"]], state)
        numbers += of_numbers
        flags += of_flags
    found = np.stack([*numbers, *flags], axis=1) if numbers or flags else np.zeros((len(table), 0))
    return found.astype(np.float32), len(numbers)


def features(states: Sequence[State]) -> list[str]:
    """A name for each column of the matrix."""
    numbers, flags = list[str](), list[str]()
    for state in states:
        name, kind = state["column"], state["kind"]
        if kind == "category":
            flags += [*(f"{name}={value}" for value in state["values"]), f"{name}=other"]
            continue
        seasons = [f"{name}:sine", f"{name}:cosine"] if kind == "date" else []
        (flags if kind == "boolean" else numbers).extend([name, *seasons])
        flags += [f"{name}:missing"] if state["missing"] else []
    return [*numbers, *flags]


def require_readable(table: pd.DataFrame, states: Sequence[State], origin: object) -> None:
    """Refuse a column of values of which none is of the kind that training rows had.

    Raises:
        BenchError: naming the first one.
    """
    for state in states:
        column = table[state["column"]]
        if state["kind"] == "category" or not column.notna().any():
            continue
        if not np.isfinite(_values(column, state)).any():
            value = shown(str(column.dropna().iloc[0]))
            raise BenchError(f"{origin}: {shown(state['column'])} is {value}, and it was {state['kind']} in training")


def names(states: Sequence[State]) -> list[str]:
    """The columns that the states read."""
    return [state["column"] for state in states]


def _fit(column: pd.Series, name: str, kind: Kind) -> State:
    state: State = {"column": name, "kind": kind}
    if kind == "category":
        counts = _texts(column).value_counts()
        kept = sorted(counts.index[counts.to_numpy() > 1][:MOST])
        return {**state, "values": kept or sorted(counts.index[:MOST])}
    if kind == "date":
        state["day_first"] = day_first(column)  # which new rows need not show
    values = _values(column, state)
    there = values[np.isfinite(values)]
    if not len(there):
        if column.notna().any():
            value = shown(str(column.dropna().iloc[0]))
            raise BenchError(f"the column {shown(name)} is {value}, which is not {kind}; give it another kind")
        there = np.zeros(1)
    state |= {"fill": float(np.median(there)), "missing": bool(len(there) < len(values))}
    if kind == "boolean":
        return state
    if kind == "quantile":
        return {**state, "knots": np.quantile(there, np.linspace(0, 1, KNOTS)).tolist()}
    deviation = float(there.std())
    return {**state, "mean": float(there.mean()), "deviation": deviation if deviation > 0 else 1.0}


def _apply(column: pd.Series, state: State) -> tuple[list[np.ndarray], list[np.ndarray]]:
    if state["kind"] == "category":
        texts = _texts(column).to_numpy()
        found = [texts == value for value in state["values"]]
        return [], [*found, ~np.any(found, axis=0) if found else np.ones(len(texts), dtype=bool)]
    raw = _values(column, state)
    missing = [~np.isfinite(raw)] if state["missing"] else []
    values = np.where(np.isfinite(raw), raw, state["fill"])
    match state["kind"]:
        case "boolean":
            return [], [values, *missing]
        case "quantile":
            return [_ranks(values, np.array(state["knots"]))], missing
        case kind:
            scaled = np.clip((values - state["mean"]) / state["deviation"], -FAR, FAR)
            if kind != "date":
                return [scaled], missing
            season = 2 * np.pi * values / YEAR
            return [scaled, np.sin(season), np.cos(season)], missing


def _ranks(values: np.ndarray, knots: np.ndarray) -> np.ndarray:
    # the middle of the ranks where several knots are equal, as scikit-learn's QuantileTransformer
    places = np.linspace(0, 1, len(knots))
    up = np.interp(values, knots, places)
    down = -np.interp(-values, -knots[::-1], -places[::-1])
    return ndtri(np.clip((up + down) / 2, 1e-3, 1 - 1e-3))


def _texts(column: pd.Series) -> pd.Series:
    return column.map(_text).astype(object)


def _text(cell: Any) -> str:
    # a file without texts in a column has numbers and booleans there: 3.0 and 03 are 3, and TRUE is True
    if pd.isna(cell):
        return ""
    text = str(cell).strip()
    if _NUMBER.fullmatch(text):
        return f"{float(text):.15g}"
    return text.capitalize() if text.lower() in ("true", "false") else text


def _values(column: pd.Series, state: State) -> np.ndarray:
    kind = state["kind"]
    if kind == "date":
        moments = dates(column, state.get("day_first", False)).to_numpy().astype("datetime64[s]")
        days = moments.astype(np.int64) / 86400
        return np.where(np.isnat(moments), np.nan, days)
    if kind == "boolean":
        return column.map(
            lambda cell: np.nan if pd.isna(cell) else WORDS.get(str(cell).strip().lower(), np.nan)
        ).to_numpy(float)
    found = parsed(column) if is_text(column) else pd.to_numeric(column, errors="coerce")
    return found.to_numpy(dtype=np.float64, na_value=np.nan)
