"""A benchmark leaderboard harness for deep regression.

What it gives is imported when it is first asked for, so that `import bench` is quick and needs no torch.

>>> import bench
>>> class HalfWeight(bench.Method):
...     def loss(self, batch):
...         return super().loss(batch) / 2
>>> trained = bench.train(HalfWeight, "circle", seed=0, epochs=1)
>>> trained.predictions.shape
(2800, 3)
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench import losses, plot
    from bench.api.check import check_dataset, check_method
    from bench.api.estimator import DeepRegressor
    from bench.api.evaluate import evaluate
    from bench.api.results import board_frame as board_frame
    from bench.api.results import board_frame as leaderboard
    from bench.api.results import load_results
    from bench.api.run import run
    from bench.api.train import Trained, train
    from bench.bases.reference import Known, Reference
    from bench.dataset import Bins, Dataset, Split, Splits
    from bench.errors import BenchError
    from bench.method import Batch, Method, Stage
    from bench.models.predictor import Predictor, load_model
    from bench.protocol import Protocol

__version__ = "0.1.0"

# A checkout keeps methods/ and datasets/ beside this folder, a wheel inside it; both import as bench.methods.
if not (Path(__file__).parent / "methods").is_dir():
    __path__.append(str(Path(__file__).parents[1]))

__all__ = [
    "Batch",
    "BenchError",
    "Bins",
    "Dataset",
    "DeepRegressor",
    "Known",
    "Method",
    "Predictor",
    "Protocol",
    "Reference",
    "Split",
    "Splits",
    "Stage",
    "Trained",
    "check_dataset",
    "check_method",
    "evaluate",
    "leaderboard",
    "load_model",
    "load_results",
    "losses",
    "plot",
    "run",
    "train",
]

_MODULES = {
    "Batch": "bench.method",
    "BenchError": "bench.errors",
    "Bins": "bench.dataset",
    "Dataset": "bench.dataset",
    "DeepRegressor": "bench.api.estimator",
    "Known": "bench.bases.reference",
    "Method": "bench.method",
    "Predictor": "bench.models.predictor",
    "Protocol": "bench.protocol",
    "Reference": "bench.bases.reference",
    "Split": "bench.dataset",
    "Splits": "bench.dataset",
    "Stage": "bench.method",
    "Trained": "bench.api.train",
    "check_dataset": "bench.api.check",
    "check_method": "bench.api.check",
    "board_frame": "bench.api.results",
    "evaluate": "bench.api.evaluate",
    "load_model": "bench.models.predictor",
    "load_results": "bench.api.results",
    "run": "bench.api.run",
    "train": "bench.api.train",
}
_ROOMS = (
    "leaderboard",
    "losses",
    "plot",
)  # packages and modules that are part of the API as they are; the first is callable


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f"bench.{name}")
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(_MODULES[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
