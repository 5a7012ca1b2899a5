"""The whole way through the command line: records, boards, and what is not trained again."""

import pytest

from support.command_line import TINY, bench, numbers


def tiny(cwd, *words, method="baseline", seeds="2"):
    return bench("run", "--method", method, "--dataset", "circle", "--seeds", seeds, *TINY, *words, cwd=cwd)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("finished")
    result = tiny(folder, method="baseline,mt")
    assert result.returncode == 0, result.stderr
    return folder, result


def test_a_run_leaves_records_prints_its_board_and_writes_it(finished):
    folder, result = finished
    assert set(numbers(folder)) == {(method, seed) for method in ("baseline", "mt") for seed in (0, 1)}
    assert "baseline" in result.stdout
    assert (folder / "leaderboard/circle.md").is_file()
    assert (folder / "leaderboard/README.md").is_file()
    assert "[4/4]" in result.stderr


def test_a_second_run_trains_nothing_and_says_so(finished):
    folder, _ = finished
    before = {path: path.stat().st_mtime_ns for path in folder.glob("results/*/*/*.json")}
    result = tiny(folder, method="baseline,mt")
    assert result.returncode == 0
    assert "nothing to train: 4 of 4 cells are done" in result.stderr
    assert {path: path.stat().st_mtime_ns for path in folder.glob("results/*/*/*.json")} == before


def test_the_same_cell_gives_the_same_numbers_in_another_folder_and_one_worker(finished, tmp_path):
    assert tiny(tmp_path, "--jobs", "1", method="baseline,mt").returncode == 0
    assert numbers(tmp_path) == numbers(finished[0])


def test_other_settings_make_stale_cells_that_are_kept_until_asked(finished, tmp_path):
    assert tiny(tmp_path, seeds="1").returncode == 0
    changed = [
        "run",
        "--method",
        "baseline",
        "--dataset",
        "circle",
        "--seeds",
        "1",
        "--set",
        "protocol.epochs=2",
    ]
    kept = bench(*changed, cwd=tmp_path)
    assert "1 cells are stale" in kept.stderr
    key = numbers(tmp_path)["baseline", 0][0]
    assert key == numbers(finished[0])["baseline", 0][0]
    assert bench(*changed, "--stale", "rerun", cwd=tmp_path).returncode == 0
    assert numbers(tmp_path)["baseline", 0][0] != key


def test_plan_shows_what_would_run_and_what_is_done(finished):
    folder, _ = finished
    result = bench("plan", "--method", "baseline,oe", "--dataset", "circle", "--seeds", "3", *TINY, cwd=folder)
    assert result.returncode == 0, result.stderr
    assert "4 cells to run" in result.stdout
    assert not (folder / "results/circle/oe").exists()
