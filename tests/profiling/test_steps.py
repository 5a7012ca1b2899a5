from dataclasses import replace
from pathlib import Path

import pytest

from bench.plugins import resolve
from bench.profiling import steps


def test_a_profile_times_steps_and_the_regularizers_share():
    made = steps.measure("circle", ["ranksim"], {"protocol.batch_size": 50}, 5, Path(), "cpu")
    (cost,) = made["costs"]
    assert cost["batch"] == 50
    assert cost["step_ms"] > 0
    assert cost["samples_per_s"] * cost["step_ms"] == pytest.approx(1e3 * 50)
    assert cost["share"] > 0
    assert cost["forward_ms"] > 0
    # 100 rows in 2 batches, 10,000 epochs
    assert cost["full_s"] > 2 * 10_000 * cost["step_ms"] / 1e3
    assert cost["peak_gpu_allocated_mb"] is None
    assert made["environment"]["device"] == "cpu"


def test_the_first_rows_of_a_split_are_still_a_split_of_its_kind():
    on = resolve.dataset("stsb[hidden=8,text=small]").dataset
    splits = on.load(Path())
    part = steps._first(splits.train, 5)
    assert len(part) == len(part.x) == 5
    assert on.encoder(replace(splits, train=part))[1] == 8 * 8


def test_published_ratios_stand_beside_ours_on_agedb_alone():
    def cost(method, step, memory):
        sizes = {"peak_rss_mb": 900.0, "peak_gpu_allocated_mb": memory, "peak_gpu_reserved_mb": 20000.0}
        return {"method": method, "batch": 128, "step_ms": step, "step_ms_iqr": 0.5, "samples_per_s": 128 / step} | {
            "share": None if method == "baseline" else 0.1,
            "forward_ms": step / 4,
            "full_s": 3600.0,
            **sizes,
        }

    environment = {"torch": "2.11.0", "device": "Some GPU", "cpu": "Some CPU", "threads": 1}
    made = {
        "dataset": "agedb[images=synthetic]",
        "steps": 50,
        "load_before": 0.25,
        "environment": environment,
        "costs": [cost("baseline", 100.0, 10000.0), cost("mt+rot_reg", 110.0, 10500.0)],
    }
    head, _, _, both, *_ = steps.cost_table(made).splitlines()
    names, values = ([cell.strip() for cell in line.split("|")[1:-1]] for line in (head, both))
    row = dict(zip(names, values, strict=True))
    assert (row["step ratio"], row["memory ratio"]) == ("1.10×", "1.05×")
    assert (row["published time ratio"], row["published memory ratio"]) == ("1.26×", "1.02×")
    assert (row["forward ms"], row["full run min"]) == ("27.50", "60.0")
    assert "published" not in steps.cost_table({**made, "dataset": "circle"})
