"""The page "Do features predict the error?" and its plots, from `analysis/feature_space.csv` alone.

`python docs/feature_space.py` writes both anew; the values are those of `bench analyse all --out`.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from bench import plot
from bench.runs import analyse, association
from bench.runs.association import ALL, Association
from bench.runs.findings import Cell, Findings, of_csv

ROOT = Path(__file__).parents[1]
VALUES, PAGE = ROOT / "analysis/feature_space.csv", ROOT / "docs/feature_space.md"
FAMILIES = ("ordinality", "tightness", "uniformity", "updates")
SHOWN = ("spearman_euclidean", "spread", "enveloping", "volume_cosine")  # of each dataset's plot
Told = dict[association.Over, list[Association]]
OVERS: dict[association.Over, tuple[str, str]] = {
    "methods": ("Between methods", "a method, by its means over seeds"),
    "cells": ("Over cells", "a seed of a method"),
    "seeds": ("Between seeds of one method", "a seed of a method, by its differences from the method's means"),
}
INTRODUCTION = """\
Zhang et al. (Improving Deep Regression with Tightness, ICLR 2025) argue that features which keep the order of labels
and features which are tight go together, and that both help; Wu et al. (SRL, CVPR 2025) argue for features that cover
the sphere. Here {counts} say how measures of the three go with the
error on the test split. A positive correlation: what has a high value has a high error."""
LIMITS = """\
Answers are of the correlations between methods, over all datasets together. Intervals are of 95% each, from a bootstrap
over methods and their seeds, and not corrected for the number of measures. What goes with the error need not lower it,
as a method may do both at once by something else. Of so few methods intervals are wide: a "no" is no proof of none."""


def findings() -> Findings:
    """The committed values."""
    measures = {name: text for family in FAMILIES for name, text in analyse.load(family).measures.items()}
    return of_csv(VALUES.read_text(encoding="utf-8"), measures)


def page(found: Findings, told: Told) -> str:
    """The text of the page."""
    return "\n".join(line.rstrip() for line in _lines(found, told)) + "\n"


def _lines(found: Findings, told: Told) -> Iterator[str]:
    yield "# Do features predict the error?"
    yield ""
    yield INTRODUCTION.format(counts=_counts(found))
    yield ""
    yield "## Answer"
    yield ""
    for family in FAMILIES:
        yield _answer(family, told)
    yield ""
    yield LIMITS
    yield ""
    yield "![Correlations of each measure with the test error, by dataset](feature_space/correlations.svg)"
    yield ""
    for over, (title, point) in OVERS.items():
        yield f"## {title}"
        yield ""
        yield f"A point is {point}. Bold: the interval excludes 0."
        yield ""
        yield association.as_table(told[over])
        yield ""
    yield "## Datasets"
    yield ""
    for dataset in found.datasets:
        own = Findings({name: found.measures[name] for name in SHOWN}, _of(found, dataset))
        yield f"`{dataset}`: means over seeds, with their deviations."
        yield ""
        yield own.as_table()
        yield ""
        yield f"![{', '.join(SHOWN)} against the test error on {_word(dataset)}](feature_space/{_word(dataset)}.svg)"
        yield ""
    yield "## Measures"
    yield ""
    yield from (f"- `{name}`: {text}." for name, text in found.measures.items())
    yield ""
    yield "## How it was made"
    yield ""
    yield "```sh"
    for dataset in found.datasets:
        methods = ",".join(dict.fromkeys(cell.method for cell in _of(found, dataset)))
        seeds = 1 + max(cell.seed for cell in _of(found, dataset))
        where = f"--dataset '{dataset}' --seeds {seeds} --keep features --results features/results"
        yield f"bench run --method {methods} {where}"
    yield "bench analyse all --results features/results --out analysis/feature_space.csv"
    yield "python docs/feature_space.py  # this page and its plots"
    yield "```"


def _of(found: Findings, dataset: str) -> list[Cell]:
    return [cell for cell in found.cells if cell.dataset == dataset]


def _counts(found: Findings) -> str:
    methods = len({cell.method for cell in found.cells})
    return f"{len(found.cells)} cells of {methods} methods on {', '.join(map(_word, found.datasets))}"


def _answer(family: str, told: Told) -> str:
    by_measure = {
        name: own
        for name in analyse.load(family).measures
        if (own := {one.dataset: one for one in told["methods"] if one.measure == name})
    }
    telling = [own for own in by_measure.values() if _whole(own).tells]
    silent = [own for own in by_measure.values() if not _whole(own).tells]
    word = "yes" if not silent else "no" if not telling else "in part"
    told_apart = {"Told from 0:": telling, "Not:": silent}
    parts = [f"{words} {', '.join(map(_told, owns))}." for words, owns in told_apart.items() if owns]
    return f"- **{family.title()}: {word}.** {' '.join(parts)}"


def _whole(own: dict[str, Association]) -> Association:
    # of all datasets together, or of the one that has the measure
    return own.get(ALL) or next(iter(own.values()))


def _told(own: dict[str, Association]) -> str:
    one = _whole(own)
    text = f"`{one.measure}` {association.shown(one)}"
    if one.dataset != ALL:
        return f"{text} on {_word(one.dataset)} alone"
    by_itself = [_word(dataset) for dataset, other in own.items() if dataset != ALL and other.tells]
    return f"{text} (by itself on {' and '.join(by_itself)})" if by_itself else text


def _word(dataset: str) -> str:
    return re.sub(r"\W.*", "", dataset)


def main() -> None:
    """Write the page and its plots."""
    found = findings()
    told: Told = {over: association.associations(found, over) for over in OVERS}
    folder = PAGE.with_suffix("")
    folder.mkdir(exist_ok=True)
    plot.correlations(told["methods"]).save(folder / "correlations.svg")
    for dataset in found.datasets:
        own = Findings(found.measures, _of(found, dataset))
        plot.of_findings(own, SHOWN).save(folder / f"{_word(dataset)}.svg")
    PAGE.write_text(page(found, told), encoding="utf-8")


if __name__ == "__main__":
    main()
