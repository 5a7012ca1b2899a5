"""Boards as markdown: a page a dataset, and an index."""

from collections.abc import Iterable
from urllib.parse import quote

import pandas as pd
from tabulate import tabulate

from bench import board, reported
from bench.board import SEEDS, Stale
from bench.metrics import METRICS
from bench.names import parse_stack
from bench.results.record import Record
from bench.sheet import NONE, Sheet, Table

MARK = "<!-- Made from the records by `bench leaderboard`; do not edit. -->"
CODE = {"method", "best method", "here"}
TEXT = {
    "dataset",
    "metric",
    "paper",
    "tables",
    "row in the paper",
    "failed (seeds)",
    "machine",
    "not defined here",
    "reference",
    "differs",
}
SYNTHETIC = "**Synthetic samples: these numbers try the pipeline and say nothing about methods.**"


def render_dataset(sheet: Sheet, records: Iterable[Record], stale: Stale = frozenset()) -> str:
    """The page of one dataset."""
    cells = board.frame(sheet, records, stale)
    parts = [MARK, f"# {sheet.title}", sheet.what, SYNTHETIC if sheet.synthetic else ""]
    parts += [*_main(sheet, cells), *_against(sheet, cells), *_costs(sheet, cells), *_coverage(sheet, cells)]
    return _join([*parts, *_certificates(sheet, cells), *_reported(sheet)])


def render_index(sheets: Iterable[Sheet], records: Iterable[Record], stale: Stale = frozenset()) -> str:
    """The page that lists all boards, those on synthetic samples apart."""
    records = list(records)
    ordered = sorted(sheets, key=lambda sheet: sheet.dataset)
    text = "The best method of each dataset, on the test split; mean ± sample deviation over n seeds."
    parts = [MARK, "# Leaderboards", text]
    for synthetic, heading in ((False, ""), (True, f"## Synthetic samples\n\n{SYNTHETIC}")):
        chosen = [sheet for sheet in ordered if sheet.synthetic == synthetic]
        rows = [_headline(sheet, board.frame(sheet, records, stale)) for sheet in chosen]
        heads = ("dataset", "metric", "best method", "n", "best", "baseline", "rows")
        parts += [heading, _markdown(Table(heads, tuple(rows)))] if rows else []
    return _join(parts)


def render_excerpt(sheet: Sheet, records: Iterable[Record], stale: Stale = frozenset()) -> str:
    """The main table of one dataset alone, for the project's own README."""
    return _markdown(board.main_table(sheet, board.frame(sheet, records, stale), sheet.groups[0]))


def file_name(sheet: Sheet) -> str:
    """Of the page of a dataset."""
    return f"{sheet.dataset}.md"


def _main(sheet: Sheet, cells: pd.DataFrame) -> list[str]:
    finished = cells.loc[cells["state"] == "ok", "record"]
    if finished.empty:
        return ["## Leaderboard", "No seed has finished yet."]
    chosen = sorted({METRICS[record.selection.metric].label for record in finished if record.selection})
    text = "Test split, mean ± sample deviation over n seeds; best row first, best mean of a column in bold."
    if chosen:
        text += f" The epoch is the one with the best {' or '.join(chosen)} on the validation split."
    tables = (_markdown(board.main_table(sheet, cells, group)) for group in sheet.groups)
    return ["## Leaderboard", text, *tables]


def _against(sheet: Sheet, cells: pd.DataFrame) -> list[str]:
    # a note says why the papers' rows are not comparable: then they are listed and not compared
    if sheet.synthetic or not sheet.reported or sheet.reported_note:
        return []
    parts = sheet.regions[:1], sheet.regions[1:]
    first, others = (reported.against(sheet, cells, regions) for regions in parts)
    if not first.rows:
        return []
    text = "Difference: ours less reported. Within: our mean lies within two of the paper's deviations."
    folded = _folded(", ".join(sheet.regions[1:]), _markdown(others)) if others.rows else ""
    apart = [row[0] for row in (*first.rows, *others.rows) if row[first.columns.index("within 2 sd")] == "no"]
    parts = dict.fromkeys(part for name in apart for part in sorted(_parts(name)))
    notes = "\n".join(f"- `{name}`: {sheet.findings[name]}." for name in parts if name in sheet.findings)
    return ["## Against the papers", text, _markdown(first), folded, notes]


