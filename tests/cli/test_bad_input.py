"""Bad input is one line and exit code two."""

import pytest

from support.command_line import RUN, TINY, bench


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([*RUN, "rankism"], "did you mean 'ranksim'"),
        (["run", "--method", "oe", "--dataset", "cirlce"], "did you mean 'circle'"),
        ([*RUN, "oe[wieght=1]"], "no parameter 'wieght'"),
        ([*RUN, "oe", "--seed", "0,x"], "cannot read the seeds"),
        ([*RUN, "oe", "--seed", "5-3"], "run backwards"),
        ([*RUN, "oe", "--seeds", "0"], "no number of seeds"),
        ([*RUN, "oe", "--seeds", "2", "--seed", "1"], "not both"),
        ([*RUN, "oe", "--set", "epochs=5"], "protocol.FIELD=VALUE"),
        ([*RUN, "oe", "--set", "protocol.epoch=5"], "no protocol field 'epoch'"),
        ([*RUN, "oe", "--device", "tpu"], "no device 'tpu'"),
        ([*RUN, "oe", "--retry", "all"], "no status 'all'"),
        ([*RUN, "oe", "--stale", "keep"], "--stale rerun"),
        ([*RUN, "oe", "--jobs", "0"], "jobs"),
        ([*RUN, "lds"], "not defined"),
        ([*RUN, "mt+mt"], "twice"),
        (["run", "--method", "oe"], "--dataset"),
        (["show", "nothing"], "no method or dataset 'nothing'"),
        (["check", "board", "oe"], "bench check method NAME"),
        (["leaderboard", "--dataset", "circle"], "no records"),
        (["profile", "--dataset", "circle", "--write", "table.json"], "ends in .md"),
        (["nonsense"], "nonsense"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_two(words, message, tmp_path):
    result = bench(*words, cwd=tmp_path)
    errors = result.stderr
    assert result.returncode == 2
    assert errors.count("\n") == 1
    assert message in errors
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("minutes", ["0", "-5", "x", "1.5", "nan", "9" * 5000])
def test_minutes_on_a_cluster_are_whole_and_of_a_few_digits(minutes, tmp_path):
    result = bench(*RUN, "oe", "--on", "slurm", "--slurm", f"time={minutes}", cwd=tmp_path)
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert "write whole minutes" in result.stderr


def test_a_cluster_that_does_not_answer_is_one_line_and_leaves_nothing(tmp_path, monkeypatch):
    pytest.importorskip("submitit", reason="needs the extra slurm")
    for name in ("sbatch", "squeue"):
        program = tmp_path / name
        program.write_text("#!/bin/sh\necho 'error: first' >&2\necho 'fatal: no controller' >&2\nexit 1\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    (tmp_path / "at").mkdir()
    result = bench(*RUN, "baseline", "--seeds", "1", *TINY, "--on", "slurm", cwd=tmp_path / "at")
    assert result.returncode == 2
    assert [line for line in result.stderr.splitlines() if "cells to run" not in line] == [
        "bench: SLURM does not answer: fatal: no controller"
    ]
    assert not list((tmp_path / "at").rglob("*.*"))


def test_missing_data_stops_at_once_and_says_what_to_do(tmp_path):
    result = bench("run", "--method", "baseline", "--dataset", "airfoil", "--data", tmp_path / "none", cwd=tmp_path)
    errors = result.stderr
    assert result.returncode == 2
    assert "bench data fetch airfoil" in errors
    assert "airfoil[rows=synthetic]" in errors


def test_a_results_folder_that_cannot_be_written_is_named_before_training(tmp_path):
    (tmp_path / "results").write_text("a file where a folder should be")
    result = bench(*RUN, "baseline", "--seeds", "1", *TINY, cwd=tmp_path)
    errors = result.stderr
    assert result.returncode == 2
    assert "--results" in errors


def test_a_record_cut_in_half_is_named_kept_and_trained_again(tmp_path):
    path = tmp_path / "results/circle/baseline/seed-0.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"schema_version": 1, "key": "ab')
    result = bench(*RUN, "baseline", "--seeds", "1", *TINY, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "seed-0.json was in the way" in result.stderr
    assert '"key": "ab' in path.with_name("seed-0.json.aside").read_text()
