"""Boards as markdown pages: one a dataset, and an index."""

from collections.abc import Sequence

from bench.evidence import leaks
from bench.leaderboard import differences, lead, markdown
from bench.leaderboard.board import Board, LeftOut
from bench.leaderboard.comparison import against, listed, paper_keys
from bench.leaderboard.environments import mixture_notes
from bench.leaderboard.format import ranges
from bench.leaderboard.published import PAPERS, published_rows
from bench.leaderboard.spec import SEEDS, BoardSpec
from bench.leaderboard.tables import Table, cost_table, coverage_table, machines, main_table
from bench.metrics import METRICS
from bench.names import parse_stack
from bench.printable import code, literal

MARK = "<!-- Made from the records by `bench leaderboard`; do not edit. -->"
MOST_LEFT_OUT = 20  # lines of a page
Fold = tuple[str, str] | None  # title and text of what a reader may open
SYNTHETIC = "**Synthetic samples: these numbers try the pipeline and say nothing about methods.**"


def dataset_page(board: Board) -> str:
    """The page of one dataset."""
    spec = board.spec
    parts = [MARK, f"# {spec.title}", *_lead(board), *left_out_lines(board.left_out)]
    folds = [_means(board), _differences(board), _against(board), _costs(board), _coverage(board)]
    folds += [_certificates(board), _published(spec)]
    return markdown.joined([*parts, *(markdown.folded(title, text) for title, text in filter(None, folds))])


def excerpt(board: Board) -> str:
    """What one dataset's page says first, for the project's own README."""
    return markdown.joined([lead.decision(board), markdown.table(lead.lead_table(board))]).rstrip("\n")


def file_name(spec: BoardSpec) -> str:
    """Of the page of a dataset."""
    return f"{spec.dataset}.md"


def _lead(board: Board) -> list[str]:
    spec = board.spec
    what = [lead.decision(board), SYNTHETIC if spec.synthetic else "", spec.what]
    if not board.finished:
        return [*what, "No seed has finished yet."]
    newest = max((record for records in board.finished.values() for record in records), key=lambda r: r.started)
    what.append(leaks.line(newest.data_fingerprint))
    return [*what, markdown.table(lead.lead_table(board)), lead.caption(board), "\n".join(lead.limits(board))]


def _means(board: Board) -> Fold:
    if not board.finished:
        return None
    finished = (record for records in board.finished.values() for record in records)
    chosen = sorted({METRICS[record.selection.metric].label for record in finished if record.selection})
    text = "Test split, mean ± sample deviation over n seeds; bold is the best with all that is not told from it."
    if board.failed:
        text += " A row with failed seeds comes last and is never bold."
    if chosen:
        text += f" The epoch is the one with the best {' or '.join(chosen)} on the validation split."
    known = (group for group in board.spec.groups if any(_is_known(board, metric) for metric in group))
    tables = (markdown.table(main_table(board, group)) for group in known)
    return "All metrics", markdown.joined([text, *tables, "\n".join(mixture_notes(board))])


def _is_known(board: Board, metric: str) -> bool:
    # a metric that is newer than all records has no column of its own yet
    return any(own[metric, board.spec.regions[0]].mean is not None for own in board.statistics.values())


def _differences(board: Board) -> Fold:
    metrics = [metric for metric in board.spec.metrics if differences.to_baseline(board, metric).rows]
    if not metrics:
        return None
    parts = ["Row less baseline: 95% interval, p after Holm over the rows, verdict."]
    parts += [markdown.table(differences.to_baseline(board, metric)) for metric in metrics]
    parts.append("Row less the best row: p after Bonferroni over the rows.")
    parts += [markdown.table(made) for metric in metrics if (made := differences.to_best(board, metric)).rows]
    if (made := differences.to_tuned(board)).rows:
        parts += ["Row less the baseline at tuned settings: p after Holm over the rows.", markdown.table(made)]
    if (made := differences.to_references(board)).rows:
        parts += ["Best row less each reference: p after Holm.", markdown.table(made)]
    return "Differences, intervals and p values", markdown.joined(parts)


