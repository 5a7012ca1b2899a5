"""Numbers that the papers report, in our names: `reported.csv`, and how its rows map to metrics and methods.

`mean` and `std` stay decimal, so a page shows the digits that the paper printed.
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path

from bench.leaderboard.spec import Key

# metric as the papers write it -> (our metric, power of ten that brings it to our unit);
# the feature-space measures of the NYUD2-DIR rows have no metric here
PAPER_METRICS = {
    "MAE": ("mae", 0),
    "MSE": ("mse", 0),
    "RMSE": ("rmse", 0),
    "R2": ("r2", 0),
    "GM": ("gmean_error", 0),
    "delta1": ("delta1", 0),
    "angular": ("angular", 0),
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
    "Rank-N-Contrast slides": (
        "RnC",
        "Zha et al., NeurIPS 2023, read from the slides of the talk: no deviations, and splits of their own.",
    ),
    "SRL summary": ("SRL", "CVPR 2025, read from a summary: no deviations, protocol not stated."),
}

Value = tuple[Decimal, Decimal | None]  # mean and, where it is printed, deviation


@dataclass(frozen=True)
class PublishedRow:
    """One row of a paper. `method` is our name for it, None where that is open or there is none."""

    paper: str
    tables: tuple[str, ...]
    label: str
    method: str | None
    runs: str
    values: dict[Key, Value] = field(default_factory=dict)

    @property
    def short(self) -> str:
        """Short name of the paper."""
        return PAPERS[self.paper][0]

    def is_method(self, name: str) -> bool:
        """Whether the row is the method or stack of this name, whatever the order of its parts."""
        return same_stack(self.method, name)

    @property
    def _result(self) -> tuple[str, str, str]:
        return self.paper, self.runs, self.method or self.label

    def agrees(self, other: "PublishedRow") -> bool:
        """Whether both rows are one result that two tables print."""
        shared = self.values.keys() & other.values.keys()
        agreed = bool(shared) and all(self.values[key] == other.values[key] for key in shared)
        return agreed and self._result == other._result

    def join(self, other: "PublishedRow") -> "PublishedRow":
        """One row out of two that agree."""
        tables = tuple(dict.fromkeys(self.tables + other.tables))
        label = self.label if other.label in self.label.split(" = ") else f"{self.label} = {other.label}"
        return PublishedRow(self.paper, tables, label, self.method, self.runs, {**self.values, **other.values})


def same_stack(one: str | None, other: str) -> bool:
    """Whether two names are of one method or stack, whatever the order of its parts; None is none."""
    return one is not None and sorted(one.split("+")) == sorted(other.split("+"))


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


def published_rows(dataset: str) -> tuple[PublishedRow, ...]:
    """The rows of one dataset, by the papers' name for it, in the papers' order."""
    return _all_rows().get(dataset, ())


@dataclass(frozen=True)
class Figure:
    """One number of a paper. `method` is ours, `key` metric and region in our names; None where we have none."""

    dataset: str
    method: str | None
    key: Key | None
    mean: Decimal
    sd: Decimal | None
    runs: str


@cache
def figures() -> tuple[Figure, ...]:
    """Every figure that the papers report, also those that two tables print."""
    return tuple(map(_figure, lines()))


def _figure(line: Mapping[str, str]) -> Figure:
    metric, power = PAPER_METRICS.get(line["metric"], ("", 0))
    key = (metric, line["subset"]) if metric else None
    std = Decimal(line["std"]).scaleb(power) if line["std"] else None
    mean = Decimal(line["mean"]).scaleb(power)
    return Figure(line["dataset"], method_of(line["method"]), key, mean, std, line["runs"])


@cache
def lines() -> tuple[dict[str, str], ...]:
    """Every figure as the file has it, by the names of its columns."""
    with Path(__file__).with_name("reported.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


@cache
def _all_rows() -> dict[str, tuple[PublishedRow, ...]]:
    read: dict[str, dict[tuple[str, str, str], PublishedRow]] = {}
    for line in lines():
        if line["metric"] not in PAPER_METRICS:
            continue
        name = paper, table, label = line["paper"], line["source_table"], line["method"]
        rows = read.setdefault(line["dataset"], {})
        if name not in rows:
            rows[name] = PublishedRow(paper, (table,), label, method_of(label), line["runs"])
        figure = _figure(line)
        if figure.key is not None:
            rows[name].values[figure.key] = figure.mean, figure.sd
    return {dataset: _merged(rows.values()) for dataset, rows in read.items()}


def _merged(rows: Iterable[PublishedRow]) -> tuple[PublishedRow, ...]:
    merged: list[PublishedRow] = []
    for row in rows:
        twin = next((i for i, other in enumerate(merged) if other.agrees(row)), None)
        if twin is None:
            merged.append(row)
        else:
            merged[twin] = merged[twin].join(row)
    return tuple(merged)
