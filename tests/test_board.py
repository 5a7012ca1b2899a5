"""Boards: figures against hand computation, what is left out, and the files."""

import io
import random
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bench import board, boardfiles, boards, reported
from bench.boardpages import render_dataset, render_index
from bench.errors import BenchError
from bench.metrics import METRICS
from bench.results.record import Environment, Memory, Record, Selection, Timing
from bench.sheet import Sheet, Table

REGIONS = ("all", "few")
FACES = Sheet(
    "faces",
    "Faces",
    "Ages from made-up faces.",
    "years",
    ("mae", "pearson"),
    REGIONS,
    methods=("baseline", "oe", "srl"),
    refused={"infdrop": "needs a plain network"},
)
TORUS = Sheet("torus", "Torus", "Points.", "", ("mse",), reported="coordinate-torus", methods=("baseline",))

ENVIRONMENT = Environment(
    python="3.12.1",
    torch="2.9.0",
    cuda=None,
    cudnn=None,
    device="cpu",
    cpu="Some CPU",
    cores=2,
    threads=1,
    deterministic=True,
    git_sha="abc",
    git_dirty=False,
    packages={},
)


def record(
    method: str,
    seed: int,
    mae: float | None = None,
    *,
    dataset: str = "faces",
    status: Any = "ok",
    few: float | None = None,
    pearson: float | None = None,
    mse: float | None = None,
    config: dict[str, Any] | None = None,
    **costs: Any,
) -> Record:
    values = {"mae": mae, "pearson": pearson, "mse": mse}
    metrics = {"all": {**values, "n": 20}, "few": {"mae": few, "n": 0 if few is None else 5}}
    device = costs.pop("device", "cpu")
    timing = Timing(wall_s=costs.pop("wall_s", 5.0), **{k: costs.pop(k) for k in ("step_ms", "workers") if k in costs})
    return Record(
        key=f"{method}/{seed}",
        dataset=dataset,
        method=method,
        seed=seed,
        status=status,
        config=config or {"protocol": {"epochs": 90}, "overrides": {}},
        data_fingerprint="0123456789abcdef",
        metrics={"test": metrics} if status == "ok" else {},
        selection=Selection(metric="mae", epoch=seed + 1, value=1.0) if status == "ok" else None,
        timing=timing,
        memory=Memory(**costs),
        environment=ENVIRONMENT.model_copy(update={"device": device}),
        started="2031-01-01T00:00:00Z",
        finished="2031-01-01T00:01:00Z",
    )


def main_table(records: list[Record], sheet: Sheet = FACES, stale: board.Stale = frozenset()) -> Table:
    return board.main_table(sheet, board.frame(sheet, records, stale))


def cells(table: Table) -> dict[str, dict[str, str]]:
    return {row[0]: dict(zip(table.columns, row, strict=True)) for row in table.rows}


def three(method: str, values: tuple[float, ...] = (7.0, 8.0, 9.0), **rest: Any) -> list[Record]:
    return [record(method, seed, value, **rest) for seed, value in enumerate(values)]


def test_a_cell_is_the_mean_and_the_sample_deviation_of_the_seeds():
    row = cells(main_table(three("baseline", (7.0, 8.0, 9.5))))["baseline"]
    # mean 49/6 = 8.1667; deviations -7/6, -1/6, 8/6; sum of squares 114/36; over 2: 1.58333; root 1.2583
    assert row["MAE all ↓ [years]"] == "8.2 ± 1.3"
    assert row["n"] == "3"


def test_a_single_seed_has_a_mean_and_no_deviation():
    assert cells(main_table([record("baseline", 0, 7.123)]))["baseline"]["MAE all ↓ [years]"] == "7.12"


def test_digits_follow_the_deviation_and_a_small_deviation_never_reads_zero():
    records = three("baseline", (7.1, 7.2, 7.3)) + three("oe", (6.0001, 6.0002, 6.0003))
    column = {row: line["MAE all ↓ [years]"] for row, line in cells(main_table(records)).items()}
    assert column == {"baseline": "7.200 ± 0.100", "oe": "6.0002 ± 0.0001"}


