"""The contract of a plug-in, tried on small data: for authors, and for the test suite over every plug-in."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal, NamedTuple, get_args

import numpy as np
import torch

from bench.bases.reference import Reference
from bench.dataset import Dataset, Examples, Mode, Split, Splits
from bench.errors import BenchError, unknown
from bench.metrics import METRICS
from bench.plugins import given, resolve
from bench.plugins.resolve import NamedDataset
from bench.runs import cells
from bench.shots import ORDER
from bench.testing.toy import Toy
from bench.training import evaluate
from bench.training.loop import Training
from bench.training.reference import Fitting, start

CPU = torch.device("cpu")
Check = Callable[[], None]


class Doubtful(Exception):
    """What a check warns of: nothing is broken, but an author wants to know."""


class Finding(NamedTuple):
    """What a check found: its sentence, how it went, and what is wrong or doubtful."""

    title: str
    state: Literal["ok", "warning", "FAILED"] = "ok"
    problem: str = ""


def run(kind: str, name: str, root: Path) -> Iterator[Finding]:
    """Every check of a plug-in, in order."""
    return check_method(name) if kind == "method" else check_dataset(name, root)


def check_method(method: given.Method) -> Iterator[Finding]:
    """Every check of a method, by name or as a class or an object."""
    return _findings(_method_checks(method))


def check_dataset(dataset: given.Dataset, root: Path) -> Iterator[Finding]:
    """Every check of a dataset, by name or as a class or an object; `root` is the data root."""
    return _findings(_dataset_checks(given.dataset(dataset), root))


def _findings(checks: Iterable[tuple[str, Check]]) -> Iterator[Finding]:
    for title, check in checks:
        try:
            check()
        except BenchError:
            raise
        except Doubtful as doubt:
            yield Finding(title, "warning", str(doubt))
        except Exception as error:  # a plug-in may fail in any way, and its author wants to know which
            yield Finding(title, "FAILED", f"{type(error).__name__}: {error}")
        else:
            yield Finding(title)


def _method_checks(method: given.Method) -> Iterator[tuple[str, Check]]:
    toys = [Toy(outputs) for outputs in (1, 3)]
    defined = [toy for toy in toys if _resolve(method, toy).refusal(toy) is None]
    if not defined:
        raise BenchError(
            f"'{given.name(method)}' is refused on one target and on three; a method must be defined somewhere"
        )
    for toy in defined:
        what = f"with {toy.outputs} target{'s' * (toy.outputs > 1)}"
        reference = _is_reference(method, toy)
        yield f"trains and predicts the right shape {what}", lambda toy=toy: _trains(method, toy)
        if not reference:
            yield f"gives finite gradients {what}", lambda toy=toy: _finite_gradients(method, toy)
        yield f"gives the same numbers from the same seed {what}", lambda toy=toy: _repeats(method, toy)
        yield f"leaves torch's global generator alone {what}", lambda toy=toy: _own_generator(method, toy)
        yield f"never reads the test split {what}", lambda toy=toy: _test_unread(method, toy)
        if given.name(method) != "baseline" and not reference:
            yield f"predicts other numbers than the baseline {what}", lambda toy=toy: _acts(method, toy)
        for labels, rows in (("equal", 16), ("distinct", 16), ("mixed", 1), ("mixed", 2), ("mixed", 17)):
            title = f"survives {rows} row{'s' * (rows > 1)} with {labels} labels {what}"
            yield (
                title,
                lambda toy=toy, labels=labels, rows=rows: _trains(method, Toy(toy.outputs, rows, labels)),
            )


def _dataset_checks(on: NamedDataset, root: Path) -> Iterator[tuple[str, Check]]:
    splits = cells.load(on, root)
    # training needs no more than the dataset's smallest form
    tiny = resolve.dataset(on.dataset.small) if on.dataset.small else on
    short = replace(tiny, protocol=replace(tiny.protocol, epochs=1, validate_every=1))
    few = cells.load(tiny, root) if on.dataset.small else splits
    yield "has splits of matching shapes and finite values", lambda: _split_shapes(splits)
    yield (
        "gives the same samples each time",
        lambda: _same(splits.fingerprint(), cells.load(on, root).fingerprint()),
    )
    yield "names metrics that exist", lambda: _metrics_exist(on.dataset)
    yield "puts every label in a region", lambda: _regions(on.dataset, splits)
    yield "augments and views batches without changing their shape", lambda: _augments(on.dataset, splits)
    yield "trains one epoch of its protocol", lambda: _evaluates(short, few)
    yield "never reads the test split in training", lambda: _dataset_test_unread(short, few)


def _resolve(name: given.Method, toy: Toy) -> given.Buildable:
    return given.method(name, NamedDataset("toy", "toy", {}, toy, toy.protocol))


def _is_reference(name: given.Method, toy: Toy) -> bool:
    return isinstance(_resolve(name, toy).build(), Reference)


def _start(name: given.Method, toy: Toy, splits: Splits, seed: int = 0) -> Training | Fitting:
    return start(toy, toy.protocol, splits, _resolve(name, toy).build(), seed, CPU)


def _train(name: given.Method, toy: Toy, splits: Splits, seed: int = 0) -> Training | Fitting:
    training = _start(name, toy, splits, seed)
    training.fit()
    return training


def _trains(name: given.Method, toy: Toy) -> None:
    splits = toy.load(Path())
    y_hat = _train(name, toy, splits).predict(splits.test)
    _require(y_hat.shape == splits.test.labels.shape, f"predictions are {tuple(y_hat.shape)}")
    _require(bool(y_hat.isfinite().all()), "predictions are not finite")


def _finite_gradients(name: given.Method, toy: Toy) -> None:
    training = _train(name, toy, toy.load(Path()))
    assert isinstance(training, Training)
    for part, parameters in (("network", training.network), ("method", training.method)):
        for key, value in parameters.named_parameters():
            finite = value.isfinite().all() and (value.grad is None or value.grad.isfinite().all())
            _require(bool(finite), f"{part} parameter {key} or its gradient is not finite")


def _repeats(name: given.Method, toy: Toy) -> None:
    splits = toy.load(Path())
    first, second, other = (_train(name, toy, splits, seed).predict(splits.test) for seed in (3, 3, 4))
    _require(torch.equal(first, second), "two runs of seed 3 differ")
    made = _resolve(name, toy).build()
    if isinstance(made, Reference) and not made.seeded:
        _require(torch.equal(first, other), "seeds 3 and 4 give other predictions; say seeded = True")
    else:
        _require(not torch.equal(first, other), "seeds 3 and 4 give the same predictions")


def _own_generator(name: given.Method, toy: Toy) -> None:
    # the toy network draws nothing in training, so whatever moves the global state is the method's doing
    training = _start(name, toy, toy.load(Path()))
    states = torch.get_rng_state(), repr(np.random.get_state())  # noqa: NPY002
    training.fit()
    method = training.method if isinstance(training, Training) else None
    new_heads = method is not None and any(stage.new_head for stage in method.stages(toy.protocol))
    _require(new_heads or torch.equal(states[0], torch.get_rng_state()), "it draws from torch's global generator")
    _require(states[1] == repr(np.random.get_state()), "it draws from NumPy's global generator")  # noqa: NPY002


def _test_unread(name: given.Method, toy: Toy) -> None:
    splits = toy.load(Path())
    poisoned = replace(splits, test=Split(splits.test.x[:] * torch.nan, splits.test.labels * torch.nan))
    first, second = (_train(name, toy, given).predict(splits.val) for given in (splits, poisoned))
    _require(torch.equal(first, second), "another test split gives another model")


def _acts(method: given.Method, toy: Toy) -> None:
    splits = toy.load(Path())
    ours, plain = (_train(one, toy, splits).predict(splits.test) for one in (method, "baseline"))
    if torch.equal(ours, plain):
        raise Doubtful("they are the same; has what it overrides no effect here?")


def _split_shapes(splits: Splits) -> None:
    for key in ("train", "val", "test"):
        split: Split = getattr(splits, key)
        _require(len(split.x) == len(split.labels) > 0, f"{key}: {len(split.x)} inputs, {len(split.labels)} labels")
        _require(len(split.labels.shape) >= 2, f"{key}: labels are {tuple(split.labels.shape)}; they must be (N, T)")
        for what, ids in split.shared.items():
            _require(len(ids) == len(split), f"{key}: shared says of {len(ids)} rows what {what} they have")
        labels = splits.reference_labels() if key == "train" else split.labels
        _require(bool(labels.isfinite().all()), f"{key}: labels are not finite")


def _metrics_exist(dataset: Dataset) -> None:
    for metric in dataset.metrics:
        if metric not in METRICS:
            raise unknown("metric", metric, METRICS)


def _regions(dataset: Dataset, splits: Splits) -> None:
    _, labels = dataset.evaluation_arrays(splits.test.labels, splits.test)
    regions = evaluate.regions_of(dataset, splits.test, splits.reference_labels(), labels)
    if regions is not None:
        _require(len(regions) == len(labels), f"{len(regions)} regions for {len(labels)} labels")
        _require(set(regions.tolist()) <= set(ORDER), f"regions are {sorted(set(regions.tolist()))}")


def _augments(dataset: Dataset, splits: Splits) -> None:
    rows = torch.arange(min(4, len(splits.train)))
    split = splits.train
    x, mask = split.x[rows], None if split.mask is None else split.mask[rows]
    for mode in get_args(Mode):
        given = Examples(x.clone(), split.labels[rows], None, mask)
        first, second = (dataset.transform(given, torch.Generator().manual_seed(1), mode) for _ in range(2))
        _require(len(first.x) == len(x), f"transform({mode}) turns {len(x)} samples into {len(first.x)}")
        _require(torch.equal(first.x, second.x), f"transform({mode}) draws from something but its generator")


def _evaluates(on: NamedDataset, splits: Splits) -> None:
    values = evaluate.metrics(on.dataset, splits, "test", _fit(on, splits).predict(splits.test))["all"]
    _require(values[on.dataset.metrics[0]] is not None, f"{on.dataset.metrics[0]} has no value on the test split")


def _dataset_test_unread(on: NamedDataset, splits: Splits) -> None:
    poisoned = replace(splits, test=replace(splits.val, labels=splits.val.labels * torch.nan))
    first, second = (_fit(on, given).predict(splits.val) for given in (splits, poisoned))
    _require(torch.equal(first, second), "another test split gives another model")


def _fit(on: NamedDataset, splits: Splits) -> Training:
    training = Training(on.dataset, on.protocol, splits, resolve.method("baseline", on).build_method(), 0, CPU)
    training.fit()
    return training


def _same(first: str, second: str) -> None:
    _require(first == second, f"two loads have the fingerprints {first[:12]} and {second[:12]}")


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise AssertionError(otherwise)
