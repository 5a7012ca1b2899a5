"""Boards as markdown pages: one a dataset, and an index."""

from collections.abc import Sequence
from urllib.parse import quote

from bench.leaderboard import markdown
from bench.leaderboard.board import Board, LeftOut, baseline_of
from bench.leaderboard.comparison import against, listed, paper_keys
from bench.leaderboard.environments import mixture_notes
from bench.leaderboard.format import NONE, ranges
from bench.leaderboard.published import PAPERS, published_rows
from bench.leaderboard.spec import SEEDS, BoardSpec
from bench.leaderboard.statistics import column_places
from bench.leaderboard.tables import Table, cost_table, coverage_table, machines, main_table, reference_table
from bench.metrics import METRICS
from bench.names import parse_stack
from bench.printable import code, literal

MARK = "<!-- Made from the records by `bench leaderboard`; do not edit. -->"
MOST_LEFT_OUT = 20  # lines of a page
SYNTHETIC = "**Synthetic samples: these numbers try the pipeline and say nothing about methods.**"


def dataset_page(board: Board) -> str:
    """The page of one dataset."""
    spec = board.spec
    parts = [MARK, f"# {spec.title}", spec.what, SYNTHETIC if spec.synthetic else ""]
    parts += [*_main(board), *_against(board), *_costs(board), *_coverage(board), *_left_out(board.left_out)]
    return markdown.joined([*parts, *_certificates(board), *_published(spec)])


def index_page(boards: Sequence[Board], left_out: Sequence[LeftOut] = ()) -> str:
    """The page that lists all boards, those on synthetic samples apart, and what was left out and has no board."""
    ordered = sorted(boards, key=lambda board: board.spec.dataset)
    text = "The best method of each dataset, on the test split; mean ± sample deviation over n seeds."
    parts = [MARK, "# Leaderboards", text]
    measured = any(board.reference_statistics for board in ordered)
    for synthetic, heading in ((False, ""), (True, f"## Synthetic samples\n\n{SYNTHETIC}")):
        rows = [_headline(board, measured) for board in ordered if board.spec.synthetic == synthetic]
        apart = ("best reference", "its mean") if measured else ()
        heads = ("dataset", "metric", "best method", "n", "best", "baseline", *apart, "rows")
        parts += [heading, markdown.table(Table(heads, tuple(rows)))] if rows else []
    named = {board.spec.dataset for board in boards}
    return markdown.joined([*parts, *_left_out([one for one in left_out if one.dataset not in named])])


def excerpt(board: Board) -> str:
    """The main table of one dataset alone, for the project's own README."""
    return markdown.table(main_table(board, board.spec.groups[0]))


def file_name(spec: BoardSpec) -> str:
    """Of the page of a dataset."""
    return f"{spec.dataset}.md"


def _main(board: Board) -> list[str]:
    if not board.finished:
        return ["## Leaderboard", "No seed has finished yet."]
    finished = (record for records in board.finished.values() for record in records)
    chosen = sorted({METRICS[record.selection.metric].label for record in finished if record.selection})
    text = "Test split, mean ± sample deviation over n seeds; best row first, best mean of a column in bold."
    if board.failed:
        text += " A row with failed seeds comes last and is never bold."
    if chosen:
        text += f" The epoch is the one with the best {' or '.join(chosen)} on the validation split."
    tables = (markdown.table(main_table(board, group)) for group in board.spec.groups)
    if board.without:
        text += f" Predictions of {board.without} cells were not kept, so that nobody can score them again."
    return ["## Leaderboard", text, *tables, "\n".join(mixture_notes(board)), *_references(board)]


def _references(board: Board) -> list[str]:
    if not board.reference_statistics:
        return []
    text = "Simple models on plain features, without a network; a reference that draws nothing has one seed."
    tables = (markdown.table(reference_table(board, group)) for group in board.spec.groups)
    return ["## References", text, *tables]


def _against(board: Board) -> list[str]:
    # a note says why the papers' rows are not comparable: then they are listed and not compared
    spec = board.spec
    if spec.synthetic or not spec.reported or spec.reported_note:
        return []
    first, others = (against(board, regions) for regions in (spec.regions[:1], spec.regions[1:]))
    if not first.rows:
        return []
    text = "Difference: ours less reported. Within: our mean lies within two of the paper's deviations."
    more = markdown.folded(", ".join(spec.regions[1:]), markdown.table(others)) if others.rows else ""
    apart = [row[0] for row in (*first.rows, *others.rows) if row[first.columns.index("within 2 sd")] == "no"]
    parts = dict.fromkeys(part for name in apart for part in sorted(_methods_of(name)))
    notes = "\n".join(f"- `{name}`: {spec.findings[name]}." for name in parts if name in spec.findings)
    return ["## Against the papers", text, markdown.table(first), more, notes]


