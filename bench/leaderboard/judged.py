"""What can be said of the columns of a board, as plain data: differences, and who is tied with the best."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LEVEL = 0.05
POWER = 0.8
MOST_SEEDS = 1000  # that are asked for to separate two rows


@dataclass(frozen=True)
class Difference:
    """One row less another one, in means over the seeds that both have.

    Args:
        n: seeds.
        mean: of the seeds' differences.
        low, high: 95% interval over seeds and test rows.
        p: two-sided; of `judged`, adjusted after Holm.
        seeds_se, rows_se: standard errors of the mean over draws of seeds, and of test rows; the latter None where
            predictions or data are missing.
        df: degrees of freedom after Satterthwaite.
        detectable: the true difference that such a test finds with a power of 80%.
    """

    n: int
    mean: float
    low: float
    high: float
    p: float
    seeds_se: float
    rows_se: float | None
    df: float
    detectable: float

    @property
    def seeds_share(self) -> float | None:
        """What share of the variance of the difference is of seeds; None where that of test rows is not known."""
        both = self.seeds_se**2 + (self.rows_se or 0.0) ** 2
        return None if self.rows_se is None or not both else self.seeds_se**2 / both


@dataclass(frozen=True)
class Asked:
    """One column of a board: a metric in a region.

    Args:
        values: row -> seed -> the metric.
        baselines: row -> the row that it is compared with.
        whole: rows that may lead, references left out.
        references: rows that are set apart.
        leader: the best of the whole rows; None where the column is not ranked.
        sampling: the deviation over test rows of the difference of two rows, by `pair`.
        groups: independent groups of test rows.
        higher_is_better: the direction of the metric.
        tuned: the baseline with tuned settings, where it is one of the whole rows.
    """

    values: Mapping[str, Mapping[int, float]]
    baselines: Mapping[str, str]
    whole: Sequence[str]
    references: Sequence[str]
    leader: str | None
    sampling: Mapping[str, float]
    groups: int
    higher_is_better: bool = False
    tuned: str | None = None

    @property
    def beside_tuned(self) -> list[str]:
        """The rows that are compared with the tuned baseline."""
        return [row for row in self.values if row in self.baselines and row not in (self.tuned, *self.references)]


@dataclass(frozen=True)
class Judged:
    """What can be said of a column.

    Args:
        from_baseline: row -> its difference to its baseline; p over all rows but the references, and over these.
        from_leader: whole row -> its difference to the leader; p over all of them, after Bonferroni.
        from_references: reference -> the leader less the reference; p over the references.
        from_tuned: row -> its difference to the tuned baseline; p over all rows but the two baselines and references.
        tied: the leader and the whole rows that no test tells from it, without those that lose to the baseline.
        separating: seeds that would separate the leader from the next row; more than `MOST_SEEDS` where so many would
            not, 0 where draws of test rows alone hide the difference, None where there is nothing to separate.
    """

    from_baseline: Mapping[str, Difference]
    from_leader: Mapping[str, Difference]
    from_references: Mapping[str, Difference]
    from_tuned: Mapping[str, Difference]
    tied: tuple[str, ...]
    separating: int | None

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> "Judged":
        """From plain data, as `dataclasses.asdict` makes it."""
        parts = {name: {row: Difference(**one) for row, one in plain[name].items()} for name in DIFFERENCES}
        return cls(**parts, tied=tuple(plain["tied"]), separating=plain["separating"])


DIFFERENCES = ("from_baseline", "from_leader", "from_references", "from_tuned")
NOTHING = Judged({}, {}, {}, {}, (), None)


def pair(one: str, other: str) -> str:
    """The name under which the sampling of two rows is known, in either order.

    >>> pair("oe", "baseline")
    'baseline | oe'
    """
    return " | ".join(sorted((one, other)))
