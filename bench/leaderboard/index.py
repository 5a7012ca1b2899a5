"""The index of the boards: what each decides, and what all decide together."""

from collections.abc import Sequence
from urllib.parse import quote

from bench.leaderboard import across, markdown
from bench.leaderboard.board import Board, LeftOut
from bench.leaderboard.comparison import reproduced
from bench.leaderboard.differences import interval, probability
from bench.leaderboard.format import NONE
from bench.leaderboard.judging import verdict
from bench.leaderboard.pages import MARK, SYNTHETIC, file_name, left_out_lines
from bench.leaderboard.statistics import column_places
from bench.leaderboard.tables import Table
from bench.metrics import METRICS
from bench.printable import code

SIGNS = {"win": "▲", "tie": "=", "loss": "▼", "": ""}


def index_page(boards: Sequence[Board], left_out: Sequence[LeftOut] = ()) -> str:
    """The page that lists all boards, those on synthetic samples apart, and what was left out and has no board."""
    ordered = sorted(boards, key=lambda board: board.spec.dataset)
    parts = [MARK, "# Leaderboards"]
    real = [board for board in ordered if not board.spec.synthetic]
    if real:
        parts += [_decided(real), _list(real), *_together(real), "## Against the papers", reproduced(real)]
    if made_up := [board for board in ordered if board.spec.synthetic]:
        parts += [f"## Synthetic samples\n\n{SYNTHETIC}", _list(made_up)]
    named = {board.spec.dataset for board in boards}
    return markdown.joined([*parts, *left_out_lines([one for one in left_out if one.dataset not in named])])


def _decided(boards: Sequence[Board]) -> str:
    ranked = [board for board in boards if board.leader(board.spec.keys[0])]
    beaten = [board for board in ranked if board.winners(board.spec.keys[0])]
    lost = [board for board in ranked if not _beats_references(board)]
    text = f"On {len(beaten)} of {len(ranked)} boards a method beats the baseline." if beaten else ""
    text = text or "**No method beats the baseline** on any board."
    tuned = [board for board in ranked if board.judged[board.spec.keys[0]].from_tuned]
    ahead = [board for board in tuned if board.winners(board.spec.keys[0], over_tuned=True)]
    if tuned:
        text += f" The baseline at tuned settings stands beside a published protocol on {len(tuned)}, and is beaten on "
        text += f"{len(ahead)}."
    text += f" On {len(lost)} the best method does not beat the references." if lost else ""
    return (
        f"{text} Test split, first metric; the difference is that of the best method to the baseline, with its 95% "
        "interval over seeds and test rows. [How this is computed](STATISTICS.md)."
    )


def _beats_references(board: Board) -> bool:
    key = board.spec.keys[0]
    return all(verdict(key, one) == "win" for one in board.judged[key].from_references.values())


def _stops_at_tuned(board: Board) -> bool:
    key = board.spec.keys[0]
    return bool(board.judged[key].from_tuned and board.winners(key)) and not board.winners(key, over_tuned=True)


def _list(boards: Sequence[Board]) -> str:
    heads = ("dataset", "metric", "best method", "best", "baseline", "difference", "verdict", "rows")
    return markdown.table(Table(heads, tuple(_headline(i, board) for i, board in enumerate(boards, start=1))))


def _headline(i: int, board: Board) -> tuple[str, ...]:
    key = board.spec.keys[0]
    link = f"{i}. [{board.spec.title}]({quote(file_name(board.spec))})"
    # a row that is not ranked still stands here, for want of another one
    means = {row: own[key] for row, own in board.statistics.items() if own[key].mean is not None}
    whole = [row for row in means if board.may_lead(row, key)]
    start, number = (link, board.spec.header(*key)), str(len(means))
    if not whole:
        return *start, NONE, NONE, NONE, NONE, NONE, number
    best = min(whole, key=lambda row: METRICS[key[0]].sort_key(means[row].mean))
    base = means.get(board.baseline_of(best) or best)
    decimals = column_places([means[best], *([base] if base else [])])
    one = board.judged[key].from_baseline.get(best)
    said = "**no method beats the baseline**" if not board.winners(key) and board.is_ranked(key) else verdict(key, one)
    said += "; not the tuned baseline" if _stops_at_tuned(board) else ""
    said += "" if _beats_references(board) else "; not the references"
    values = [f"{one.mean:z.{decimals}f}" if one and one.mean is not None else NONE for one in (means[best], base)]
    return *start, best, *values, interval(one, decimals), said or NONE, number


def _together(boards: Sequence[Board]) -> list[str]:
    parts = ["## Across boards", _wins(boards)]
    found = across.standing(boards)
    if found is None:
        return parts if parts[1] else []
    alike = f"p {probability(found.p)}".replace("p <", "p < ")
    text = (
        f"Average rank over {found.datasets} datasets of the {len(found.ranks)} methods that are whole on every board, "
        "with its 95% interval over datasets and seeds (variants of a dataset count as one). Friedman's test that all "
        f"are alike: {alike}. Rows that share a bar are not told apart: Nemenyi's critical difference is "
        f"{found.critical:.1f}."
    )
    return [*parts, text, f"```text\n{across.diagram(found)}\n```"]


def _wins(boards: Sequence[Board]) -> str:
    marks: dict[str, dict[int, str]] = {}
    for i, board in enumerate(boards):
        key = board.spec.keys[0]
        for row, one in board.judged[key].from_baseline.items():
            if " {" not in row and (said := verdict(key, one)):
                marks.setdefault(row, {})[i] = said
    marks = {row: own for row, own in marks.items() if len(own) > 1 or len(boards) == 1}
    if not marks:
        return ""
    references = {row for row in marks if any(board.spec.is_reference(row) for board in boards)}

    def place(row: str) -> tuple[bool, int, int, str]:
        said = list(marks[row].values())
        return row in references, said.count("loss") - said.count("win"), -len(said), row

    rows: list[tuple[str, ...]] = []
    for row in sorted(marks, key=place):
        said = list(marks[row].values())
        totals = (str(said.count(answer)) for answer in ("win", "tie", "loss"))
        rows.append((row, *totals, *(SIGNS[marks[row].get(i, "")] for i in range(len(boards)))))
    heads = ("method", "win", "tie", "loss", *(str(i) for i in range(1, len(boards) + 1)))
    named = f"; {', '.join(map(code, sorted(references)))} are references" if references else ""
    text = (
        "Each row against the baseline on each board, by its number above: ▲ better, = not told apart, ▼ worse "
        f"(p < 0.05 after Holm within a board{named}). Rows of one board alone are left out."
    )
    return f"{text}\n\n{markdown.table(Table(heads, tuple(rows)))}"
