"""Numbers that the papers report, in our names: `reported.csv` and how its rows map to metrics and methods.

`mean` and `std` stay decimal, so a page shows the digits that the paper printed.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

import pandas as pd

from bench import board
from bench.sheet import NONE, Key, Sheet, Table

# metric as the papers write it -> (our metric, power of ten that brings it to our unit);
# the feature-space measures of the NYUD2-DIR rows have no metric here
METRICS = {
    "MAE": ("mae", 0),
    "MSE": ("mse", 0),
    "RMSE": ("rmse", 0),
    "GM": ("gmean_error", 0),
    "delta1": ("delta1", 0),
    "Pearson_percent": ("pearson", -2),
    "Spearman_percent": ("spearman", -2),
}

# part of a row label, in lower case -> our method, in the order of a stack's name; baselines add no part
PARTS = {
    "rrt": "rrt",
    "focal-r": "focal_r",
    "mt": "mt",
    "conr": "conr",
    "oe": "oe",
    "ph-reg": "ph_reg",
    "ranksim": "ranksim",
    "l_ot": "rot_reg",
    "srl (ours)": "srl",
    "topological autoencoder": "topo_ae",
    "inv": "inv",
    "lds": "lds",
    "sqinv": "sqinv",
    "fds": "fds",
    "infdrop": "infdrop",
}
BASELINES = ("baseline", "vanilla")
LABEL = "row in the paper"

# paper as the file names it -> (short name, what a reader must know before comparing)
PAPERS = {
    "Improving Deep Regression with Tightness": (
        "Tightness",
        "Zhang et al., ICLR 2025: mean ± deviation over 10 runs on AgeDB-DIR and the coordinates, none on "
        "NYUD2-DIR; OE and PH-Reg on AgeDB-DIR are copied from their papers, RankSim there has weight 1000.",
    ),
    "RankSim": (
        "RankSim",
        "Gong et al., ICML 2022: no deviations; rows with RANKSIM train with batch 64 (AgeDB-DIR) or 16 "
        "(STS-B-DIR), the others with 256 or 128; where two tables contradict each other, both are shown.",
    ),
    "SRL summary": ("SRL", "CVPR 2025, read from a summary: no deviations, protocol not stated."),
}

Value = tuple[Decimal, Decimal | None]  # mean and, where it is printed, deviation


@dataclass(frozen=True)
class Row:
    """One row of a paper. `method` is our name for it, None where that is open or there is none."""

    paper: str
    tables: tuple[str, ...]
    label: str
    method: str | None
    runs: str
    values: dict[Key, Value]

    @property
    def short(self) -> str:
        """Short name of the paper."""
        return PAPERS[self.paper][0]

    @property
    def words(self) -> tuple[str, str, str, str, str]:
        """Paper, tables, label, our name and number of runs, as text."""
        tables = ", ".join(table.removeprefix("Table ") for table in self.tables)
        return self.short, tables, self.label, self.method or NONE, self.runs or NONE

    def is_method(self, name: str) -> bool:
        """Whether the row is the method or stack of this name, whatever the order of its parts."""
        return self.method is not None and sorted(self.method.split("+")) == sorted(name.split("+"))

    @property
    def _result(self) -> tuple[str, str, str]:
        return self.paper, self.runs, self.method or self.label

    def agrees(self, other: "Row") -> bool:
        """Whether both rows are one result that two tables print."""
        shared = self.values.keys() & other.values.keys()
        agreed = bool(shared) and all(self.values[key] == other.values[key] for key in shared)
        return agreed and self._result == other._result

    def join(self, other: "Row") -> "Row":
        """One row out of two that agree."""
        tables = tuple(dict.fromkeys(self.tables + other.tables))
        label = self.label if other.label in self.label.split(" = ") else f"{self.label} = {other.label}"
        return Row(self.paper, tables, label, self.method, self.runs, {**self.values, **other.values})


def method_of(label: str) -> str | None:
    """Our method for a row label of a paper, None where there is none or it is open which.

    >>> method_of("+ MT + L_ot"), method_of("VANILLA"), method_of("SQINV + LDS"), method_of("+ MT M=4")
    ('mt+rot_reg', 'baseline', 'lds', None)
    """
    words = [word for part in label.split("+") if (word := part.strip().lower())]
    if any(word not in PARTS and word not in BASELINES for word in words):
        return None
    parts = {PARTS[word] for word in words if word in PARTS}
    if "lds" in parts:
        parts -= {"sqinv", "inv"}  # LDS smooths their weights, so a row that names both is LDS
        if {"focal_r", "ranksim"} <= parts:
            return None  # the released code drops the weights in these rows: they may hold no LDS at all
    return "+".join(name for name in PARTS.values() if name in parts) or "baseline"


@cache
def rows(dataset: str) -> tuple[Row, ...]:
    """The rows of one dataset, by the papers' name for it, in the papers' order."""
    read: dict[tuple[str, str, str], Row] = {}
    with Path(__file__).with_name("reported.csv").open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            if line["dataset"] == dataset and line["metric"] in METRICS:
                paper, table, label = line["paper"], line["source_table"], line["method"]
                new = Row(paper, (table,), label, method_of(label), line["runs"], {})
                row = read.setdefault((paper, table, label), new)
                metric, power = METRICS[line["metric"]]
                std = Decimal(line["std"]).scaleb(power) if line["std"] else None
                row.values[metric, line["subset"]] = Decimal(line["mean"]).scaleb(power), std
    merged: list[Row] = []
    for row in read.values():
        twin = next((i for i, other in enumerate(merged) if other.agrees(row)), None)
        if twin is None:
            merged.append(row)
        else:
            merged[twin] = merged[twin].join(row)
    return tuple(merged)


def against(sheet: Sheet, cells: pd.DataFrame, regions: Sequence[str]) -> Table:
    """Our means beside those of the papers, for the rows that have a counterpart."""
    heads = ("method", "metric", "n", "ours", "reported", "difference", "within 2 sd", "paper", LABEL)
    keys = [(metric, region) for region in regions for metric in sheet.metrics]
    return Table(heads, tuple(line for key in keys for line in _compared(sheet, cells, key)))


def listed(sheet: Sheet, chosen: Sequence[Row], metrics: Sequence[str]) -> Table:
    """Rows of the papers as they print them, each with our name for it."""
    printed = {key for row in chosen for key in row.values}
    keys = [key for key in paper_keys(sheet) if key[0] in metrics and key in printed]
    heads = ("paper", "tables", LABEL, "here", "runs", *(sheet.header(*key) for key in keys))
    lines = [
        (*row.words, *(_text(row.values.get(key)) for key in keys)) for row in chosen if row.values.keys() & set(keys)
    ]
    return Table(heads, tuple(lines))


def paper_keys(sheet: Sheet) -> list[Key]:
    """Metrics of the sheet in its regions and in those that papers use."""
    regions = dict.fromkeys((*sheet.regions, "all", "many", "medium", "few"))
    return [(metric, region) for metric in sheet.metrics for region in regions]


def _compared(sheet: Sheet, cells: pd.DataFrame, key: Key) -> Iterator[tuple[str, ...]]:
    for name, stats in board.summary(sheet, cells).items():
        ours = stats[key]
        for row in rows(sheet.reported or ""):
            if ours.mean is None or key not in row.values or not row.is_method(name):
                continue
            mean, sd = row.values[key]
            decimals = max(-int(mean.as_tuple().exponent), 0)
            difference = Decimal(repr(ours.mean)) - mean
            within = "unknown" if sd is None else "yes" if abs(difference) <= 2 * sd else "no"
            numbers = str(ours.n), ours.text(decimals), _text(row.values[key]), f"{difference:+z.{decimals}f}"
            yield name, sheet.header(*key), *numbers, within, row.short, row.label


def _text(value: Value | None) -> str:
    if value is None:
        return NONE
    mean, sd = value
    return f"{mean:f}" if sd is None else f"{mean:f} ± {sd:f}"