def test_rounding_noise_between_seeds_asks_for_no_digits():
    line = cells(main_table(three("baseline", (0.3, 0.1 + 0.2, 0.3))))["baseline"]
    assert line["MAE all ↓ [years]"] == "0.300 ± 0.000"


def test_rows_stand_best_first_and_names_decide_among_equals():
    records = three("oe") + three("baseline") + three("mt", (1.0, 2.0, 3.0))
    assert [row[0] for row in main_table(records).rows] == ["mt", "baseline", "oe"]


def test_the_best_of_each_column_is_bold_in_the_direction_of_its_metric():
    records = three("baseline", few=9.0, pearson=0.9) + three("oe", (6.0, 6.0, 6.0), few=10.0, pearson=0.8)
    table = main_table(records)
    best = {table.columns[j]: table.rows[i][0] for i, j in table.bold}
    assert best == {"MAE all ↓ [years]": "oe", "MAE few ↓ [years]": "baseline", "Pearson all ↑": "baseline"}
    assert "**6.0 ± 0.0**" in render_dataset(FACES, records)


def test_headers_carry_unit_and_direction():
    assert METRICS["mse"].unit == "unit²"
    assert Sheet("x", "X", "", "m", ("mse",)).header("mse", "few") == "MSE few ↓ [m²]"
    assert Sheet("x", "X", "", "", ("mse",)).header("mse", "all") == "MSE all ↓"


@pytest.mark.parametrize("status", ["diverged", "oom", "timeout", "killed", "error"])
def test_failed_seeds_are_in_no_mean_and_in_the_coverage(status: str):
    records = [*three("baseline"), record("baseline", 3, status=status)]
    frame = board.frame(FACES, records)
    assert cells(board.main_table(FACES, frame))["baseline"]["n"] == "3"
    line = cells(board.coverage_table(FACES, frame))["baseline"]
    assert (line["ok"], line["missing seeds"], line["failed (seeds)"]) == ("3", "4–9", f"1 {status} (3)")


def test_stale_seeds_are_in_no_mean_and_in_the_coverage():
    records = three("baseline", (7.0, 8.0, 1000.0))
    frame = board.frame(FACES, records, frozenset({"faces/baseline/2", "other/baseline/0"}))
    line = cells(board.main_table(FACES, frame))["baseline"]
    assert (line["n"], line["MAE all ↓ [years]"]) == ("2", "7.50 ± 0.71")
    assert cells(board.coverage_table(FACES, frame))["baseline"]["stale seeds"] == "2"


def test_coverage_names_missing_rows_and_refused_methods():
    lines = cells(board.coverage_table(FACES, board.frame(FACES, [record("oe", s, 1.0) for s in (0, 1, 2, 5)])))
    assert list(lines) == ["baseline", "oe", "srl", "infdrop"]
    assert lines["oe"]["missing seeds"] == "3–4, 6–9"
    assert (lines["srl"]["ok"], lines["srl"]["missing seeds"]) == ("0", "0–9")
    assert lines["infdrop"]["not defined here"] == "needs a plain network"


def test_an_empty_region_and_a_null_metric_show_a_dash():
    line = cells(main_table(three("baseline")))["baseline"]
    assert line["MAE few ↓ [years]"] == line["Pearson all ↑"] == line["Pearson few ↑"] == "–"


def test_a_metric_that_is_null_in_some_seeds_says_how_many_count():
    records = [
        record("baseline", 0, 7.0, few=1.0),
        record("baseline", 1, 7.0, few=3.0),
        record("baseline", 2, 7.0),
    ]
    assert cells(main_table(records))["baseline"]["MAE few ↓ [years]"] == "2.0 ± 1.4 (n=2)"


