"""A saved model as ONNX: inputs as the network takes them to predictions in label units, checked with ONNX Runtime."""

import contextlib
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from bench.atomic import replace_file
from bench.errors import BenchError
from bench.models.predictor import Predictor
from bench.stack import overrides

ROWS = 64  # that both are asked for
CLOSE = 1e-5  # of the targets' deviation, by which their predictions may differ


class _Exported(nn.Module):
    """The network, the method's predictions and the way back to label units."""

    def __init__(self, predictor: Predictor) -> None:
        super().__init__()
        model = predictor.model
        self.network, self.method, self.shift, self.scale = model.network, model.method, model.shift, model.scale

    def forward(self, x: Tensor) -> Tensor:
        return self.method.predict(self.network(x)) * self.scale + self.shift


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    # torch logs pages of a graph that it cannot export
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def export(predictor: Predictor, path: Path) -> float:
    """Write a model as ONNX, with inputs `x` (N, ...) and outputs `y_hat` (N, T), once ONNX Runtime agrees.

    Returns:
        The largest difference between the two, in deviations of the training targets.

    Raises:
        BenchError: a package is missing, the method cannot be exported, or they differ by more than 1e-5.
    """
    try:
        import onnx  # noqa: F401 (torch exports by it)
        import onnxruntime
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise BenchError(f"ONNX needs {error.name}: install regression-bench with its extra onnx") from None
    if overrides(predictor.model.method, "calibrated"):
        raise BenchError(f"{predictor.about['method']} corrects predictions by a table, which ONNX cannot hold here")
    module = _Exported(predictor).eval()
    x = predictor.dataset.examples(ROWS)
    rows = torch.export.Dim("rows", min=2)
    with warnings.catch_warnings(), _quiet():
        warnings.simplefilter("ignore")  # of the exporter's own making
        try:
            program = torch.onnx.export(
                module, (x,), dynamo=True, input_names=["x"], output_names=["y_hat"], dynamic_shapes=({0: rows},),
                verbose=False,
            )  # fmt: skip
        except Exception as error:  # of the exporter's many kinds
            reason = str(error.__cause__ or error).strip().partition("\n")[0]
            raise BenchError(f"torch cannot write this network as ONNX: {reason}") from None
    assert program is not None
    raw = program.model_proto.SerializeToString()
    session = onnxruntime.InferenceSession(raw, providers=["CPUExecutionProvider"])
    with torch.no_grad():
        expected = module(x).numpy()
    difference = float(np.abs(session.run(None, {"x": x.numpy()})[0] - expected).max()) / predictor.model.scale
    if not difference <= CLOSE:
        raise BenchError(f"ONNX Runtime differs by {difference:.1e} training deviations, more than {CLOSE:g}")
    replace_file(path, raw)
    return difference
