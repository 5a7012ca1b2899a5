"""Times and memory, and their ratios to the baseline."""

from bench.leaderboard.board import Board
from bench.leaderboard.tables import cost_table
from support.board_records import FACES, cells, record


def test_times_are_medians_with_ratios_to_the_baseline():
    records = [record("baseline", s, 7.0, step_ms=ms, peak_rss_mb=100.0) for s, ms in enumerate((9.0, 10.0, 99.0))]
    records += [record("oe", s, 6.0, step_ms=25.0, peak_rss_mb=150.0, workers=s + 1) for s in range(2)]
    lines = cells(cost_table(Board(FACES, records)))
    assert lines["baseline"]["step ms"] == "10.0"
    assert (lines["oe"]["step ratio"], lines["oe"]["memory ratio"]) == ("2.50×", "1.50×")
    assert (lines["oe"]["cells at once"], lines["oe"]["epoch"]) == ("1–2", "1.50")
    assert "GPU MB" not in lines["oe"]
    assert "machine" not in lines["oe"]


def test_times_by_two_clocks_have_no_ratio():
    ours = {"step_ms": 9.0, "step_clock": "processor"}
    records = [record("baseline", 0, 7.0, step_ms=18.0), record("oe", 0, 7.0, **ours)]
    assert cells(cost_table(Board(FACES, records)))["oe"]["step ratio"] == "–"
    records = [record("baseline", 0, 7.0, **ours), record("oe", 0, 7.0, **ours)]
    assert cells(cost_table(Board(FACES, records)))["oe"]["step ratio"] == "1.00×"


def test_times_on_two_machines_have_no_ratio():
    records = [record("baseline", 0, 7.0, step_ms=9.0), record("oe", 0, 7.0, step_ms=9.0, device="Some GPU")]
    lines = cells(cost_table(Board(FACES, records)))
    assert (lines["baseline"]["step ratio"], lines["oe"]["step ratio"]) == ("1.00×", "–")
    assert lines["oe"]["machine"] == "torch 2.9.0, Some GPU"