def _costs(board: Board) -> list[str]:
    finished = [record for row, records in board.finished.items() for record in records if row in board.statistics]
    if not finished:
        return []
    text = (
        "Medians over the finished seeds; memory is the peak. Ratios are to the baseline, of GPU memory if "
        "any. Cells at once: how many shared the machine, which slows each. Epoch: the one that validation "
        "chose. Skipped, unconverged: batches of all seeds that a regularizer left out, or whose solver stopped short."
    )
    data = sorted({record.data_fingerprint[:12] for record in finished})
    lines = [f"- {literal(machine)}" for machine in machines(finished)]
    lines += [f"- data fingerprint {code(digest)}" for digest in data]
    return ["## Time and memory", text, markdown.table(cost_table(board)), "\n".join(lines)]


def _coverage(board: Board) -> list[str]:
    made = coverage_table(board)
    if not made.rows:
        return []
    text = (
        f"A whole row has the seeds {ranges(SEEDS)}. "
        "Stale: made by other code or settings. No mean contains failed or stale seeds."
    )
    return ["## Coverage", text, markdown.table(made)]


def _left_out(found: Sequence[LeftOut]) -> list[str]:
    if not found:
        return []
    text = "Files that count in nothing above, because they are not what they say; `bench verify` tells more."
    lines = [f"- {code(one.path)}: {literal(one.reason)}" for one in found[:MOST_LEFT_OUT]]
    more = len(found) - len(lines)
    return ["## Left out", text, "\n".join([*lines, *([f"- and {more} more"] if more else [])])]


def _certificates(board: Board) -> list[str]:
    known = board.spec.certificates
    rows = {entry.record.method for entry in board.entries if entry.row not in board.references}
    there = {name for method in rows for name in _methods_of(method)}
    rows = [(name, *known[name]) for name in sorted(there & known.keys())]
    if not rows:
        return []
    heads = ("method", "reference", "golden cases passed", "largest deviation", "differs")
    text = "Value and gradient in double precision; the deviation is over the largest entry of what is expected."
    return ["## Parity with the published code", markdown.folded(text, markdown.table(Table(heads, tuple(rows))))]


def _published(spec: BoardSpec) -> list[str]:
    keys = set(paper_keys(spec))
    rows = [row for row in published_rows(spec.reported or "") if row.values.keys() & keys]
    if spec.synthetic or not rows:
        return []
    papers = {row.paper for row in rows}
    notes = [f"- {short}: {note}" for paper, (short, note) in PAPERS.items() if paper in papers]
    known, others = ([row for row in rows if (row.method is not None) is known] for known in (True, False))
    tables, more = (
        [markdown.table(made) for group in spec.groups if (made := listed(spec, part, group)).rows]
        for part in (known, others)
    )
    why = f"Not comparable with ours: {spec.reported_note}." if spec.reported_note else ""
    parts = ["## Reported by the papers (not run here)", why, "\n".join(notes), *tables]
    title = f"{len(others)} more rows: other settings, variants and ablations"
    return [*parts, markdown.folded(title, "\n\n".join(more))] if others else parts


def _headline(board: Board, measured: bool) -> tuple[str, ...]:
    key = board.spec.keys[0]
    means = {row: own[key] for row, own in board.statistics.items() if own[key].mean is not None}
    whole = [row for row in means if board.is_whole(row, means[row])]
    # a row with other settings leads only where there is nothing else
    best = next((row for row in whole if " {" not in row), next(iter(whole), None))
    link = f"[{board.spec.title}]({quote(file_name(board.spec))})"
    start, number = (link, board.spec.header(*key)), str(len(means))
    reference = _best_reference(board) if measured else ()
    if best is None:
        return *start, NONE, NONE, NONE, NONE, *reference, number
    base = means.get(baseline_of(best))
    decimals = column_places([means[best], *([base] if base else [])])
    values = means[best].text(decimals), base.text(decimals) if base else NONE
    return *start, best, str(means[best].n), *values, *reference, number


def _best_reference(board: Board) -> tuple[str, str]:
    key = board.spec.keys[0]
    for row, own in board.reference_statistics.items():
        if own[key].mean is not None:
            return row, own[key].text(column_places([own[key]]))
    return NONE, NONE


def _methods_of(row: str) -> set[str]:
    return {name.base for name in parse_stack(row.partition(" {")[0])}