def _costs(sheet: Sheet, cells: pd.DataFrame) -> list[str]:
    finished = list(cells.loc[cells["state"] == "ok", "record"])
    if not finished:
        return []
    text = (
        "Medians over the finished seeds; memory is the peak. Ratios are to the baseline, of GPU memory if "
        "any. Cells at once: how many shared the machine, which slows each. Epoch: the one that validation "
        "chose. Skipped, unconverged: batches of all seeds that a regularizer left out, or whose solver stopped short."
    )
    data = sorted({record.data_fingerprint[:12] for record in finished})
    lines = [f"- {machine}" for machine in board.machines(finished)]
    lines += [f"- data fingerprint `{digest}`" for digest in data]
    return ["## Time and memory", text, _markdown(board.cost_table(sheet, cells)), "\n".join(lines)]


def _coverage(sheet: Sheet, cells: pd.DataFrame) -> list[str]:
    table = board.coverage_table(sheet, cells)
    if not table.rows:
        return []
    text = (
        f"A whole row has the seeds {board.ranges(SEEDS)}. "
        "Stale: made by other code or settings. No mean contains failed or stale seeds."
    )
    return ["## Coverage", text, _markdown(table)]


def _certificates(sheet: Sheet, cells: pd.DataFrame) -> list[str]:
    parts = {name for record in cells["record"] for name in _parts(record.method)}
    rows = [(name, *sheet.certificates[name]) for name in sorted(parts & sheet.certificates.keys())]
    if not rows:
        return []
    heads = ("method", "reference", "golden cases passed", "largest deviation", "differs")
    text = "Value and gradient in double precision; the deviation is over the largest entry of what is expected."
    return ["## Parity with the published code", _folded(text, _markdown(Table(heads, tuple(rows))))]


def _reported(sheet: Sheet) -> list[str]:
    keys = set(reported.paper_keys(sheet))
    rows = [row for row in reported.rows(sheet.reported or "") if row.values.keys() & keys]
    if sheet.synthetic or not rows:
        return []
    papers = {row.paper for row in rows}
    notes = [f"- {short}: {note}" for paper, (short, note) in reported.PAPERS.items() if paper in papers]
    known, others = ([row for row in rows if (row.method is not None) is known] for known in (True, False))
    tables, more = (
        [_markdown(table) for group in sheet.groups if (table := reported.listed(sheet, part, group)).rows]
        for part in (known, others)
    )
    folded = _folded(f"{len(others)} more rows: other settings, variants and ablations", "\n\n".join(more))
    why = f"Not comparable with ours: {sheet.reported_note}." if sheet.reported_note else ""
    parts = ["## Reported by the papers (not run here)", why, "\n".join(notes), *tables]
    return [*parts, folded] if others else parts


def _headline(sheet: Sheet, cells: pd.DataFrame) -> tuple[str, ...]:
    key = sheet.keys[0]
    stats = {row: own[key] for row, own in board.summary(sheet, cells).items() if own[key].mean is not None}
    # a row with other settings leads only where there is nothing else
    best = next((row for row in stats if " {" not in row), next(iter(stats), None))
    link = f"[{sheet.title}]({quote(file_name(sheet))})"
    rows = f"{len(stats)}"
    if best is None:
        return link, sheet.header(*key), NONE, NONE, NONE, NONE, rows
    base = stats.get(board.baseline_of(best))
    decimals = board.column_places([stats[best], *([base] if base else [])])
    values = stats[best].text(decimals), base.text(decimals) if base else NONE
    return link, sheet.header(*key), best, str(stats[best].n), *values, rows


def _markdown(table: Table) -> str:
    # text to the left, numbers to the right; names as code, which keeps their underscores and brackets
    rows = []
    for i, row in enumerate(table.rows):
        cells = [text.replace("|", "\\|") for text in row]
        cells = [
            f"`{text}`" if head in CODE and text != NONE else text
            for head, text in zip(table.columns, cells, strict=True)
        ]
        rows.append([f"**{text}**" if (i, j) in table.bold else text for j, text in enumerate(cells)])
    align = ["left" if head in CODE | TEXT else "right" for head in table.columns]
    return tabulate(rows, headers=table.columns, tablefmt="pipe", disable_numparse=True, colalign=align)


def _parts(row: str) -> set[str]:
    return {name.base for name in parse_stack(row.partition(" {")[0])}


def _folded(title: str, text: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{text}\n\n</details>"


def _join(parts: Iterable[str]) -> str:
    return "\n\n".join(part for part in parts if part) + "\n"
