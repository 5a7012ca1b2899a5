"""What scripts read: `bench list --json` and `bench plan --json`."""

import json
from pathlib import Path

import pytest

from bench import plugins
from bench.cli import options
from bench.results import store
from bench.runs import cells, select, worker
from support.command_line import TINY, bench


def test_list_gives_every_plug_in_with_its_parameters(tmp_path):
    said = json.loads(bench("list", "--json", cwd=tmp_path).stdout)
    assert [row["name"] for row in said["methods"]] == plugins.methods()
    assert [row["name"] for row in said["references"]] == plugins.references()
    assert [row["name"] for row in said["datasets"]] == sorted(plugins.modules("dataset"))
    methods = {row["name"]: row for row in said["methods"]}
    assert methods["oe"]["parameters"] == {"weight": "1", "samples": "80"}
    assert methods["oe"]["slots"] == ["regularizer"]
    assert methods["oe"]["title"] == plugins.source("method", "oe").title
    assert next(row["groups"] for row in said["datasets"] if row["name"] == "circle") == ["coordinates"]


def test_list_takes_one_form_at_a_time(tmp_path):
    assert bench("list", "--json", "--matrix", cwd=tmp_path).returncode == 2


def trained(results):
    """The record of the baseline's seed 0, written as a run would."""
    overrides = options.overrides(TINY[1::2])
    made = cells.plan(select.rows("baseline", "circle", overrides), [0], overrides, results, Path())
    finished = worker.run(made.todo[0], worker.RunContext("."), lambda at: None)
    store.write(results, finished.record, finished.predictions)
    return finished.record


def plan(*words, cwd):
    said = bench("plan", "--dataset", "circle", *TINY, "--json", *words, cwd=cwd)
    assert said.returncode == 0, said.stderr
    return json.loads(said.stdout)


def test_plan_gives_every_cell_with_its_state_key_and_time(tmp_path):
    before = plan("--method", "baseline,lds", "--seeds", "2", "--jobs", "2", cwd=tmp_path)
    assert [(cell["method"], cell["seed"], cell["state"], cell["run"]) for cell in before["cells"]] == [
        ("baseline", 0, "todo", True),
        ("baseline", 1, "todo", True),
    ]
    assert (before["jobs"], before["estimate_s"], before["unknown"]) == (2, None, 2)
    assert [(pair["method"], pair["dataset"]) for pair in before["undefined"]] == [("lds", "circle")]
    record = trained(tmp_path / "results")
    after = plan("--method", "baseline", "--seeds", "3", "--jobs", "2", cwd=tmp_path)
    done, *todo = after["cells"]
    assert (done["state"], done["status"], done["run"], done["estimate_s"]) == ("done", "ok", False, None)
    assert done["key"] == record.key == before["cells"][0]["key"]
    assert [cell["estimate_s"] for cell in todo] == [record.timing.wall_s] * 2
    assert after["estimate_s"] == pytest.approx(record.timing.wall_s, abs=1e-3)  # two cells, two at a time
    assert after["unknown"] == 0
