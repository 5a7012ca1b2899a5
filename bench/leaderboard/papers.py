"""The tables of the papers, row by row: the command that trains each, or the reason why none does.

Rules of each paper are in `bench/papers/NAME.toml`, reported figures in `reported.csv`.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from shlex import quote
from typing import Any

from bench.errors import BenchError
from bench.leaderboard.published import lines, method_of

FOLDER = Path(__file__).parents[1] / "papers"
# what a paper writes -> our name, in a command
NAMES = {
    "AgeDB-DIR": "agedb",
    "IMDB-WIKI-DIR": "imdb_wiki",
    "AgeDB": "agedb[backbone=resnet18,protocol=rnc]",
    "SkyFinder": "skyfinder",
    "MPIIFaceGaze": "mpiifacegaze",
    "TUAB": "tuab",
    "MSE": "mse",
    "HUBER": "huber",
    "DEX": "dex",
    "DLDL-v2": "dldl",
    "OR": "ordinal",
    "CORN": "corn",
    "L1": "baseline",
    "RNC(L1)": "rnc",
    "SIMCLR": "simclr",
    "DINO": "dino",
    "SUPCON": "supcon",
    "COSINE DISTANCE": "cosine",
    "COSINE": "cosine",
    "CORRELATION": "correlation",
    "MAE": "mae",
    "L_∞": "linf",
}


@dataclass(frozen=True)
class Row:
    """A row of a table.

    Args:
        figures: (metric, region) as the paper writes them -> mean, and deviation where it is printed.
        method, dataset, changes: ours, the latter as `--set` takes them; no method where there is a reason instead.
        first: the method and dataset whose encoder the row starts from; empty where it starts from none.
        keep: what the run keeps beside its predictions.
        then: the command that gives figures of what was kept.
        why: the reason why nothing trains it; empty where something does.
    """

    paper: str
    table: str
    dataset_label: str
    label: str
    method: str = ""
    dataset: str = ""
    changes: tuple[str, ...] = ()
    first: tuple[str, ...] = ()
    keep: str = ""
    then: str = ""
    why: str = ""
    figures: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict[tuple[str, str], tuple[str, str]])

    @property
    def command(self) -> str:
        """What to run; empty where nothing does."""
        if self.why:
            return ""
        words = ["bench", "run", "--method", self.method, "--dataset", self.dataset]
        for change in self.changes:
            words += ["--set", change]
        words += ["--keep", self.keep] if self.keep else []
        command = " ".join(map(quote, words))
        if not self.first:
            return command
        method, dataset = map(quote, self.first)
        return f"bench run --method {method} --dataset {dataset} --save-models best && {command}"


@dataclass(frozen=True)
class Plot:
    """What a paper draws: a figure of it, or a slide's.

    Args:
        name: its number, or that of its slide.
        shows: in a line.
        commands: what draws ours, one after the other; none where there is a reason instead.
        why: the reason why nothing draws it; empty where something does.
    """

    name: str
    shows: str
    commands: tuple[str, ...] = ()
    why: str = ""


def names() -> list[str]:
    """Short names of the papers."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def rows(paper: str, table: str | None = None) -> list[Row]:
    """The rows of a paper, in its order.

    Args:
        paper: its short name.
        table: its name, or the number of it; None for all.

    Raises:
        BenchError: there is no such paper or table.
    """
    _require(paper)
    found = _rows(paper)
    if table is None:
        return list(found)
    wanted = {table.lower(), f"table {table}".lower()}
    chosen = [row for row in found if row.table.lower() in wanted]
    if not chosen:
        there = ", ".join(dict.fromkeys(row.table for row in found))
        raise BenchError(f"{paper} has no table '{table}'; there are: {there}")
    return chosen


def plots(paper: str) -> list[Plot]:
    """What a paper draws of results, in its order.

    Raises:
        BenchError: there is no such paper.
    """
    _require(paper)
    return [Plot(**{**one, "commands": tuple(one.get("commands", ()))}) for one in _content(paper).get("plot", ())]


def _require(paper: str) -> None:
    if paper not in names():
        raise BenchError(f"no paper '{paper}'; there are: {', '.join(names())}")


@cache
def _rows(paper: str) -> tuple[Row, ...]:
    content = _content(paper)
    figures: dict[tuple[str, str, str], dict[tuple[str, str], tuple[str, str]]] = {}
    for line in lines():
        if line["paper"] == content["paper"]:
            where = line["source_table"], line["dataset"], line["method"]
            figures.setdefault(where, {})[line["metric"], line["subset"]] = line["mean"], line["std"]
    return tuple(
        Row(paper, *where, figures=given, **_trained(content["rule"], *where)) for where, given in figures.items()
    )


@cache
def _content(paper: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{paper}.toml").read_text(encoding="utf-8"))


def _trained(rules: Sequence[Mapping[str, Any]], table: str, dataset: str, label: str) -> dict[str, Any]:
    for rule in rules:
        parts = _parts(rule, table=table, dataset=dataset, row=label)
        if parts is None:
            continue
        if "why" in rule:
            return {"why": rule["why"]}
        first = (parts["trained"], rule["first"]) if "first" in rule else ()
        parts["first"] = "/".join(reversed(first))
        method = rule["method"].format(**parts) if "method" in rule else method_of(parts.get("label", label))
        if method is None:
            return {"why": "no method here is what this row names"}
        changes = tuple(change.format(**parts) for change in rule.get("set", ()))
        kept = {name: rule[name] for name in ("keep", "then") if name in rule}
        kept["first"] = first
        return {"method": method, "dataset": rule["on"].format(**parts), "changes": changes, **kept}
    return {"why": "no dataset here is what this table is of"}


def _parts(rule: Mapping[str, Any], **of: str) -> dict[str, str] | None:
    # the named parts of a rule's patterns, in our names; None where one does not fit
    found: dict[str, str] = dict.fromkeys(("ages", "data"), NAMES.get(of["dataset"], ""))
    for name, text in of.items():
        match = re.fullmatch(rule.get(name, ".*"), text)
        if match is None:
            return None
        found |= {key: value if key == "label" else NAMES.get(value, value) for key, value in match.groupdict().items()}
    return found


def counts() -> Iterator[tuple[str, int, int, int]]:
    """Of each paper its short name, its rows, those that a command trains, and the figures that it reports."""
    for paper in names():
        found = _rows(paper)
        figures = sum(line["paper"] == _content(paper)["paper"] for line in lines())  # some are printed twice
        yield paper, len(found), sum(not row.why for row in found), figures
