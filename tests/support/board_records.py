"""Made-up specs and records for tests of boards."""

from typing import Any

from bench.leaderboard import tables
from bench.leaderboard.board import Board, Stale
from bench.leaderboard.spec import BoardSpec
from bench.results.record import Memory, Record, Selection, Timing
from support.records import ENVIRONMENT

REGIONS = ("all", "few")
FACES = BoardSpec(
    "faces",
    "Faces",
    "Ages from made-up faces.",
    "years",
    ("mae", "pearson"),
    REGIONS,
    methods=("baseline", "oe", "srl"),
    refused={"infdrop": "needs a plain network"},
)
TORUS = BoardSpec("torus", "Torus", "Points.", "", ("mse",), reported="coordinate-torus", methods=("baseline",))


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
    metrics = {"all": {**values, "n": 20}, "few": {"mae": few, "n": 0 if few is None else 25}}
    device = costs.pop("device", "cpu")
    timing = Timing(
        wall_s=costs.pop("wall_s", 5.0), **{k: costs.pop(k) for k in ("step_ms", "step_clock", "workers") if k in costs}
    )
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


def main_table(records: list[Record], spec: BoardSpec = FACES, stale: Stale = frozenset()) -> tables.Table:
    return tables.main_table(Board(spec, records, stale))


def cells(table: tables.Table) -> dict[str, dict[str, str]]:
    heads = [head.partition(", n=")[0] for head in table.columns]
    return {row[0]: dict(zip(heads, row, strict=True)) for row in table.rows}


def three(method: str, values: tuple[float, ...] = (7.0, 8.0, 9.0), **rest: Any) -> list[Record]:
    return [record(method, seed, value, **rest) for seed, value in enumerate(values)]
