"""Which records count in no mean: those that today's code would not give, and those made on other data."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from bench.leaderboard.board import Stale
from bench.results.equivalence import Equivalences
from bench.results.record import Record

ConfigToday = Callable[[str, str, Mapping[str, Any]], Mapping[str, Any] | None]


def stale_cells(records: Iterable[Record], known: Equivalences, config_today: ConfigToday) -> Stale:
    """Names of the cells that today's code would not give, or whose data is not that of most of their board.

    Args:
        known: changes of code that were proved to move nothing.
        config_today: dataset, method, overrides -> what today's code would train; None where it has no such row.
    """
    records = list(records)
    usual = _usual_data(records)
    configs: dict[tuple[str, str, str], Mapping[str, Any] | None] = {}
    stale = set()
    for record in records:
        overrides = record.config.get("overrides", {})
        row = record.dataset, record.method, str(overrides)
        if row not in configs:
            configs[row] = config_today(record.dataset, record.method, overrides)
        if record.data_fingerprint != usual[record.dataset] or not known.is_current(record, configs[row]):
            stale.add(record.cell)
    return frozenset(stale)


def _usual_data(records: Iterable[Record]) -> dict[str, str]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for record in records:
        counts[record.dataset][record.data_fingerprint] += 1
    return {dataset: count.most_common(1)[0][0] for dataset, count in counts.items()}