def test_seeds_under_other_settings_are_a_row_of_their_own():
    short = {"protocol": {"epochs": 5}, "overrides": {"protocol.epochs": 5}}
    records = [*three("baseline"), record("baseline", 3, 99.0, config=short)]
    lines = cells(main_table(records))
    assert {row: line["n"] for row, line in lines.items()} == {
        "baseline": "3",
        "baseline {protocol.epochs=5}": "1",
    }
    assert "`baseline {protocol.epochs=5}`" in render_dataset(FACES, records)


def test_a_field_that_is_new_and_neutral_makes_no_other_row():
    newer = {"protocol": {"epochs": 90, "precision": "fp32"}, "overrides": {}}
    rows = main_table([record("oe", 0, 1.0), record("oe", 1, 3.0, config=newer)]).rows
    assert [(row[0], row[1]) for row in rows] == [("oe", "2")]


def test_seeds_whose_configs_differ_are_never_averaged_even_without_overrides():
    records = [
        record("oe", 0, 1.0),
        record("oe", 1, 3.0, config={"protocol": {"epochs": 91}, "overrides": {}}),
    ]
    rows = main_table(records).rows
    assert [row[1] for row in rows] == ["1", "1"]
    assert all(row[0].startswith("oe {config ") for row in rows)


def test_times_are_medians_with_ratios_to_the_baseline():
    records = [record("baseline", s, 7.0, step_ms=ms, peak_rss_mb=100.0) for s, ms in enumerate((9.0, 10.0, 99.0))]
    records += [record("oe", s, 6.0, step_ms=25.0, peak_rss_mb=150.0, workers=s + 1) for s in range(2)]
    lines = cells(board.cost_table(FACES, board.frame(FACES, records)))
    assert lines["baseline"]["step ms"] == "10.0"
    assert (lines["oe"]["step ratio"], lines["oe"]["memory ratio"]) == ("2.50×", "1.50×")
    assert (lines["oe"]["cells at once"], lines["oe"]["epoch"]) == ("1–2", "1.50")
    assert "GPU MB" not in lines["oe"]
    assert "machine" not in lines["oe"]


def test_times_on_two_machines_have_no_ratio():
    records = [record("baseline", 0, 7.0, step_ms=9.0), record("oe", 0, 7.0, step_ms=9.0, device="Some GPU")]
    lines = cells(board.cost_table(FACES, board.frame(FACES, records)))
    assert (lines["baseline"]["step ratio"], lines["oe"]["step ratio"]) == ("1.00×", "–")
    assert lines["oe"]["machine"] == "torch 2.9.0, Some GPU"


def test_reported_rows_stand_apart_and_are_compared_with_ours():
    records = [record("baseline", s, dataset="torus", mse=mse) for s, mse in enumerate((3.13, 3.23, 3.33))]
    records += [record("rot_reg", s, dataset="torus", mse=mse) for s, mse in enumerate((0.80, 0.81, 0.82))]
    records += [record("ranksim", s, dataset="torus", mse=1.0) for s in range(3)]
    table = cells(reported.against(TORUS, board.frame(TORUS, records), ("all",)))
    assert set(table) == {"baseline", "rot_reg"}
    # 3.01 ± 0.11 and 0.77 ± 0.02: exactly two deviations above, both within
    assert [table["baseline"][key] for key in ("reported", "difference", "within 2 sd")] == [
        "3.01 ± 0.11",
        "+0.22",
        "yes",
    ]
    assert [table["rot_reg"][key] for key in ("ours", "difference", "within 2 sd")] == [
        "0.81 ± 0.01",
        "+0.04",
        "yes",
    ]
    ours, _, theirs = render_dataset(TORUS, records).partition("## Reported by the papers (not run here)")
    assert "+ Topological Autoencoder" in theirs
    assert "Topological" not in ours


def test_a_mean_beyond_two_reported_deviations_is_not_within():
    frame = board.frame(TORUS, [record("baseline", 0, dataset="torus", mse=3.2301)])
    assert cells(reported.against(TORUS, frame, ("all",)))["baseline"]["within 2 sd"] == "no"