def _against(board: Board) -> Fold:
    # a note says why the papers' rows are not comparable: then they are listed and not compared
    spec = board.spec
    if spec.synthetic or not spec.reported or spec.reported_note:
        return None
    first, others = (against(board, regions) for regions in (spec.regions[:1], spec.regions[1:]))
    if not first.rows:
        return None
    text = (
        "Difference: ours less reported. Within: our mean lies within two of the paper's deviations. "
        "Welch p: that both means are alike, where the paper prints deviation and runs."
    )
    more = markdown.table(others) if others.rows else ""
    apart = [row[0] for row in (*first.rows, *others.rows) if row[first.columns.index("within 2 sd")] == "no"]
    parts = dict.fromkeys(part for name in apart for part in sorted(_methods_of(name)))
    notes = "\n".join(f"- `{name}`: {spec.findings[name]}." for name in parts if name in spec.findings)
    return "Against the papers", markdown.joined([text, markdown.table(first), more, notes])


def _costs(board: Board) -> Fold:
    finished = [record for records in board.finished.values() for record in records if not record.is_reference]
    if not finished:
        return None
    text = (
        "Medians over the finished seeds; memory is the peak. Ratios are to the baseline, of GPU memory if "
        "any. A step takes the processor's time where one thread trains, in older records the wall clock's. Cells at "
        "once: how many shared the machine, which slows each. Epoch: the one that validation chose. Skipped, "
        "unconverged: batches of all seeds that a regularizer left out, or whose solver stopped short."
    )
    data = sorted({record.data_fingerprint[:12] for record in finished})
    lines = [f"- {literal(machine)}" for machine in machines(finished)]
    lines += [f"- data fingerprint {code(digest)}" for digest in data]
    return "Time and memory", markdown.joined([text, markdown.table(cost_table(board)), "\n".join(lines)])


def _coverage(board: Board) -> Fold:
    made = coverage_table(board)
    if not made.rows:
        return None
    text = (
        f"A whole row has the seeds {ranges(SEEDS)}. "
        "Stale: made by other code or settings. No mean contains failed or stale seeds."
    )
    return "Coverage", markdown.joined([text, markdown.table(made)])


def left_out_lines(found: Sequence[LeftOut]) -> list[str]:
    """The part of a page that names files which count nowhere; none where there are none."""
    if not found:
        return []
    text = "Files that count in nothing above, because they are not what they say; `bench verify` tells more."
    lines = [f"- {code(one.path)}: {literal(one.reason)}" for one in found[:MOST_LEFT_OUT]]
    more = len(found) - len(lines)
    return ["## Left out", text, "\n".join([*lines, *([f"- and {more} more"] if more else [])])]


def _certificates(board: Board) -> Fold:
    known = board.spec.certificates
    there = {name for method in {entry.record.method for entry in board.entries} for name in _methods_of(method)}
    rows = [(name, *known[name]) for name in sorted(there & known.keys())]
    if not rows:
        return None
    heads = ("method", "reference", "golden cases passed", "largest deviation", "differs")
    text = "Value and gradient in double precision; the deviation is over the largest entry of what is expected."
    made = markdown.table(Table(heads, tuple(rows)))
    return "Parity with the published code", markdown.joined([text, made])


def _published(spec: BoardSpec) -> Fold:
    keys = set(paper_keys(spec))
    rows = [row for row in published_rows(spec.reported or "") if row.values.keys() & keys]
    if spec.synthetic or not rows:
        return None
    papers = {row.paper for row in rows}
    notes = [f"- {short}: {note}" for paper, (short, note) in PAPERS.items() if paper in papers]
    known, others = ([row for row in rows if (row.method is not None) is known] for known in (True, False))
    tables, more = (
        [markdown.table(made) for group in spec.groups if (made := listed(spec, part, group)).rows]
        for part in (known, others)
    )
    why = f"Not comparable with ours: {spec.reported_note}." if spec.reported_note else ""
    if more:
        more = [f"{len(others)} more rows: other settings, variants and ablations", *more]
    return "Reported by the papers (not run here)", markdown.joined([why, "\n".join(notes), *tables, *more])


def _methods_of(row: str) -> set[str]:
    return {name.base for name in parse_stack(row.partition(" {")[0])}
