"""Runs seed by seed: who goes first, what fits into a time, and who is out."""

import pytest

from bench.errors import BenchError
from bench.leaderboard.sequential import Beaten
from bench.results import store
from bench.runs import spans, staged
from bench.runs.plan import Cell, Plan, Planned
from bench.runs.staged import Staged, rounds
from support.command_line import bench

TABLE = "concrete[rows=synthetic]"
CONFIG = {"method": [{"name": "x"}]}


def planned(method, seed, state="todo", dataset="d"):
    return Planned(Cell(dataset, method, seed, CONFIG, "f", f"{dataset}{method}{seed}"), state, None, state == "todo")


def short(batches):
    return [[f"{cell.method}{cell.seed}" for cell in batch] for batch in batches]


def test_rows_with_the_fewest_seeds_come_first_and_the_baseline_before_all():
    plan = Plan(
        [planned("a", 0, "done"), *(planned("a", n) for n in (1, 2)), *(planned("baseline", n) for n in range(3))]
    )
    assert short(rounds(plan)) == [["baseline0"], ["baseline1", "a1"], ["baseline2", "a2"]]


def test_what_takes_longer_than_is_left_does_not_begin(monkeypatch, tmp_path):
    plan = Plan([planned(method, seed) for method in ("baseline", "slow", "fast") for seed in range(3)])
    took = {cell.key: {"baseline": 10.0, "slow": 50.0, "fast": 5.0}[cell.method] for cell in plan.todo}
    monkeypatch.setattr(staged, "seconds", lambda *_: took)
    clock = iter([0.0, 0.0, 66.0, 80.0, 90.0])
    monkeypatch.setattr(staged, "monotonic", lambda: next(clock))
    run = Staged(plan, tmp_path, 1, budget_s=90.0, dropped=lambda cells: dropped.extend(cells))
    dropped = []
    assert short(run) == [["baseline0", "slow0", "fast0"], ["baseline1", "fast1"], ["baseline2"]]
    assert (run.unfit, len(dropped)) == (3, 3)
    assert "3 cells did not fit" in next(run.lines())


def test_cells_of_which_nothing_is_known_are_timed_by_the_first_ones(monkeypatch, tmp_path):
    plan = Plan([planned("a", seed) for seed in range(3)] + [planned("b", seed) for seed in range(3)])
    known = [{}, dict.fromkeys((cell.key for cell in plan.todo), 30.0)]
    clock = iter([0.0, 0.0, *[30.0] * 9])
    monkeypatch.setattr(staged, "monotonic", lambda: next(clock))
    monkeypatch.setattr(staged, "seconds", lambda *_: known.pop(0) if len(known) > 1 else known[0])
    assert short(Staged(plan, tmp_path, 1, budget_s=70.0)) == [["a0"], ["b0"], ["a1"], ["a2"]]


def test_a_run_within_a_time_leaves_balanced_rows_and_goes_on(tmp_path):
    run = [
        "run",
        "--method",
        "baseline,mt",
        "--dataset",
        TABLE,
        "--seeds",
        "3",
        "--set",
        "protocol.epochs=2",
        "--jobs",
        "1",
    ]
    done = bench(*run, "--budget", "1s", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    some = [(one.method.partition(" ")[0], one.seed) for one in store.read_all(tmp_path / "results")]
    assert len(some) > 0
    assert {seed for method, seed in some if method == "mt"} <= {seed for method, seed in some if method == "baseline"}
    done = bench(*run, "--budget", "1h", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(store.read_all(tmp_path / "results")) == 6


def raced(tmp_path, monkeypatch, values):
    """The batches of a race over two seeds and two extra ones, whose rows validate with these values; and the race."""
    plan = Plan([planned(method, seed) for method in values for seed in range(4)])
    done, told = {}, []
    monkeypatch.setattr(Staged, "_validation", lambda self, dataset: {row: dict(own) for row, own in done.items()})
    race = Staged(plan, tmp_path, 1, race=True, extra=frozenset({2, 3}), dropped=told.extend)
    batches = []
    for batch in race:
        batches.append(short([batch])[0])
        for cell in batch:
            done.setdefault(cell.method, {})[cell.seed] = values[cell.method][cell.seed]
    assert len(told) == race.saved + race.spared
    return batches, race


def test_extra_seeds_are_taken_while_two_rows_cannot_be_told_apart(tmp_path, monkeypatch):
    alike = {"baseline": [1.0, 1.2, 1.1, 1.0], "a": [1.1, 1.0, 1.2, 1.1]}
    batches, race = raced(tmp_path, monkeypatch, alike)
    assert batches == [[f"baseline{n}", f"a{n}"] for n in range(4)]
    monkeypatch.setattr(
        staged, "beaten", lambda values: {"a": Beaten("baseline", 2, 1e-9)} if len(values.get("a", ())) > 1 else {}
    )
    batches, race = raced(tmp_path, monkeypatch, alike)
    assert batches == [["baseline0", "a0"], ["baseline1", "a1"]]
    assert (race.saved, race.spared) == (0, 4)
    assert "4 cells of extra seeds were not trained, as one row had beaten all others" in list(race.lines())
    batches, race = raced(tmp_path, monkeypatch, {**alike, "b": [1.0, 1.1, 1.2, 1.0]})
    assert batches[2:] == [["baseline2", "b2"], ["baseline3", "b3"]]  # of the beaten row none
    assert (race.saved, race.spared) == (2, 0)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--extra-seeds", "5"], "give --race too"),
        (["--race", "--extra-seeds", "10000"], "write 0 to 9,990"),
        (["--race", "--extra-seeds", "-1"], "greater than or equal to 0"),
    ],
)
def test_extra_seeds_are_of_a_race_and_not_too_many(words, said, tmp_path):
    done = bench("run", "--method", "baseline", "--dataset", TABLE, *words, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr


@pytest.mark.slow
def test_a_beaten_row_gets_no_further_seeds_and_the_board_says_so(tmp_path):
    run = ["run", "--dataset", TABLE, "--seeds", "10", "--set", "protocol.epochs=12", "--race"]
    done = bench(*run, "--method", "baseline,lds,infdrop[weight=1000]", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    counts = {}
    for one in store.read_all(tmp_path / "results"):
        counts[one.method] = counts.get(one.method, 0) + 1
    assert counts["baseline"] == 10
    (lost,) = (row for row in counts if row.startswith("infdrop"))
    assert 3 < counts[lost] < 10
    assert f"{10 - counts[lost]} cells of beaten rows were not trained" in done.stderr
    (board,) = (tmp_path / "leaderboard").glob("concrete*.md")
    assert "validates worse than" in board.read_text()
    again = bench(*run, "--method", "baseline,lds,infdrop[weight=1000]", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert len(store.read_all(tmp_path / "results")) == sum(counts.values())


@pytest.mark.parametrize(("text", "seconds"), [("2h", 7200), ("90m", 5400), ("1h30m", 5400), ("1d", 86400)])
def test_times_are_read(text, seconds):
    assert spans.budget(text) == seconds


@pytest.mark.parametrize("text", ["", "2", "h", "0h", "-1h", "1.5h", "30m1h", "2 h", "²h", "1h1h", "forever"])
def test_what_is_no_time_is_one_line(text):
    with pytest.raises(BenchError, match="cannot read --budget"):
        spans.budget(text)