def test_rows_apart_from_the_papers_bring_their_finding_and_every_row_its_certificate():
    sheet = replace(
        TORUS,
        findings={"baseline": "the points are others", "oe": "never shown"},
        certificates={"baseline": ("owner/code at abc", "3", "1e-16", "nothing"), "oe": ("x", "1", "0", "all")},
    )
    made = [record("baseline", seed, dataset="torus", mse=5.0) for seed in range(2)]
    page = render_dataset(sheet, made)
    assert "- `baseline`: the points are others." in page
    assert "owner/code at abc" in page
    assert "never shown" not in page
    near = render_dataset(sheet, [record("baseline", seed, dataset="torus", mse=3.01) for seed in range(2)])
    assert "the points are others" not in near


def test_a_reported_mean_without_deviation_leaves_the_comparison_open():
    sheet = Sheet("nyu", "NYU", "", "m", ("rmse",), reported="NYUD2-DIR")
    made = record("baseline", 0, dataset="nyu").model_copy(update={"metrics": {"test": {"all": {"rmse": 1.5}}}})
    line = cells(reported.against(sheet, board.frame(sheet, [made]), ("all",)))["baseline"]
    assert (line["difference"], line["within 2 sd"]) == ("+0.023", "unknown")


def test_rows_that_a_note_calls_incomparable_are_listed_and_not_compared():
    sheet = Sheet("torus", "Torus", "", "", ("mse",), reported="coordinate-torus", reported_note="other points")
    page = render_dataset(sheet, [record("baseline", 0, dataset="torus", mse=3.0)])
    assert "Not comparable with ours: other points." in page
    assert "Against the papers" not in page


@pytest.mark.parametrize(
    ("label", "method"),
    [
        ("Baseline", "baseline"),
        ("VANILLA", "baseline"),
        ("+ L_ot", "rot_reg"),
        ("+ MT + L_ot", "mt+rot_reg"),
        ("+ Topological Autoencoder", "topo_ae"),
        ("LDS+FDS", "lds+fds"),
        ("SQINV + LDS + FDS + RANKSIM", "ranksim+lds+fds"),
        ("INV + FDS", "inv+fds"),
        ("RRT + RANKSIM", "rrt+ranksim"),
        ("FOCAL-R + LDS + RANKSIM", None),
        ("+ MT M=4", None),
        ("VANILLA [batch 64, lr 2.5e-4]", None),
    ],
)
def test_labels_of_the_papers_map_to_methods_only_where_that_is_unambiguous(label: str, method: str | None):
    assert reported.method_of(label) == method


def test_reported_percentages_come_in_our_unit_and_keep_their_digits():
    row = next(row for row in reported.rows("STS-B-DIR") if row.label == "VANILLA")
    assert row.values["pearson", "all"] == (Decimal("0.742"), None)
    assert row.tables == ("Table 3", "Table 9")


def test_tables_that_contradict_each_other_keep_both_rows():
    rows = [row for row in reported.rows("AgeDB-DIR") if row.label == "FOCAL-R + LDS + FDS"]
    assert [row.values["mae", "few"][0] for row in rows] == [Decimal("12.55"), Decimal("12.83")]


def test_reported_metrics_are_metrics_of_ours():
    assert {metric for metric, _ in reported.METRICS.values()} <= set(METRICS)


def test_the_order_of_the_records_changes_no_byte():
    rng = random.Random(0)
    records = [record(m, s, rng.gauss(7, 1), few=rng.gauss(9, 1)) for m in ("oe", "baseline") for s in range(10)]
    page, index = render_dataset(FACES, records), render_index([FACES, TORUS], records)
    for _ in range(5):
        rng.shuffle(records)
        assert render_dataset(FACES, iter(records)) == page
        assert render_index([TORUS, FACES], iter(records)) == index


def test_no_clock_is_on_a_page():
    assert "2031" not in render_dataset(FACES, three("baseline")) + render_index([FACES], three("baseline"))


