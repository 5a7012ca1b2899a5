"""How far other test rows would move the rows of a board and their differences: the committed file of what was found.

To find it out takes predictions and data. Boards must be the same without them, so they are made from this file alone,
and where there are data the file is held against them. Each row has a key, the SHA-256 of the data's fingerprint and of
its predictions' hashes: a number counts only as long as the keys of its rows are those of the records.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.leaderboard.judged import pair
from bench.results.record import Record

NAME = "sampling.json"
RULE = 1  # raised when numbers are found otherwise than before
DIGITS = 5  # significant ones that are kept
AGREE = 1e-4  # relative; what two machines may differ by

Deviations = Mapping[str, Mapping[str, float]]  # "mae all" -> pair of rows -> deviation


@dataclass(frozen=True)
class Sampling:
    """What is known of one board.

    Args:
        keys: row -> its key.
        groups: region -> independent groups of its test rows.
        deviations: of the difference of two rows, by `pair`, over draws of test rows; of a row and itself, of its mean.
    """

    keys: Mapping[str, str] = field(default_factory=dict[str, str])
    groups: Mapping[str, int] = field(default_factory=dict[str, int])
    deviations: Deviations = field(default_factory=dict[str, Mapping[str, float]])

    def only(self, keys: Mapping[str, str], wanted: Mapping[str, Iterable[str]]) -> "Sampling":
        """What of it holds for these rows and is wanted: "mae all" -> pairs."""
        valid = {row for row, key in keys.items() if self.keys.get(row) == key}
        kept = {
            column: {name: own[name] for name in sorted(set(pairs) & own.keys()) if valid.issuperset(rows_of(name))}
            for column, pairs in wanted.items()
            if (own := self.deviations.get(column))
        }
        kept = {column: own for column, own in kept.items() if own}
        there = {row for own in kept.values() for name in own for row in rows_of(name)}
        regions = {column.partition(" ")[2] for column in kept}
        groups = {region: number for region, number in self.groups.items() if region in regions}
        return Sampling({row: keys[row] for row in sorted(there)}, groups, kept)

    def agrees(self, other: "Sampling") -> bool:
        """Whether both say the same, but for rounding."""
        if (self.keys, self.groups) != (other.keys, other.groups):
            return False
        flat = [
            {(column, name): value for column, own in one.deviations.items() for name, value in own.items()}
            for one in (self, other)
        ]
        return flat[0].keys() == flat[1].keys() and all(
            abs(value - flat[1][where]) <= AGREE * max(abs(value), abs(flat[1][where]))
            for where, value in flat[0].items()
        )


def rows_of(name: str) -> list[str]:
    """The two rows of a `pair`."""
    return name.split(" | ")


def own(row: str) -> str:
    """The name of a row's own deviation."""
    return pair(row, row)


def row_key(records: Sequence[Record]) -> str | None:
    """The key of a row, given its finished records; None where one has no predictions."""
    kept = [(record.seed, record.predictions.sha256) for record in records if record.predictions is not None]
    if not kept or len(kept) < len(records):
        return None
    asked = [RULE, records[0].data_fingerprint, sorted(kept)]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:16]


def rounded(value: float) -> float:
    """To the digits that the file keeps."""
    return float(f"{value:.{DIGITS - 1}e}")


def read(folder: Path) -> dict[str, Sampling]:
    """What the file in a folder of boards knows, by dataset; nothing where it is missing or no such file."""
    try:
        content = json.loads((folder / NAME).read_bytes())
        return {dataset: _parsed(one) for dataset, one in content.items()}
    except (OSError, ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return {}


def text(known: Mapping[str, Sampling]) -> str:
    """The file's content: a line for each column."""
    boards: list[str] = []
    for dataset, one in sorted(known.items()):
        if not one.deviations:
            continue
        lines = [f'  "keys": {json.dumps(dict(one.keys))}', f'  "groups": {json.dumps(dict(one.groups))}']
        columns = (f"   {json.dumps(name)}: {json.dumps(dict(own))}" for name, own in sorted(one.deviations.items()))
        lines.append('  "deviations": {\n' + ",\n".join(columns) + "\n  }")
        boards.append(f" {json.dumps(dataset)}: {{\n" + ",\n".join(lines) + "\n }")
    return "{\n" + ",\n".join(boards) + "\n}\n"


def _parsed(one: Any) -> Sampling:
    return Sampling(
        {str(row): str(key) for row, key in one["keys"].items()},
        {str(region): int(number) for region, number in one["groups"].items()},
        {
            str(column): {str(name): float(value) for name, value in own.items()}
            for column, own in one["deviations"].items()
        },
    )
