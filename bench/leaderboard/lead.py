"""What a page says first: which method is best, whether that is sure, and the one table that shows it."""

import statistics
from collections.abc import Sequence

from bench.leaderboard import format as formats
from bench.leaderboard.board import FEWEST, TUNED, Board
from bench.leaderboard.differences import interval, probability
from bench.leaderboard.format import NONE
from bench.leaderboard.judged import LEVEL, MOST_SEEDS, POWER, Difference
from bench.leaderboard.judging import verdict
from bench.leaderboard.markdown import DIVIDER
from bench.leaderboard.sampling import own
from bench.leaderboard.spec import SEEDS, Key
from bench.leaderboard.statistics import SeedStatistic, column_places
from bench.leaderboard.tables import Table, count
from bench.metrics import METRICS
from bench.printable import code

MARKS = {"win": "▲", "loss": "▼", "tie": "", "": ""}


def decision(board: Board) -> str:
    """What the board decides, in a sentence or two; empty where nothing is ranked."""
    key = board.spec.keys[0]
    leader = board.leader(key)
    if leader is None:
        return ""
    parts = (
        _against_baseline(board, key, leader),
        _against_tuned(board, key),
        _against_references(board, key, leader),
    )
    return " ".join(filter(None, parts))


def lead_table(board: Board) -> Table:
    """The first metric: each row's mean, its difference to the baseline and the verdict, and its means by region.

    Bold is all that no test tells from the best. References stand last, below a line of their own.
    """
    metric, *regions = board.spec.metrics[0], *board.spec.regions
    found, bold = board.statistics, set[tuple[int, int]]()
    rows = [row for row in found if not board.spec.is_reference(row)]
    apart = [row for row in found if board.spec.is_reference(row)]
    order: list[str | None] = [*rows, *([None, *apart] if apart else [])]
    columns = [[row or DIVIDER for row in order], [count(board, row) if row else "" for row in order]]
    for j, region in enumerate(regions):
        key = metric, region
        decimals = column_places([own[key] for own in found.values()])
        judged = board.judged[key]
        marks = {row: verdict(key, judged.from_baseline.get(row)) for row in found}
        bold |= {(i, len(columns)) for i, row in enumerate(order) if row in judged.tied}
        shown = [_mean(found[row][key], decimals) + (MARKS[marks[row]] if j else "") if row else "" for row in order]
        columns.append(shown)
        if not j and board.is_ranked(key):
            differences = [judged.from_baseline.get(row) if row else None for row in order]
            texts = [interval(one, decimals) if row else "" for row, one in zip(order, differences, strict=True)]
            columns += [texts, [(marks[row] or NONE) if row else "" for row in order]]
    heads = ("method", "n", regions[0])
    heads += ("difference [95%]", "verdict") if board.is_ranked((metric, regions[0])) else ()
    table = Table((*heads, *regions[1:]), tuple(zip(*columns, strict=True)), frozenset(bold))
    return _without_usual_n(table)


def caption(board: Board) -> str:
    """What the lead table shows."""
    metric, first = board.spec.keys[0]
    sizes = ", ".join(f"{region} {board.counts[region]:,}" for region in board.spec.regions[1:])
    small = [region for region in board.spec.regions if board.counts[region] < FEWEST]
    seeds = sorted({record.seed for own in board.finished.values() for record in own})
    parts = [
        f"{board.spec.header(metric, first).replace(f' {first}', '', 1)} on the test split of {board.counts[first]:,} "
        f"rows{f' ({sizes})' if sizes else ''}: means over the seeds {formats.ranges(seeds)}.",
        "Difference: row less baseline. Bold: not told from the best row. ▲ better, ▼ worse than the baseline.",
    ]
    if small:
        parts.append(f"Under {FEWEST} rows, so neither marked nor bold: {', '.join(small)}.")
    return " ".join([*parts, "[How this is computed](STATISTICS.md)."])


def limits(board: Board) -> list[str]:
    """What the board could tell apart at best, a line each."""
    key = board.spec.keys[0]
    own = board.judged[key].from_baseline
    found = [one for row, one in own.items() if not board.spec.is_reference(row)]
    if not found:
        return []
    decimals, unit = _places(board, key), board.spec.header(*key).partition(" [")[2].rstrip("]")
    smallest = statistics.median(one.detectable for one in found)
    lines = [
        f"A true difference to the baseline of {smallest:.{decimals}f}{unit and f' {unit}'} is found in "
        f"{POWER:.0%} of such experiments (median over rows; one test at {LEVEL:.0%}).",
        _first_two(board, key, decimals),
        _shares(board, key, found),
        _skewed(board, key),
        _seeds_alone(board, key),
    ]
    return [f"- {line}" for line in lines if line]


def _mean(one: SeedStatistic, decimals: int) -> str:
    if one.mean is None:
        return NONE
    return f"{one.mean:z.{decimals}f}"


