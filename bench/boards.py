"""From a results folder to board files: what the datasets say of themselves joins the records here."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console

from bench import boardfiles, plugins
from bench.atomic import replace_file
from bench.boardpages import render_excerpt
from bench.errors import BenchError
from bench.plugins import resolve
from bench.plugins.certificates import certificate
from bench.results import store
from bench.results.equivalence import Equivalences
from bench.results.record import Record
from bench.runs import cells, select
from bench.sheet import Sheet
from bench.shots import ORDER

EXCERPT = re.compile(r"(<!-- board (\S+) -->\n).*?(?=<!-- /board -->)", re.DOTALL)


def write(results: Path, folder: Path) -> list[str]:
    """Write every board that the records change, and the README's excerpts; returns the files written."""
    inputs = _inputs(results)
    changed = [f"{folder}/{name}" for name in boardfiles.write(folder, *inputs)]
    readme, text = _readme(folder, *inputs)
    if text is not None:
        replace_file(readme, text.encode())
        changed.append(str(readme))
    return changed


def differing(results: Path, folder: Path) -> list[str]:
    """Board files that are not what the records give."""
    inputs = _inputs(results)
    readme, text = _readme(folder, *inputs)
    changed = [f"{folder}/{name}" for name in boardfiles.check(folder, *inputs)]
    return [*changed, str(readme)] if text is not None else changed


def show(results: Path, dataset: str, console: Console) -> None:
    """Print one board."""
    name = resolve.dataset(dataset).name
    found = store.read_all(results, name)
    if not found:
        raise BenchError(
            f"no records of '{name}' in {results}; make them with bench run --method all --dataset '{name}'"
        )
    boardfiles.show(_sheet(name, found), found, _stale(found, Equivalences.read(results)), console)


def _readme(folder: Path, sheets: list[Sheet], found: list[Record], stale: frozenset[str]) -> tuple[Path, str | None]:
    """The README beside the boards, and its text with fresh excerpts; None where nothing changes."""
    path = folder.parent / "README.md"
    old = path.read_text(encoding="utf-8") if path.is_file() else ""
    known = {sheet.dataset: sheet for sheet in sheets}

    def fresh(match: re.Match[str]) -> str:
        sheet = known.get(match[2])
        return match[0] if sheet is None else f"{match[1]}\n{render_excerpt(sheet, found, stale)}\n\n"

    new = EXCERPT.sub(fresh, old)
    return path, None if new == old else new


def _inputs(results: Path) -> tuple[list[Sheet], list[Record], frozenset[str]]:
    found = store.read_all(results)
    names = sorted({record.dataset for record in found})
    sheets = [_sheet(name, [record for record in found if record.dataset == name]) for name in names]
    return sheets, found, _stale(found, Equivalences.read(results))


def _sheet(name: str, found: Iterable[Record]) -> Sheet:
    ((on, methods),) = select.rows("all", name, {})
    regions = {region for record in found for region in record.metrics.get("test", {})}
    refusals = {method.name: method.refusal(on.dataset) for method in methods}
    source = plugins.source("dataset", on.base)
    return Sheet(
        dataset=name,
        title=name,
        what=f"{source.title} {on.dataset.note}".strip(),
        unit=on.dataset.unit,
        metrics=on.dataset.metrics,
        regions=("all", *(region for region in ORDER if region in regions)),
        synthetic=on.dataset.synthetic,
        methods=tuple(method for method, reason in refusals.items() if reason is None),
        refused={method: reason for method, reason in refusals.items() if reason is not None},
        reported=on.dataset.reported,
        reported_note=on.dataset.reported_note,
        certificates={
            base: (*certificate(base), plugins.source("method", base).differs) for base in plugins.modules("method")
        },
        findings={source.name: source.found for source in plugins.sources("method") if source.found},
    )


def _stale(found: Iterable[Record], known: Equivalences) -> frozenset[str]:
    """Records that today's code would not give, or that were made on other data than most of their board."""
    data: dict[str, Counter[str]] = defaultdict(Counter)
    for record in found:
        data[record.dataset][record.data_fingerprint] += 1
    usual = {name: count.most_common(1)[0][0] for name, count in data.items()}
    configs: dict[tuple[str, str, str], dict | None] = {}
    stale = set()
    for record in found:
        overrides = record.config.get("overrides", {})
        row = record.dataset, record.method, str(overrides)
        if row not in configs:
            configs[row] = _config_today(record.dataset, record.method, overrides)
        config, data_is_usual = configs[row], record.data_fingerprint == usual[record.dataset]
        if not data_is_usual or not known.is_current(record, config):
            stale.add(f"{record.dataset}/{record.method}/{record.seed}")
    return frozenset(stale)


def _config_today(dataset: str, method: str, overrides: dict) -> dict | None:
    try:
        on = resolve.dataset(dataset, overrides)
        return cells.config_of(on, resolve.method(method, on), overrides)
    except BenchError:
        return None
