"""Shards of a run, merged, are the run; what does not verify stays out; a submission says what was checked."""

import json
import shutil

import numpy as np
import pytest

from bench.results import store
from support.command_line import TINY, bench

TABLE = "concrete[rows=synthetic]"
RUN = ["run", "--method", "baseline,mt,trees", "--dataset", TABLE, "--seeds", "3", *TINY]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("merge")
    assert bench(*RUN, cwd=folder).returncode == 0
    for part in (1, 2, 3):
        done = bench(*RUN, "--shard", f"{part}/3", "--results", f"part{part}/results", cwd=folder)
        assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def folder(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "at")


def cells(results):
    return {(r.method, r.seed): (r.key, r.metrics, r.predictions) for r in store.read_all(results)}


def files(results):
    return {path.relative_to(results): path.read_bytes() for path in results.rglob("seed-*.json")}


def test_shards_share_no_cell_and_are_the_run(folder):
    parts = [cells(folder / f"part{number}/results") for number in (1, 2, 3)]
    assert sum(map(len, parts)) == 7
    assert parts[0] | parts[1] | parts[2] == cells(folder / "results")
    assert max(map(len, parts)) == 3


def test_a_shard_is_the_same_whatever_is_done(folder):
    asked = ["plan", *RUN[1:], "--shard", "2/3", "--json"]
    fresh, begun = (
        json.loads(bench(*asked, "--results", results, cwd=folder).stdout)["cells"] for results in ("none", "results")
    )
    assert [one["key"] for one in fresh] == [one["key"] for one in begun]
    assert {one["state"] for one in begun} == {"done"}


def test_merged_records_are_byte_for_byte_those_of_the_machines(folder):
    done = bench("merge", *(f"part{n}/results" for n in (1, 2, 3)), "--results", "all/results", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert "7 records added" in done.stdout
    merged = files(folder / "all/results")
    assert merged == {k: v for n in (1, 2, 3) for k, v in files(folder / f"part{n}/results").items()}
    assert cells(folder / "all/results") == cells(folder / "results")
    assert bench("verify", "--results", "all/results", cwd=folder).returncode == 0
    again = bench("merge", "part1/results", "--results", "all/results", cwd=folder)
    assert "0 records added, 3 were there already" in again.stdout
    assert files(folder / "all/results") == merged


def forge(path, **changes):
    fields = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({**fields, "checksum": store.checksum(fields)}))


def tampered(folder, how):
    results = folder / "results" / TABLE
    record = results / "mt/seed-1.json"
    match how:
        case "number":
            metrics = json.loads(record.read_text())["metrics"]
            metrics["test"]["all"]["mae"] = 0.001
            forge(record, metrics=metrics)
        case "byte":
            record.write_text(record.read_text().replace('"status": "ok"', '"status": "oom"'))
        case "seed":
            shutil.copy(record, results / "mt/seed-7.json")
        case "row":
            shutil.copytree(results / "mt", results / "mt2")
        case "predictions":
            path = results / "mt/predictions.npz"
            with np.load(path) as kept:
                np.savez_compressed(path, **{k: v + (k == "seed-1") for k, v in kept.items()})
        case "lost":
            (results / "mt/predictions.npz").unlink()
        case "code":
            config = json.loads(record.read_text())["config"]
            config["method"][0]["digest"] = "0" * 16
            forge(record, config=config)


@pytest.mark.parametrize("how", ["number", "byte", "seed", "row", "predictions", "lost", "code"])
def test_what_does_not_verify_is_named_and_stays_out(how, folder):
    tampered(folder, how)
    done = bench("merge", "results", "--results", "all/results", cwd=folder)
    assert done.returncode == 1
    assert "refused results/" in done.stdout
    good = cells(folder / "all/results")
    assert good.items() <= cells_before(folder).items()
    if how != "row":
        assert len(good) >= 4
    submitted = bench("submit", "results", "--rerun", "0", cwd=folder)
    assert submitted.returncode == 1
    assert not (folder / "results/SUBMISSION.md").exists()


def cells_before(folder):
    return {k: v for n in (1, 2, 3) for k, v in cells(folder / f"part{n}/results").items()}


def test_a_finished_cell_stays_and_a_failed_one_gives_way(folder):
    target = folder / "part1/results" / TABLE
    failed = next(target.glob("mt/seed-*.json"))
    kept = cells(folder / "part1/results")
    seed = int(failed.stem.partition("-")[2])
    record = next(r for r in store.read_all(folder / "part1/results") if (r.method, r.seed) == ("mt", seed))
    store.write(
        folder / "part1/results",
        record.model_copy(update={"status": "error", "error": "lost", "predictions": None, "metrics": {}}),
    )
    done = bench("merge", "results", "--results", "part1/results", cwd=folder)
    assert done.returncode == 0, done.stdout
    assert cells(folder / "part1/results") == cells(folder / "results") | kept


def test_a_submission_says_what_it_has_and_what_was_checked(folder):
    done = bench("submit", "results", "--rerun", "2", cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    text = (folder / "results/SUBMISSION.md").read_text()
    assert "# 7 results" in text
    assert text.count("agrees, bit for bit") == 2
    assert "0–2" in text
    assert bench("verify", "--results", "results", cwd=folder).returncode == 0  # the text itself is no odd file


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["merge", "nothing"], "no results folder nothing"),
        (["merge", "empty"], "no records in empty"),
        (["merge", "results", "--results", "results"], "the results folder itself"),
        (["merge", "results", "--results", "results/circle"], "lies in the other"),
        (["merge", "part1/results", "--results", "part1"], "lies in the other"),
        (["merge", "part1/results", "nothing", "--results", "new"], "no results folder nothing"),
        (["merge", ".", "--results", "new"], "lies in the other"),
        (["merge", "leaderboard", "--results", "new"], "no records in leaderboard (1 files are left out"),
        (["merge", f"results/{TABLE}", "--results", "new"], f"no records in results/{TABLE} ("),
        (["submit", "part1"], "no records in part1 ("),
        (["results", "adopt", "--results", "nothing"], "no results folder nothing"),
        (["results", "adopt", "--results", "part1"], "no records in part1 ("),
        (["results", "adopt", "--before", "nothing"], "there is no commit nothing"),
        (["results", "adopt", "--before", "--help"], "there is no commit --help"),
        (["results", "adopt", "--before", ""], "there is no commit ''"),
        (["leaderboard", "--dataset", "circle,mammoth"], "cannot read the name 'circle,mammoth'"),
        (["verify", "--results", "leaderboard"], "no records in leaderboard (1 files are left out"),
        (["submit", "nothing"], "no results folder nothing"),
        ([*RUN, "--shard", "0/3"], "count them from 1"),
        ([*RUN, "--shard", "4/3"], "count them from 1"),
        ([*RUN, "--shard", "1/0"], "count them from 1"),
        ([*RUN, "--shard", "x"], "write K/N"),
        ([*RUN, "--shard", "1/1e9"], "write K/N"),
        ([*RUN, "--shard", "²/3"], "write K/N"),
    ],
)
def test_bad_input_is_one_line(words, message, folder):
    (folder / "empty").mkdir()
    done = bench(*words, cwd=folder)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (folder / "new").exists()