def _against_baseline(board: Board, key: Key, leader: str) -> str:
    ahead, decimals, judged = board.winners(key), _places(board, key), board.judged[key]
    base = board.baseline_of(leader)
    if not ahead:
        near = [row for row in judged.tied if row != leader]
        if base is None:
            return f"**No method beats the baseline.**{_tied(near)}"
        one = judged.from_baseline.get(leader)
        if one is None:
            return f"**Best mean: {code(leader)}**; nothing is known of its difference to the baseline."
        text = f"The best mean has {code(leader)}, by {_by(key, one, decimals)}"
        text += f" (p {probability(one.p)} over all rows)"
        return f"**No method beats the baseline.** {text}.{_tied([row for row in near if row != base])}"
    best = ahead[0]
    one = judged.from_baseline[best]
    text = f"**Best: {code(best)}**, by {_by(key, one, decimals)} against the baseline"
    if best != leader:
        return f"{text}; the best mean has {code(leader)}, which is not told from it."
    return f"{text}.{_tied([row for row in judged.tied if row != best])}"


def _against_tuned(board: Board, key: Key) -> str:
    if not board.judged[key].from_tuned:
        return ""
    mean = _mean(board.statistics[TUNED][key], _places(board, key))
    ahead = board.winners(key, over_tuned=True)
    if not ahead:
        return f"**No method beats the baseline at tuned settings** ({code(TUNED)}, {mean})."
    return f"The baseline at tuned settings ({code(TUNED)}, {mean}) is beaten by {_some(ahead)}."


def _tied(rows: Sequence[str]) -> str:
    return f" Tied with {_some(rows)}." if rows else ""


def _some(rows: Sequence[str]) -> str:
    named = ", ".join(code(row) for row in rows[:3])
    return f"{named}{f' and {len(rows) - 3} more' if len(rows) > 3 else ''}"


def _by(key: Key, one: Difference, decimals: int) -> str:
    # how much better, whichever direction is better
    sign = 1 if METRICS[key[0]].higher_is_better else -1
    low, high = sorted((sign * one.low, sign * one.high))
    return f"{sign * one.mean:z.{decimals}f} [{low:z.{decimals}f}, {high:z.{decimals}f}]"


def _against_references(board: Board, key: Key, leader: str) -> str:
    found = board.judged[key].from_references
    means = {row: board.statistics[row][key].mean for row in found}
    if not means:
        return ""
    best = min(means, key=lambda row: METRICS[key[0]].sort_key(means[row]))
    if verdict(key, found[best]) == "win":
        return ""
    decimals = column_places([board.statistics[row][key] for row in (leader, best)])
    texts = [_mean(board.statistics[row][key], decimals) for row in (best, leader)]
    how = "loses to" if verdict(key, found[best]) == "loss" else "does not beat"
    return f"**The best method {how} the references**: {code(best)} {texts[0]}, {code(leader)} {texts[1]}."


def _first_two(board: Board, key: Key, decimals: int) -> str:
    judged = board.judged[key]
    if judged.separating is None:
        return ""
    second = min(judged.from_leader, key=lambda row: abs(judged.from_leader[row].mean))
    gap = (
        f"{code(board.leader(key) or '')} and {code(second)}, {abs(judged.from_leader[second].mean):.{decimals}f} apart"
    )
    if judged.separating == 0:
        return f"No number of seeds separates the first two rows ({gap}): other test rows move them by more."
    if judged.separating > MOST_SEEDS:
        return f"More than {MOST_SEEDS:,} seeds would be needed to separate the first two rows ({gap})."
    return f"{judged.separating} seeds would separate the first two rows ({gap})."


def _shares(board: Board, key: Key, found: Sequence[Difference]) -> str:
    shares = [one.seeds_share for one in found if one.seeds_share is not None]
    if not shares:
        return ""
    seeds = statistics.median(shares)
    text = f"Of the variance of a difference to the baseline {seeds:.0%} is of seeds and {1 - seeds:.0%} of test rows"
    base, rows = board.statistics.get("baseline"), board.sampling.deviations.get(" ".join(key), {}).get(own("baseline"))
    if base is None or rows is None or not base[key].sd:
        return f"{text} (median over rows)."
    seed = (base[key].sd or 0.0) ** 2 / base[key].n
    share = seed / (seed + rows**2)
    return f"{text} (median over rows); of that of the baseline's mean, {share:.0%} and {1 - share:.0%}."


def _skewed(board: Board, key: Key) -> str:
    decimals = _places(board, key)
    found = {row: own[key] for row, own in board.statistics.items() if own[key].skewed}
    named = [
        f"{code(row)} (mean {one.mean:.{decimals}f}, median {one.median:.{decimals}f})" for row, one in found.items()
    ]
    return f"One seed far from the others pulls the mean of {', '.join(named)}." if named else ""


def _seeds_alone(board: Board, key: Key) -> str:
    found = board.judged[key].from_baseline
    missing = [row for row, one in found.items() if one.rows_se is None]
    if not missing:
        return ""
    rows = "all rows" if len(missing) == len(found) else ", ".join(map(code, missing))
    return f"Intervals are over seeds alone for want of predictions or data, and so too narrow: {rows}."


def _places(board: Board, key: Key) -> int:
    return column_places([own[key] for own in board.statistics.values()])


def _without_usual_n(table: Table) -> Table:
    # the number of seeds is said only where a row has another one
    if any(row[1] not in ("", str(len(SEEDS))) for row in table.rows):
        return table
    bold = frozenset((i, j - 1) for i, j in table.bold)
    return Table((table.columns[0], *table.columns[2:]), tuple((row[0], *row[2:]) for row in table.rows), bold)