def test_many_columns_are_split_into_a_table_a_metric():
    wide = Sheet("faces", "Faces", "", "years", ("mae", "gmean_error", "pearson"), ("all", "many", "medium", "few"))
    heads = [line for line in render_dataset(wide, three("baseline")).splitlines() if line.startswith("| method")]
    assert [("MAE" in head, "GM" in head) for head in heads[:3]] == [
        (True, False),
        (False, True),
        (False, False),
    ]


def test_records_on_synthetic_samples_stay_off_real_boards():
    fake = Sheet(
        "faces[images=synthetic]",
        "Faces, made up",
        "",
        "years",
        ("mae",),
        synthetic=True,
        reported="AgeDB-DIR",
    )
    records = three("baseline") + three("oe", (1.0, 1.0, 1.0), dataset="faces[images=synthetic]")
    assert [row[0] for row in main_table(records).rows] == ["baseline"]
    page = render_dataset(fake, records)
    assert "Synthetic samples" in page
    assert "Reported by" not in page
    real, _, made_up = render_index([FACES, fake], records).partition("## Synthetic samples")
    assert ("`oe`" in real, "`oe`" in made_up, "`baseline`" in real) == (False, True, True)
    assert "(faces%5Bimages%3Dsynthetic%5D.md)" in made_up


def test_other_settings_lead_the_index_only_where_there_is_nothing_else():
    quick = [record("oe", s, 1.0, config={"protocol": {"epochs": 1}, "overrides": {"epochs": 1}}) for s in range(2)]
    assert "`baseline`" in render_index([FACES], three("baseline") + quick)
    assert "`oe {epochs=1}`" in render_index([FACES], quick)


def test_a_board_without_records_says_so():
    page = render_dataset(FACES, [])
    assert "No seed has finished yet." in page
    assert "| `srl`" in page


def test_check_finds_changed_missing_and_left_over_files_and_write_mends_them(tmp_path: Path):
    folder, inputs = tmp_path / "boards", ([FACES, TORUS], three("baseline"))
    assert boardfiles.write(folder, *inputs) == ["README.md", "faces.md", "torus.md"]
    assert boardfiles.check(folder, *inputs) == []
    (folder / "faces.md").write_bytes((folder / "faces.md").read_bytes() + b" ")
    (folder / "torus.md").rename(folder / "old.md")
    assert boardfiles.check(folder, *inputs) == ["faces.md", "old.md", "torus.md"]
    assert boardfiles.write(folder, *inputs) == ["faces.md", "old.md", "torus.md"]
    assert sorted(path.name for path in folder.iterdir()) == ["README.md", "faces.md", "torus.md"]
    assert boardfiles.write(folder, *inputs) == []


def test_write_touches_no_file_that_is_not_a_board(tmp_path: Path):
    (tmp_path / "README.md").write_text("# My project\n")
    with pytest.raises(BenchError, match="is no board"):
        boardfiles.write(tmp_path, [FACES], [])
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]


def test_the_terminal_shows_the_main_table_with_names_and_numbers_whole():
    console = Console(file=io.StringIO(), width=40)
    boardfiles.show(FACES, three("oe[weight=2]", few=9.0), frozenset(), console)
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert all(text in shown for text in ("[years]", "oe[weight=2]", "8.0 ± 1.0", "9.00 ± 0.00"))


def test_an_unknown_metric_names_those_there_are():
    with pytest.raises(BenchError, match="no metric 'maee'; did you mean 'mae'"):
        Sheet("x", "X", "", "", ("maee",))


def test_a_board_is_to_have_the_stacks_that_the_papers_report():
    text, points = (boards._sheet(name, []).methods for name in ("stsb[hidden=8,text=small]", "circle"))
    assert {"ranksim", "ranksim+lds+fds", "inv+ranksim"} <= set(text)
    assert "mt+rot_reg" in points
    assert "lds" not in points  # not defined there
