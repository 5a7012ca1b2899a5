"""scikit-learn's estimator over the same engine."""

# pyright: basic, reportArgumentType=false
# (scikit-learn and pandas have no types that strict checks could use)

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import Tags, check_array, check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data
from torch import nn

from bench.bases.reference import Reference
from bench.data.pretrained import timm_model
from bench.dataset import Dataset, Examples, Mode, Split, Splits
from bench.described import columns, kinds, networks, reading, targets
from bench.errors import BenchError
from bench.functional.devices import to_device_of
from bench.plugins import given
from bench.protocol import Protocol, with_protocol
from bench.training.loop import Training

OF_TABLES = ("mlp", "embedded")


class DeepRegressor(RegressorMixin, BaseEstimator):
    """A method of this benchmark as a scikit-learn regressor, trained as a run trains it.

    Of a pandas frame, columns become numbers as `bench new dataset` has it: categories, dates, booleans and missing
    values too. Of an array every column is a number, and nan is a missing one. Inputs and targets are standardised.
    A part of the rows is held out to choose the epoch.

    Args:
        method: a name, stacks and parameters included; a subclass of bench.Method, or an object of one.
        backbone: "mlp"; "embedded", a residual network over embedded numbers (extra `tables`); a timm model's name, for
            pictures (N, C, H, W); or a module from (B, F), or such pictures, to features (B, D), of which each fit
            trains a copy.
        pretrained: whether the timm model starts from its published weights.
        hidden: widths of the MLP.
        loss, optimizer, lr, weight_decay, batch_size, epochs, patience: as in bench.Protocol.
        protocol: further fields of bench.Protocol, such as {"clip": 1.0}.
        validation_fraction: share of the rows that choose the epoch.
        device: as torch names it; a GPU by default where there is one.
        random_state: seed of the held-out rows, initial weights and batches.

    Attributes:
        history_: one entry a validation: epoch, training loss, validation value, seconds.
        selection_: metric, epoch and value that chose the weights; None where the last ones were kept.
        network_: encoder and head with these weights; inputs and outputs are standardised.
        n_features_in_, feature_names_in_: as everywhere in scikit-learn.

    >>> X = np.linspace(-1, 1, 200)[:, None]
    >>> model = DeepRegressor("ranksim", epochs=20, lr=1e-2, random_state=0).fit(X, 3 * X.ravel())
    >>> bool(model.score(X, 3 * X.ravel()) > 0.9)
    True
    """

    def __init__(
        self,
        method: given.Method = "baseline",
        *,
        backbone: str | nn.Module = "mlp",
        pretrained: bool = False,
        hidden: tuple[int, ...] = (128, 128),
        loss: str = "mse",
        optimizer: str = "adamw",
        lr: float = 1e-3,
        weight_decay: float = 0.01,
        batch_size: int | None = 64,
        epochs: int = 100,
        patience: int | None = None,
        protocol: dict[str, Any] | None = None,
        validation_fraction: float = 0.1,
        device: str | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.method = method
        self.backbone = backbone
        self.pretrained = pretrained
        self.hidden = hidden
        self.loss = loss
        self.optimizer = optimizer
        self.lr = lr
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.epochs = epochs
        self.patience = patience
        self.protocol = protocol
        self.validation_fraction = validation_fraction
        self.device = device
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "DeepRegressor":
        """Train on samples X (N, F), a frame or an array, or pictures (N, C, H, W), and targets y (N,) or (N, T).

        Args:
            sample_weight: (N,) what each sample counts in the loss, beside the weights of the method.

        Raises:
            ValueError: X or y is not as scikit-learn takes it.
            BenchError: a parameter has no such value, or the method is not defined on targets like these.
            Diverged: the loss is not finite.
        """
        X, y = self._checked(X, y)
        labels = np.asarray(y, dtype=np.float64).reshape(len(y), -1)
        if advice := reading.unit_advice(float(np.abs(labels).max())):
            raise ValueError(f"y {advice}")
        weight = None if sample_weight is None else _check_sample_weight(sample_weight, X, ensure_non_negative=True)
        rng = check_random_state(self.random_state)
        seed = self.random_state if isinstance(self.random_state, int | np.integer) else rng.randint(2**31 - 1)
        train, val = self._held_out(rng.permutation(len(labels)))

        self._learn_inputs(X, train)
        x, self._single = self._inputs(X), np.ndim(y) == 1
        self._shift, scale = labels[train].mean(0), labels[train].std(0)
        self._scale = np.where(scale > 0, scale, 1.0)
        standard = torch.from_numpy((labels - self._shift) / self._scale).float()
        parts = {
            name: Split(x[rows], standard[rows], weights=_of(weight, rows))
            for name, rows in (("train", train), ("val", val))
        }
        splits = Splits(parts["train"], parts["val"], parts["val"])

        on = given.dataset(self._dataset(standard[train]))
        chosen = given.method(self.method, on)
        if reason := chosen.refusal(on.dataset):
            raise BenchError(f"'{chosen.name}' is not defined here: {reason}")
        entry = chosen.build()
        if isinstance(entry, Reference):
            raise BenchError(f"'{chosen.name}' is a reference, which scikit-learn has itself; name a method")
        where = torch.device(self.device or ("cuda" if torch.cuda.is_available() else "cpu"))
        with torch.random.fork_rng(devices=[where] if where.type == "cuda" else []):
            training = Training(on.dataset, on.protocol, splits, entry, int(seed), where)
            found = training.fit()
        self.history_, self.selection_ = found.history, found.selection
        self._model = training.without_data()
        self.network_ = self._model.network
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Predictions (N,), or (N, T) of several targets, in the units of y, float64."""
        check_is_fitted(self)
        x = self._inputs(self._checked(X))
        if x.dim() == 2:  # in float64 a row's prediction does not depend on the rows beside it
            self._model.network.double()
            x = x.double()
        y_hat = self._model.predict(Split(x, torch.zeros(len(x), len(self._shift)))).double().numpy()
        y_hat = y_hat * self._scale + self._shift
        return y_hat[:, 0] if self._single else y_hat

    def __sklearn_tags__(self) -> Tags:
        """Takes missing values, several targets and, in frames, categories."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.target_tags.single_output, tags.target_tags.multi_output = True, True
        return tags

    def _checked(self, X: Any, *y: Any) -> Any:
        new = bool(y)
        if isinstance(X, pd.DataFrame):
            validate_data(self, X, reset=new, skip_check_array=True)
            if not new:
                return X
            if not len(X):
                raise ValueError("Found array with 0 sample(s), while a minimum of 2 is required.")
            y_checked = check_array(*y, ensure_2d=False, dtype=np.float64, ensure_min_samples=2, input_name="y")
            if len(y_checked) != len(X):
                raise ValueError(f"X has {len(X)} rows and y {len(y_checked)}")
            return X, y_checked
        pictures = not (isinstance(self.backbone, str) and self.backbone in OF_TABLES)
        how: dict[str, Any] = {"reset": new, "allow_nd": pictures, "ensure_all_finite": "allow-nan"}
        if new:
            how |= {"multi_output": True, "y_numeric": True, "ensure_min_samples": 2}
        return validate_data(self, X, *y, **how)

    def _held_out(self, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if not 0 < self.validation_fraction < 1:
            raise BenchError(f"validation_fraction={self.validation_fraction}: give a share between 0 and 1")
        held = min(max(1, round(self.validation_fraction * len(order))), len(order) - 1)
        return np.sort(order[held:]), np.sort(order[:held])

    def _learn_inputs(self, X: Any, train: np.ndarray) -> None:
        if isinstance(X, pd.DataFrame) or X.ndim == 2:
            table = _table(X)
            self._names, self._from_frame = table.columns, isinstance(X, pd.DataFrame)
            if twice := table.columns[table.columns.duplicated()].tolist():
                raise ValueError(f"X has two columns named '{twice[0]}' but for spaces around; rename one of them")
            of = _kinds(table) if isinstance(X, pd.DataFrame) else dict.fromkeys(table.columns, "numeric")
            self._columns = columns.fit(table.iloc[train], of)
            if not columns.features(self._columns):
                raise ValueError("0 feature(s): no column of X has values that differ from row to row")
        else:  # pictures, by channel
            axes = (0, *range(2, X.ndim))
            mean, deviation = (f(X[train], axis=axes, keepdims=True)[0] for f in (np.nanmean, np.nanstd))
            self._channels = mean, np.where(deviation > 0, deviation, 1.0)

    def _inputs(self, X: Any) -> torch.Tensor:
        if isinstance(X, pd.DataFrame) or X.ndim == 2:
            if isinstance(X, pd.DataFrame) != self._from_frame:  # of which scikit-learn has warned: columns by place
                X = np.asarray(X) if isinstance(X, pd.DataFrame) else pd.DataFrame(X, columns=self._names)
            table = _table(X, [one["column"] for one in self._columns if one["kind"] == "category"])
            columns.require_readable(table, self._columns, "X")
            x, self._numbers = columns.matrix(table, self._columns)
        else:
            x = np.nan_to_num((X - self._channels[0]) / self._channels[1]).astype(np.float32)
        return torch.from_numpy(x)

    def _dataset(self, y: torch.Tensor) -> "Rows":
        fields = {name: getattr(self, name) for name in _FIELDS} | (self.protocol or {})
        protocol = with_protocol(Protocol(), {f"protocol.{name}": value for name, value in fields.items()})
        single = y.shape[1] == 1 and bool(y.min() < y.max())
        made = Rows()
        made.protocol = protocol
        made.metrics = ("mae" if protocol.loss == "l1" else "rmse",)
        made.bins = targets.choose(y[:, 0].double().numpy()).bins if single else None
        made.backbone, made.pretrained, made.hidden = self.backbone, self.pretrained, tuple(self.hidden)
        made.numbers = getattr(self, "_numbers", 0)
        return made


_FIELDS = ("loss", "optimizer", "lr", "weight_decay", "batch_size", "epochs", "patience")


class Rows(Dataset):
    """What an estimator was given, as a dataset: its backbone, protocol and bins; the rows themselves are not kept."""

    backbone: str | nn.Module
    pretrained: bool
    hidden: tuple[int, ...]
    numbers: int  # of the inputs, those that are no flags
    metrics: tuple[str, ...]  # pyright: ignore[reportIncompatibleVariableOverride]

    def encoder(self, splits: Splits) -> tuple[nn.Module, int]:
        """The backbone and the width of its features."""
        shape = splits.train.x.shape
        match self.backbone:
            case nn.Module():
                made = deepcopy(self.backbone)
                return made, _width(made, splits.train.x[:2])
            case "embedded":
                return networks.embedded(shape[1], self.numbers)
            case "mlp":
                widths = (shape[1], *self.hidden)
                layers = [layer for pair in pairwise(widths) for layer in (nn.Linear(*pair), nn.ReLU())]
                return nn.Sequential(*layers), widths[-1]
            case name:
                return _timm(name, self.pretrained, shape)

    def transform(self, examples: Examples, rng: torch.Generator, mode: Mode) -> Examples:
        """A view has Gaussian noise of 0.05 on every input; training itself has none."""
        if mode in ("train", "evaluation"):
            return examples
        noise = to_device_of(torch.randn(examples.x.shape, generator=rng), examples.x)
        return replace(examples, x=examples.x + 0.05 * noise)


def _timm(name: str, pretrained: bool, shape: torch.Size) -> tuple[nn.Module, int]:
    import timm

    if name not in timm.list_models():
        raise BenchError(f"backbone '{name}' is neither {' nor '.join(OF_TABLES)} nor a model of timm")
    if len(shape) != 4:
        raise BenchError(f"backbone '{name}' takes pictures (N, C, H, W), and X has the shape {tuple(shape)}")
    made = timm_model(name, pretrained, in_chans=shape[1])
    return made, int(made.num_features)


def _width(module: nn.Module, x: torch.Tensor) -> int:
    mode = module.training
    with torch.no_grad():
        z = module.eval()(x)
    module.train(mode)
    if z.ndim != 2:
        raise BenchError(f"backbone gives features of shape {tuple(z.shape)}; it should give (B, D)")
    return z.shape[1]


def _table(X: pd.DataFrame | np.ndarray, as_text: Sequence[str] = ()) -> pd.DataFrame:
    return reading.tidied(X.copy(), as_text) if isinstance(X, pd.DataFrame) else pd.DataFrame(X.astype(np.float64))


def _kinds(table: pd.DataFrame) -> dict[str, kinds.Kind]:
    found: dict[str, kinds.Kind] = {str(name): kinds.guess(table[name]).kind for name in table.columns}
    # whoever hands over a frame has left out what counts rows
    numeric = table.select_dtypes("number").columns
    return {name: "numeric" if kind == "ignored" and name in numeric else kind for name, kind in found.items()}


def _of(weight: np.ndarray | None, rows: np.ndarray) -> torch.Tensor | None:
    return None if weight is None else torch.from_numpy(np.asarray(weight, dtype=np.float32)[rows, None])
