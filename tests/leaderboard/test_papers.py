"""Every row that the papers report has a command that is defined here, or a reason."""

import json
import os
import shlex
import statistics
from collections import Counter
from pathlib import Path

import pytest

from bench.cli import options
from bench.errors import BenchError
from bench.leaderboard import papers
from bench.leaderboard.published import lines
from bench.names import split_list
from bench.plugins import resolve
from bench.results import store
from bench.runs import analyse
from support.command_line import TINY, bench

ROOT = Path(__file__).parents[2]
ROWS = [row for name in papers.names() for row in papers.rows(name)]
COMMANDS = sorted({row.command for row in ROWS if row.command})


def test_every_reported_row_is_there_with_a_command_or_a_reason():
    reported = {(line["source_table"], line["dataset"], line["method"]) for line in lines()}
    assert {(row.table, row.dataset_label, row.label) for row in ROWS} == reported
    assert all(bool(row.command) != bool(row.why) for row in ROWS)
    assert sum(figures for *_, figures in papers.counts()) == 3438


@pytest.mark.parametrize("dataset", sorted({row.dataset for row in ROWS if row.command}))
def test_every_command_names_a_method_that_is_defined_on_its_dataset(dataset):
    for row in ROWS:
        if row.command and row.dataset == dataset:
            on = resolve.dataset(dataset, options.overrides(list(row.changes)))
            if row.first:
                before = resolve.dataset(row.first[1])
                assert resolve.method(row.first[0], before).refusal(before.dataset) is None
                assert f"init={row.first[1]}/{row.first[0]}]" in row.method
            method = resolve.method("pretrained" if row.first else row.method, on)
            assert method.refusal(on.dataset) is None, row
            assert on.name == dataset


def test_rows_of_transfer_train_the_encoder_first():
    rows = papers.rows("rnc", 'slide "transfer learning"')
    row, _ = (row for row in rows if "to AgeDB fine-tuning" in row.dataset_label)
    assert (row.label, row.first) == ("L1", ("baseline", "imdb_wiki[backbone=resnet18,keep=32000,protocol=rnc]"))
    first, then = (shlex.split(part) for part in row.command.split(" && "))
    assert first == ["bench", "run", "--method", row.first[0], "--dataset", row.first[1], "--save-models", "best"]
    assert then[3] == f"pretrained[freeze=false,init={row.first[1]}/{row.first[0]}]"


@pytest.mark.parametrize(
    ("name", "table", "label", "words"),
    [
        ("tightness", "Table 1", "+ RankSim", "--method 'ranksim[weight=1000]' --dataset agedb"),
        ("tightness", "Table 5", "+ MT M=16", "--method 'mt[copies=16]' --dataset agedb"),
        ("tightness", "Table 6", "+ MT", "--method mt --dataset agedb --set protocol.batch_size=128"),
        ("ranksim", "Table 8", "RRT [batch 64, lr 2.5e-4]", "--method rrt --dataset 'agedb[protocol=batch64]'"),
        ("ranksim", "Table 3", "INV + FDS", "--method inv+fds --dataset 'stsb[split=gong]'"),
        (
            "rnc",
            'slide "RNC surpasses"',
            "DINO (linear probing)",
            "--method 'dino[recipe=paper]' --dataset 'agedb[backbone=resnet18,protocol=rnc]'",
        ),
        (
            "rnc",
            'slide "RNC surpasses"',
            "SIMCLR (fine-tuning)",
            "--method 'simclr[freeze=false,recipe=paper]' --dataset 'agedb[backbone=resnet18,protocol=rnc]'",
        ),
        (
            "rnc",
            'slide "Improved Regression Performance"',
            "RNC(OR)",
            "--method 'ordinal+rnc[recipe=paper]' --dataset skyfinder",
        ),
        ("ranksim", "Table 1", "VANILLA + RANKSIM", "--method ranksim --dataset imdb_wiki"),
        (
            "ranksim",
            "Table 11",
            "SQINV + RANKSIM (gamma=10, lambda=2)",
            "--method 'ranksim[interpolation=2,weight=10]+sqinv' --dataset imdb_wiki",
        ),
        ("ranksim", "Table 2", "VANILLA + RANKSIM", "--method ranksim --dataset 'agedb[protocol=batch64]'"),
        ("tightness", "Table 1", "+ PH-Reg", "--method ph_reg --dataset agedb --set protocol.epochs=100"),
        (
            "srl",
            "main results table (AgeDB-DIR)",
            "ConR",
            "--method conr --dataset 'agedb[protocol=batch64]' --set protocol.epochs=120",
        ),
        (
            "srl",
            "main results table (AgeDB-DIR)",
            "SRL (ours)",
            "--method srl --dataset 'agedb[protocol=batch64]' --set protocol.epochs=120",
        ),
        ("srl", "UCI-Airfoil table", "SRL (ours)", "--method srl --dataset 'airfoil[protocol=srl]'"),
    ],
)
def test_commands_say_what_their_rows_are(name, table, label, words):
    given = {row.command for row in papers.rows(name, table) if row.label == label}  # one for each dataset
    assert f"bench run {words}" in given


def test_figures_of_features_are_measures_of_the_analyses_that_their_table_names():
    (then,) = {row.then for row in ROWS if row.then}
    known = {name for one in then.split()[2].split(",") for name in analyse.load(one).measures}
    for row in papers.rows("tightness", "4"):
        assert {metric for metric, _ in row.figures} - {"RMSE"} <= known


