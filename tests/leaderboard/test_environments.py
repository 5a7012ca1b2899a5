"""Rows whose seeds mix torch versions or processor capabilities are named on their board."""

import pytest

from bench.leaderboard.board import Board
from bench.leaderboard.pages import dataset_page
from support.board_records import FACES, record
from support.records import ENVIRONMENT


def page(*environments, status="ok"):
    """The page of a row whose seeds ran in these environments, beside a row that ran in one."""
    there = [ENVIRONMENT.model_copy(update=changed) if changed is not None else None for changed in environments]
    mixed = [
        record("oe", seed, 7.0, status=status).model_copy(update={"environment": e}) for seed, e in enumerate(there)
    ]
    return dataset_page(Board(FACES, [*mixed, record("baseline", 0, 8.0), record("baseline", 1, 8.0)]))


@pytest.mark.parametrize(
    ("environments", "said"),
    [
        ([{"torch": "2.9.0"}, {"torch": "2.10.0"}], "torch versions (2.10.0, 2.9.0)"),
        (
            [{"cpu_capability": "AVX2"}, {"cpu_capability": "AVX512"}, {}],
            "processor capabilities (AVX2, AVX512)",
        ),
        (
            [{"torch": "2.9.0", "cpu_capability": "AVX2"}, {"torch": "2.9.1", "cpu_capability": "DEFAULT"}],
            "torch versions (2.9.0, 2.9.1) and processor capabilities (AVX2, DEFAULT)",
        ),
    ],
)
def test_a_row_of_mixed_seeds_is_named_below_its_table(environments, said):
    lines = page(*environments).splitlines()
    line = f"- `oe`: its seeds mix {said}."
    assert line in lines
    assert [other for other in lines if "its seeds mix" in other] == [line]
    assert lines.index("<details><summary>All metrics</summary>") < lines.index(line) < lines.index("</details>")


@pytest.mark.parametrize(
    "environments",
    [
        [{"torch": "2.9.0+cu130"}, {"torch": "2.9.0"}, {"torch": "2.9.0+cpu"}],
        [{"cpu_capability": "AVX2"}, {"cpu_capability": None}],
        [{"cpu_capability": "AVX2"}, None],
    ],
)
def test_builds_of_one_version_and_what_records_do_not_say_are_no_mixture(environments):
    assert "its seeds mix" not in page(*environments)


def test_failed_seeds_mix_nothing():
    assert "its seeds mix" not in page({"torch": "2.9.0"}, {"torch": "2.10.0"}, status="diverged")
