"""A plan from plain data: the same whether it is remembered or not, and never of data that somebody touched."""

import json
import os
import subprocess
import sys
from dataclasses import asdict

import pytest

from bench.data import stamps
from bench.errors import BenchError
from bench.plugins import resolve
from bench.runs import catalogue, cells, machine, select
from bench.runs.plan import Wanted, compare

CODE = """
import json, sys
from bench import cli
sys.argv = ["bench", "plan", "--method", "mt,lds", "--dataset", "circle", "--seeds", "2", "--device", "cpu", "--json"]
try:
    cli.main()
finally:
    print(*(name for name in ("torch", "pandas") if name in sys.modules), file=sys.stderr)
"""


def test_a_second_plan_is_the_same_and_imports_no_torch(tmp_path):
    environment = {**os.environ, "BENCH_CACHE": str(tmp_path / "cache"), "BENCH_DATA": str(tmp_path / "data")}
    command = [sys.executable, "-c", CODE]
    first, second = (
        subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True) for _ in range(2)
    )
    assert (first.returncode, second.returncode) == (0, 0), first.stderr
    assert first.stdout == second.stdout
    assert [cell["method"] for cell in json.loads(first.stdout)["cells"]] == ["mt", "mt"]
    assert "torch" in first.stderr
    assert second.stderr.strip() == ""


def test_a_plan_of_plain_data_is_that_of_the_objects(tmp_path):
    overrides = {"protocol.epochs": 5}
    rows = select.rows("mt,lds", "circle,torus", overrides)
    wanted = catalogue.wanted("mt,lds", "circle,torus", overrides)
    found = catalogue.fingerprints([one.dataset for one in wanted], tmp_path)
    assert set(found) == {"circle", "torus"}
    made = compare(wanted, found, [0, 3], tmp_path)
    planned = cells.plan(rows, [0, 3], overrides, tmp_path, tmp_path)
    assert asdict(made) == {**asdict(planned), "rows": {}}
    assert planned.rows == {"circle": 100, "torus": 100}  # training rows, which only loaded data tell
    assert [(cell.dataset, cell.seed) for cell in made.todo] == [
        ("circle", 0), ("circle", 3), ("torus", 0), ("torus", 3),
    ]  # fmt: skip


def test_of_several_datasets_one_that_cannot_be_loaded_leaves_the_others(tmp_path, monkeypatch):
    def broken(self, root):
        raise OSError("no disk")

    monkeypatch.setattr(type(resolve.dataset("torus").dataset), "load", broken)
    monkeypatch.setenv("BENCH_CACHE", str(tmp_path / "cache"))
    wanted = catalogue.wanted("mt", "circle,torus", {})
    found, reasons = catalogue.fingerprints_or_reasons([one.dataset for one in wanted], tmp_path)
    made = compare(wanted, found, [0], tmp_path, broken=reasons)
    planned = cells.plan(select.rows("mt", "circle,torus", {}), [0], {}, tmp_path, tmp_path)
    for plan in (made, planned):
        assert [cell.dataset for cell in plan.todo] == ["circle"]
        assert "no disk" in plan.refused["every method", "torus"]
    with pytest.raises(BenchError, match="no disk"):
        catalogue.fingerprints_or_reasons(["torus"], tmp_path)


def test_what_is_defined_nowhere_is_an_error(tmp_path):
    with pytest.raises(BenchError, match="'lds' is not defined on 'circle': no bins"):
        compare([Wanted("circle", "lds", {}, "no bins")], {"circle": "f"}, [0], tmp_path)


def test_all_datasets_without_their_files_are_named_at_once(tmp_path):
    with pytest.raises(BenchError, match=r"abalone has no data: .*also missing: airfoil; ready: circle"):
        catalogue.fingerprints(["abalone", "circle", "airfoil"], tmp_path)


def test_a_stamp_changes_with_what_a_dataset_reads_and_with_nothing_else(tmp_path):
    on = resolve.dataset("abalone").dataset
    where = stamps.patterns(on)
    assert where == [on.files[0].path]
    path, seen = tmp_path / on.files[0].path, [stamps.stamp(tmp_path, where)]
    path.parent.mkdir(parents=True)
    for content in (b"1", b"22"):
        path.write_bytes(content)
        seen.append(stamps.stamp(tmp_path, where))
    os.utime(path, ns=(1, 1))
    seen.append(stamps.stamp(tmp_path, where))
    assert len(set(seen)) == 4
    (tmp_path / "other.csv").write_text("x")
    assert stamps.stamp(tmp_path, where) == seen[-1]


def test_a_stamp_covers_every_file_of_a_folder_and_what_stands_in_for_a_missing_file(tmp_path):
    folder = stamps.patterns(resolve.dataset("agedb").dataset)
    published = stamps.patterns(resolve.dataset("torus[points=published]").dataset)
    assert published == ["coordinates/torus.npy", "coordinates/torus.npz"]
    for where, name in ((folder, "agedb/AgeDB/[1].jpg"), (published, published[-1])):
        before, path = stamps.stamp(tmp_path, where), tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
        assert stamps.stamp(tmp_path, where) != before


@pytest.mark.parametrize("name", ["rows.csv", "circle/a/rows.csv"])
def test_a_dataset_that_declares_no_file_is_stamped_by_what_it_could_read(tmp_path, name):
    where = stamps.patterns(resolve.dataset("circle").dataset)
    before = stamps.stamp(tmp_path, where)
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text("1")
    assert stamps.stamp(tmp_path, where) != before


def test_data_are_read_again_once_they_are_touched(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(catalogue, "remembered", lambda name, about, compute: asked.append([name, about]) or "f" * 64)
    monkeypatch.setattr(catalogue, "_patterns", lambda dataset: ["rows.csv"])
    for content in ("1", "1", "22"):
        path = tmp_path / "rows.csv"
        if not path.exists() or path.read_text() != content:
            path.write_text(content)
        catalogue.fingerprints(["circle"], tmp_path)
    first, again, touched = asked
    assert first == again != touched


@pytest.mark.parametrize(
    ("device", "nodes", "asks"),
    [("cpu", True, False), ("auto", False, False), ("auto", True, True), ("cuda:0", False, True)],
)
def test_torch_is_asked_for_devices_only_where_there_may_be_a_gpu(monkeypatch, device, nodes, asks):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(machine, "_gpu_nodes", lambda folder: ["/dev/nvidia0"] if nodes else [])
    monkeypatch.setattr(machine, "devices", lambda name: ["what torch says"])
    assert machine.foreseen_devices(device) == (["what torch says"] if asks else ["cpu"])


@pytest.mark.parametrize(("node", "found"), [("nvidia0", 1), ("kfd", 1), ("dxg", 1), ("nvme0", 0), ("null", 0)])
def test_nodes_of_gpus_are_told_from_others(tmp_path, node, found):
    (tmp_path / node).touch()
    assert len(machine._gpu_nodes(tmp_path)) == found


@pytest.mark.parametrize(
    ("cells", "jobs", "devices", "per_device", "expected"),
    [
        (9, None, ["cuda:0", "cuda:1"], 2, 4),
        (3, None, ["cuda:0", "cuda:1"], 2, 3),
        (9, 5, ["cpu"], 1, 5),
        (0, 5, ["cpu"], 1, 1),
    ],
)
def test_how_many_cells_train_at_a_time(cells, jobs, devices, per_device, expected):
    assert machine.at_a_time(cells, jobs, devices, per_device) == expected