PLOTS = [(name, one) for name in papers.names() for one in papers.plots(name)]


@pytest.mark.parametrize(("name", "plot"), PLOTS, ids=lambda one: getattr(one, "name", one))
def test_every_plot_has_commands_that_are_defined_or_a_reason(name, plot):
    assert bool(plot.commands) != bool(plot.why)
    assert plot.shows
    for command in plot.commands:
        program, verb, *words = shlex.split(command)
        assert (program, verb) in {("bench", "run"), ("bench", "analyse")}
        if verb == "run":
            given = dict(zip(words[::2], words[1::2], strict=True))
            changes = options.overrides([given["--set"]] if "--set" in given else [])
            for dataset in split_list(given["--dataset"]):
                on = resolve.dataset(dataset, changes)
                assert on.name == dataset
                methods = [resolve.method(method, on) for method in split_list(given["--method"])]
                assert [one.refusal(on.dataset) for one in methods] == [None] * len(methods)
        else:
            assert set(split_list(words[0])) <= {"corruption", *analyse.modules()}


def test_a_list_has_every_row_and_plot_and_counts_those_without_a_command(tmp_path):
    done = bench("paper", "rnc", "--list", cwd=tmp_path)
    table, _, counted = done.stdout.strip().rpartition("\n\n")
    rows, plots = papers.rows("rnc"), papers.plots("rnc")
    assert len(table.splitlines()) == 2 + len(rows) + len(plots)
    assert all(line.rstrip(" |").rpartition("| ")[2] for line in table.splitlines()[2:])
    trained = sum(bool(row.command) for row in rows)
    assert f"{trained} rows have a command and {len(rows) - trained} a reason" in counted
    assert f"{sum(bool(one.commands) for one in plots)} plots have one" in counted


def test_a_metric_is_shown_where_it_is_reported_and_an_unknown_one_is_named(tmp_path):
    shown = bench("paper", "rnc", "--metric", "R2", cwd=tmp_path).stdout
    assert "AgeDB" in shown
    assert shown.count("| R2 all ") == 8
    assert "surpasses" not in shown  # which reports no R2
    assert next(line.split()[3] for line in shown.splitlines() if line.startswith("| RNC(L1)")) == "0.850"
    wrong = bench("paper", "rnc", "--metric", "R3", cwd=tmp_path)
    assert (wrong.returncode, wrong.stderr) == (2, "bench: no reported metric 'R3'; there are: MAE, R2, angular\n")
    for words in (("--list", "--json"), ("--metric", "R2", "--list")):
        assert bench("paper", "rnc", *words, cwd=tmp_path).returncode == 2


def test_rows_of_two_thousand_pictures_thin_training_alone():
    rows = papers.rows("rnc", 'slide "transfer learning"')
    on = {row.dataset for row in rows if "IMDB-WIKI (2k)" in row.dataset_label}
    assert on == {"imdb_wiki[backbone=resnet18,keep=2000,protocol=rnc]"}


def test_a_table_is_found_by_its_number_and_an_unknown_one_is_named():
    assert papers.rows("tightness", "5") == papers.rows("tightness", "Table 5")
    with pytest.raises(BenchError, match="no table '9'; there are: Table 1"):
        papers.rows("tightness", "9")
    with pytest.raises(BenchError, match="no paper 'conr'; there are"):
        papers.rows("conr")


def test_the_command_line_lists_shows_and_gives_commands(tmp_path):
    listed = bench("paper", cwd=tmp_path)
    assert listed.returncode == 0
    assert all(name in listed.stdout for name in papers.names())
    shown = bench("paper", "tightness", "--table", "3", cwd=tmp_path)
    assert "circle[points=published]" in shown.stdout
    features = bench("paper", "tightness", "--table", "4", cwd=tmp_path).stdout
    assert "bench run --method mt --dataset nyud2 --keep features" in features
    assert "then: bench analyse ordinality,tightness --dataset nyud2" in features
    given = bench("paper", "ranksim", "--table", "Table 10", "--commands", cwd=tmp_path).stdout.splitlines()
    assert len(given) == 20
    assert all(shlex.split(line)[:2] == ["bench", "run"] for line in given)
    plain = json.loads(bench("paper", "srl", "--json", cwd=tmp_path).stdout)
    assert Counter(one["command"] is None for one in plain) == {False: 8}
    assert plain[0]["figures"][0].keys() == {"metric", "region", "mean", "sd"}


@pytest.mark.skipif("BENCH_DATA" not in os.environ, reason="needs the published points of the circle")
def test_ours_stands_beside_what_is_reported_where_it_is_of_the_same_settings(tmp_path):
    dataset = "circle[points=published]"
    done = bench("run", "--method", "baseline", "--dataset", dataset, "--seeds", "2", *TINY, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "seeds)" not in bench("paper", "tightness", "--table", "3", cwd=tmp_path).stdout
    committed = bench("paper", "tightness", "--table", "3", "--results", ROOT / "results", cwd=tmp_path).stdout
    (line,) = (line for line in committed.splitlines() if "+ MT " in line and dataset in line and "L_ot" not in line)
    values = [
        one.metrics["test"]["all"]["mse"] for one in store.read_all(ROOT / "results", dataset) if one.method == "mt"
    ]
    assert f"{statistics.fmean(values):.4g} ({len(values)} seeds)" in line
