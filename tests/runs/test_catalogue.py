"""What datasets and methods say of themselves, for boards."""

import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.leaderboard.spec import BoardSpec
from bench.runs import catalogue, cells


def test_a_board_is_to_have_the_stacks_that_the_papers_report():
    text, points = (catalogue.describe(name)["methods"] for name in ("stsb[hidden=8,text=small]", "circle"))
    assert {"ranksim", "ranksim+lds+fds", "inv+ranksim"} <= set(text)
    assert "mt+rot_reg" in points
    assert "lds" not in points  # not defined there


def test_a_description_has_every_field_of_a_spec_but_the_regions():
    said = catalogue.describe("circle")
    assert set(said) == {field.name for field in fields(BoardSpec)} - {"regions"}
    assert said["refused"]["lds"] == "it counts samples by label bin, and this dataset has no label bins"
    assert BoardSpec.of(said, ["all"]).dataset == "circle"


def test_a_dataset_that_does_not_exist_is_named():
    with pytest.raises(BenchError, match="no dataset 'circel'; did you mean 'circle'"):
        catalogue.describe("circel")


def test_the_configuration_of_today_is_that_of_a_planned_cell():
    overrides = {"protocol.epochs": 5}
    assert catalogue.config_today("circle", "mt", overrides) == cells.config_today("circle", "mt", overrides)
    assert catalogue.config_today("circle", "mt", overrides)["protocol"]["epochs"] == 5
    assert catalogue.config_today("circle", "no_such_method", {}) is None


def test_a_second_process_answers_the_same_without_torch_or_pandas(tmp_path):
    code = (
        "import json, sys; from bench.runs import catalogue;"
        "print(json.dumps([catalogue.describe('circle'), catalogue.config_today('circle', 'mt', {})]));"
        "print(*(name for name in ('torch', 'pandas') if name in sys.modules))"
    )
    command, environment = [sys.executable, "-c", code], {**os.environ, "BENCH_CACHE": str(tmp_path)}
    runs = [subprocess.run(command, env=environment, capture_output=True, text=True, check=True) for _ in range(2)]
    (first, heavy), (second, light) = (run.stdout.splitlines() for run in runs)
    assert first == second
    assert "torch" in heavy
    assert light == ""


def test_datasets_in_memory_have_a_bound_together(monkeypatch):
    monkeypatch.setattr(catalogue, "_small", {})
    names = [f"circle[draw={draw}]" for draw in (1, 2, 3)]
    sizes = [catalogue._size(catalogue.splits(name, Path())) for name in names]
    monkeypatch.setattr(catalogue, "_small", {})
    monkeypatch.setattr(catalogue, "KEPT", sum(sizes[1:]))
    _, second, third = (catalogue.splits(name, Path()) for name in names)
    assert list(catalogue._small.values()) == [second, third]
    assert catalogue.splits(names[2], Path()) is third
