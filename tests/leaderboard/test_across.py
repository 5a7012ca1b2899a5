"""Ranks over boards: against scipy's own numbers and a case that can be counted."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from bench.leaderboard.across import cliques, diagram, standing
from bench.leaderboard.board import Board
from bench.leaderboard.index import index_page
from support.board_records import FACES, record

METHODS = ("baseline", "mt", "oe", "srl")


def boards(number=5, shift=0.0, names=None):
    made = []
    for i in range(number):
        name = names[i] if names else f"faces{i}"
        rng = np.random.RandomState(i)
        records = [
            record(method, k, 7 + shift * j + rng.randn(), dataset=name)
            for j, method in enumerate(METHODS)
            for k in range(10)
        ]
        made.append(Board(replace(FACES, dataset=name, title=name), records))
    return made


def means(made):
    return np.array([[board.statistics[method]["mae", "all"].mean for method in METHODS] for board in made])


def test_ranks_and_friedmans_p_are_those_of_scipy():
    made = boards()
    found, table = standing(made), means(made)
    ranks = dict(zip(METHODS, stats.rankdata(table, axis=1).mean(0), strict=True))
    assert {method: one[0] for method, one in found.ranks.items()} == pytest.approx(ranks)
    assert list(found.ranks) == sorted(METHODS, key=lambda method: (ranks[method], method))
    assert found.p == pytest.approx(stats.friedmanchisquare(*table.T).pvalue)
    # Demsar, JMLR 2006, table 5: q of four methods is 2.569
    assert found.critical == pytest.approx(2.569 * np.sqrt(4 * 5 / (6 * 5)), rel=1e-3)
    assert all(low <= rank <= high for rank, low, high in found.ranks.values())


def test_where_one_order_holds_everywhere_ranks_are_sure():
    found = standing(boards(shift=9.0))
    assert found.ranks == {method: (i, i, i) for i, method in enumerate(METHODS, start=1)}


def test_variants_of_a_dataset_count_once():
    names = ["a", "a[points=published]", "b", "c"]
    made = boards(4, names=names)
    ranks = stats.rankdata(means(made), axis=1)
    once = np.mean([ranks[:2].mean(0), ranks[2], ranks[3]], 0)
    found = standing(made)
    assert found.datasets == 3
    assert {method: one[0] for method, one in found.ranks.items()} == pytest.approx(
        dict(zip(METHODS, once, strict=True))
    )


def test_methods_that_are_not_whole_everywhere_are_left_out():
    first, *rest = boards()
    failed = [one for entry in first.entries if (one := entry.record).method != "oe"]
    found = standing([Board(first.spec, [*failed, record("oe", 0, dataset="faces0", status="oom")]), *rest])
    assert "oe" not in found.ranks
    assert standing(rest[:1]) is None


def test_the_diagram_joins_what_is_not_told_apart():
    found = standing(boards(shift=9.0))
    lines = diagram(replace(found, critical=1.5)).splitlines()
    assert cliques([1.0, 2.0, 3.0, 4.0], 1.5) == [(0, 1), (1, 2), (2, 3)]
    assert cliques([1.0, 2.0, 3.0, 4.0], 9.0) == [(0, 3)]
    assert cliques([1.0, 2.0], 0.5) == []
    assert sum(line.count("│") for line in lines) == 6
    assert [line.index("●") for line in lines[1:]] == sorted(line.index("●") for line in lines[1:])


def test_the_index_counts_wins_ties_and_losses_and_says_where_none_wins():
    page = index_page(boards(3, shift=9.0))
    line = next(line for line in page.splitlines() if line.startswith("| `srl`") and "▼" in line)
    assert [cell.strip() for cell in line.split("|")[2:8]] == ["0", "0", "3", "▼", "▼", "▼"]
    assert "**No method beats the baseline** on any board." in page
    assert "On 3 of 3 boards a method beats the baseline." in index_page(boards(3, shift=-9.0))
