"""What a board must know of its dataset beside the records."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from bench.errors import unknown
from bench.metrics import METRICS
from bench.shots import ORDER

SEEDS = range(10)  # of a whole row
WIDE = 8  # columns of numbers that one table may have
Key = tuple[str, str]  # metric, region


@dataclass(frozen=True)
class BoardSpec:
    """What a board must know of its dataset beside the records.

    Args:
        dataset: canonical name, which is also its results folder.
        title: heading of its page.
        what: one line on data and protocol.
        unit: of the labels.
        metrics: names in bench.metrics.METRICS; the first one ranks the rows.
        regions: regions that the records have; the first one ranks the rows.
        synthetic: made-up samples, kept apart from real data.
        methods: the rows that the board is to have.
        references: entries that are no methods, such as linear regression, and are set apart.
        one_seed: references that draw nothing, so that seed 0 is the whole row.
        refused: method or reference -> why it is not defined here.
        reported: the papers' name of the dataset; None where no row is comparable.
        reported_note: what to know before comparing with the papers.
        certificates: method -> reference, golden cases passed, largest deviation, where it differs.
        findings: method -> why its numbers are not those of the papers.

    Raises:
        BenchError: a metric is not one of ours.
    """

    dataset: str
    title: str
    what: str
    unit: str
    metrics: tuple[str, ...]
    regions: tuple[str, ...] = ("all",)
    synthetic: bool = False
    methods: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    one_seed: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    reported: str | None = None
    reported_note: str = ""
    certificates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    findings: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in self.metrics:
            if name not in METRICS:
                raise unknown("metric", name, METRICS)

    @classmethod
    def of(cls, description: Mapping[str, Any], regions: Iterable[str]) -> Self:
        """From what a dataset says of itself, every other field with lists for tuples, and its records' regions."""
        certificates = {method: tuple(words) for method, words in description["certificates"].items()}
        there = set(regions)
        made = {
            "metrics": tuple(description["metrics"]),
            "methods": tuple(description["methods"]),
            "regions": ("all", *(region for region in ORDER if region in there)),
            "certificates": certificates,
            **{name: tuple(description.get(name, ())) for name in ("references", "one_seed")},
        }
        return cls(**{**description, **made})

    def among(self, methods: Collection[str]) -> Self:
        """The same board, of which only these methods and stacks are expected."""
        expected = tuple(name for name in self.methods if name in methods)
        return replace(self, methods=expected, refused={k: v for k, v in self.refused.items() if k in methods})

    def is_reference(self, row: str) -> bool:
        """Whether a row is a reference and no method."""
        return _base(row) in self.references

    def seeds(self, row: str) -> range:
        """Those of a whole row."""
        return SEEDS[:1] if _base(row) in self.one_seed else SEEDS

    @property
    def keys(self) -> list[Key]:
        """Every metric in every region; one that weighs all labels against each other over all rows alone."""
        return [
            (metric, region)
            for metric in self.metrics
            for region in self.regions
            if region == "all" or not METRICS[metric].given
        ]

    @property
    def groups(self) -> list[tuple[str, ...]]:
        """The metrics of each table: all in one; of many columns a table a metric, and one of those without regions."""
        if len(self.keys) <= WIDE:
            return [self.metrics]
        whole = tuple(metric for metric in self.metrics if METRICS[metric].given)
        return [*((metric,) for metric in self.metrics if metric not in whole), *([whole] if whole else [])]

    def header(self, metric: str, region: str) -> str:
        """Column heading: metric, region, direction and unit."""
        unit = METRICS[metric].unit.replace("unit", self.unit) if self.unit else ""
        arrow = "↑" if METRICS[metric].higher_is_better else "↓"
        return f"{METRICS[metric].label} {region} {arrow}" + (f" [{unit}]" if unit else "")


def _base(row: str) -> str:
    return row.partition(" {")[0].partition("[")[0]
