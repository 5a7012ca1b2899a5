"""The boards in the repository are what the records in the repository give."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_the_committed_boards_are_as_the_committed_records_give_them(bench):
    results, boards = ROOT / "results", ROOT / "leaderboard"
    if not any(results.glob("*/*/seed-*.json")):
        pytest.skip("no records here: an sdist leaves them out")
    code, said, error = bench("leaderboard", "--check", "--results", results, "--leaderboard", boards)
    assert (code, error) == (0, "")
    assert said == "all boards are as the records give them\n"
