"""Experiment trackers, each by its own package and off by default."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.errors import BenchError
from bench.results.record import Record
from bench.runs.callbacks import Callback
from bench.runs.plan import Cell


class Tracker(Callback):
    """A cell is a run of the tracker, named dataset/method/seed; its curves are `loss` and `val` by epoch.

    A subclass says how a run begins, takes numbers and ends; `folder` is where it may write.
    """

    package = ""  # that must be installed

    def __init__(self, folder: Path) -> None:
        self.folder, self.runs = folder, dict[str, Any]()
        self.seen: dict[str, tuple[int, dict[str, float]]] = {}  # of each cell, the last step and its numbers

    def begin(self, cell: Cell, config: Mapping[str, Any]) -> Any:
        """A new run with its settings."""
        raise NotImplementedError

    def log(self, run: Any, values: Mapping[str, float], step: int) -> None:
        """Numbers of a step."""
        raise NotImplementedError

    def end(self, run: Any, succeeded: bool) -> None:
        """Close a run."""
        raise NotImplementedError

    def started(self, cell: Cell) -> None:
        """A run begins."""
        config = {"dataset": cell.dataset, "method": cell.method, "seed": cell.seed, "key": cell.key}
        self.runs[cell.key] = self.begin(cell, config)

    def progress(self, cell: Cell, at: dict[str, Any]) -> None:
        """Training loss and validation value, once an epoch."""
        values = {name: at[name] for name in ("loss", "val") if at.get(name) is not None}
        if values and self.seen.get(cell.key, (0, {}))[1] != values:
            self.seen[cell.key] = at["step"], values
            self.log(self.runs[cell.key], values, at["step"])

    def ended(self, cell: Cell, record: Record) -> None:
        """Test metrics by region, and the end."""
        run, (last, _) = self.runs.pop(cell.key), self.seen.pop(cell.key, (0, {}))
        found = {
            f"test/{region}/{metric}": value
            for region, values in record.metrics.get("test", {}).items()
            for metric, value in values.items()
            if value is not None
        }
        self.log(run, {**found, "wall_s": record.timing.wall_s}, last + 1)
        self.end(run, record.status == "ok")


class TensorBoard(Tracker):
    """Event files below the folder, one folder a cell."""

    package = "tensorboard"

    def begin(self, cell: Cell, config: Mapping[str, Any]) -> Any:
        """A writer of its own."""
        from torch.utils.tensorboard import SummaryWriter

        writer = SummaryWriter(str(self.folder / cell.dataset / cell.method / f"seed-{cell.seed}"))
        writer.add_text("config", json.dumps(config))
        return writer

    def log(self, run: Any, values: Mapping[str, float], step: int) -> None:
        """A point of each curve."""
        for name, value in values.items():
            run.add_scalar(name, value, step)

    def end(self, run: Any, succeeded: bool) -> None:
        """Flush and close."""
        del succeeded
        run.close()


class MLflow(Tracker):
    """Runs of one experiment a dataset, where MLFLOW_TRACKING_URI says, else in a database in the folder."""

    package = "mlflow"

    def __init__(self, folder: Path) -> None:
        import os

        from mlflow import MlflowClient  # pyright: ignore[reportMissingImports]

        super().__init__(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.client: Any = MlflowClient(os.environ.get("MLFLOW_TRACKING_URI", f"sqlite:///{folder}/mlflow.db"))

    def begin(self, cell: Cell, config: Mapping[str, Any]) -> Any:
        """A run with its settings as parameters."""
        there = self.client.get_experiment_by_name(cell.dataset)
        experiment = there.experiment_id if there else self.client.create_experiment(cell.dataset)
        run = self.client.create_run(experiment, run_name=f"{cell.method}/{cell.seed}").info.run_id
        for name, value in config.items():
            self.client.log_param(run, name, value)
        return run

    def log(self, run: Any, values: Mapping[str, float], step: int) -> None:
        """A point of each metric."""
        for name, value in values.items():
            self.client.log_metric(run, name, value, step=step)

    def end(self, run: Any, succeeded: bool) -> None:
        """Finished or failed."""
        self.client.set_terminated(run, "FINISHED" if succeeded else "FAILED")


class WandB(Tracker):
    """Runs of the project WANDB_PROJECT, or regression-bench, in groups by dataset; WANDB_MODE=offline stays here."""

    package = "wandb"

    def begin(self, cell: Cell, config: Mapping[str, Any]) -> Any:
        """A run beside those that are open."""
        import os

        import wandb  # pyright: ignore[reportMissingImports]

        self.folder.mkdir(parents=True, exist_ok=True)
        return wandb.init(
            project=os.environ.get("WANDB_PROJECT", "regression-bench"),
            group=cell.dataset,
            name=f"{cell.dataset}/{cell.method}/{cell.seed}",
            config=dict(config),
            dir=self.folder,
            reinit="create_new",
        )

    def log(self, run: Any, values: Mapping[str, float], step: int) -> None:
        """A row of the history."""
        run.log(dict(values), step=step)

    def end(self, run: Any, succeeded: bool) -> None:
        """Upload what is left."""
        run.finish(exit_code=0 if succeeded else 1)


class Trackio(Tracker):
    """Runs of the local project regression-bench, in groups by dataset; `trackio show` opens them."""

    package = "trackio"

    def begin(self, cell: Cell, config: Mapping[str, Any]) -> Any:
        """A run of its own."""
        import trackio  # pyright: ignore[reportMissingImports]

        return trackio.init(
            project="regression-bench",
            group=cell.dataset,
            name=f"{cell.dataset}/{cell.method}/{cell.seed}",
            config=dict(config),
            embed=False,
        )

    def log(self, run: Any, values: Mapping[str, float], step: int) -> None:
        """A row of the history."""
        run.log(dict(values), step=step)

    def end(self, run: Any, succeeded: bool) -> None:
        """Write what is left."""
        del succeeded
        run.finish()


TRACKERS: dict[str, type[Tracker]] = {"tensorboard": TensorBoard, "mlflow": MLflow, "wandb": WandB, "trackio": Trackio}


def tracker(name: str, folder: Path) -> Tracker:
    """A tracker by its name.

    Raises:
        BenchError: there is none, or its package is not installed.
    """
    from importlib.util import find_spec

    if name not in TRACKERS:
        raise BenchError(f"no tracker '{name}'; there are: {', '.join(TRACKERS)}")
    kind = TRACKERS[name]
    if find_spec(kind.package) is None:
        raise BenchError(f"--track {name} needs the package {kind.package}; install regression-bench with [{name}]")
    return kind(folder)
