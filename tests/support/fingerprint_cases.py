"""Short trainings that tests/test_fingerprints.py guards, and what datasets make.

A case takes hyper-parameters and protocol from here, not from tables that a key holds as values. Few steps with plain
SGD keep the rounding of one processor from growing into the numbers of another.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import get_args

import torch
from torch import Tensor, nn

from bench import plugins
from bench.dataset import Dataset, Examples, Mode, Split, Splits
from bench.numerics import ALWAYS
from bench.plugins import resolve
from bench.plugins.resolve import NamedDataset
from bench.protocol import Protocol, with_protocol
from bench.training import evaluate
from bench.training.loop import Training
from bench.training.reference import start
from support.fingerprint_functions import of_functions
from support.fingerprints import Case, Plugin, Values, same, some


class Vector(Dataset):
    """Rows of six numbers with three targets and no bins.

    Args:
        opposed: validation labels have the other sign, so that what is learned makes validation worse.
    """

    metrics = ("r2",)

    def __init__(self, opposed: bool = False) -> None:
        self.opposed = opposed

    def load(self, root: Path) -> Splits:
        rng = torch.Generator().manual_seed(0)
        x = torch.randn(72, 6, generator=rng)
        y = (2 * x[:, :3] + 0.5 * torch.randn(72, 3, generator=rng)).round()
        train, val, test = map(Split, x.split([40, 16, 16]), y.split([40, 16, 16]))
        return Splits(train, replace(val, labels=-val.labels) if self.opposed else val, test)

    def encoder(self, splits: Splits) -> tuple[nn.Module, int]:
        return nn.Sequential(nn.Linear(6, 8), nn.Tanh()), 8

    def transform(self, examples: Examples, rng: torch.Generator, mode: Mode) -> Examples:
        if mode == "train":
            return examples
        return replace(examples, x=examples.x + 0.1 * torch.randn(examples.x.shape, generator=rng))


DROPOUT = "draws of dropout"
SHORT = Protocol(loss="mse", optimizer="sgd", lr=0.05, batch_size=16, epochs=2)
FACES = "[backbone=tiny,images=synthetic,rows=60,size=32]"
# clipped, so that a step is as long for every method and rounding does not grow
CALM: dict[str, object] = {"clip": 1.0}
# kind of data -> where methods train, rows that train there, and changes of the protocol
GROUNDS: dict[str, tuple[str, int, dict[str, object]]] = {
    "vector": ("vector", 40, CALM),
    "table": ("concrete[hidden=20-30-10,rows=synthetic]", 40, {**CALM, "lr": 0.02}),
    "picture": ("digits[images=few]", 16, {**CALM, "lr": 5e-4, "epochs": 1}),
    "text": ("stsb[hidden=8,text=small]", 32, CALM),
    "depth": ("nyud2[images=small]", 8, {**CALM, "lr": 1e-3, "batch_size": 4, "epochs": 1}),
}
DENSE = {"balanced_mse": "balanced_mse[kind=bni]", "conr": "conr[form=images]"}  # the forms for depth
STACKS = ("mt+rot_reg", "ranksim+lds+fds", "rrt+ranksim", "conr+sqinv+lds")
SOURCES = (
    "abalone[rows=synthetic]", f"agedb{FACES}", "airfoil[rows=synthetic]", "circle", "concrete[rows=synthetic]",
    "digits[images=few]", f"imdb_wiki{FACES}", "mammoth[points=synthetic]", f"mpiifacegaze{FACES}",
    "nyud2[images=small]", "operator_learning[points=few]", "operator_learning[operator=nonlinear,points=few]",
    "real_estate[rows=synthetic]", f"skyfinder{FACES}", "stsb[hidden=8,text=small]", "swiss_roll", "torus",
    "tuab[backbone=tiny,rows=60,seconds=10,signals=synthetic]",
)  # fmt: skip
# each beside the plain training of the same name before the bar; what a value of a field changes must show
FIELDS: dict[str, dict[str, object]] = {
    "sgd": {},
    "loss": {"loss": "l1"},
    "huber": {"loss": "huber"},
    "adam": {"optimizer": "adam", "lr": 0.01},
    "adam, weight_decay": {"optimizer": "adam", "lr": 0.01, "weight_decay": 0.5},
    "adamw": {"optimizer": "adamw", "lr": 0.01},
    "adamw, weight_decay": {"optimizer": "adamw", "lr": 0.01, "weight_decay": 0.5},
    "lr": {"lr": 0.02},
    "weight_decay": {"weight_decay": 0.5},
    "momentum": {"momentum": 0.9},
    "batch_size": {"batch_size": 8},
    "whole batch": {"batch_size": None},
    "epochs": {"epochs": 3},
    "validate_every": {"validate_every": 2},
    "validate_steps": {"validate_steps": 1},
    "milestones": {"milestones": (1,)},
    "gamma": {"milestones": (1,), "gamma": 0.5},
    "cosine_floor": {"cosine_floor": 0.1},
    "clip": {"clip": 0.5},
    "drop_last": {"drop_last": True},
    "batchnorm_split": {"batchnorm_split": 4},
    "huber_beta": {"loss": "huber", "huber_beta": 0.3},
    "bf16": {"precision": "bf16"},
    "opposed": {"epochs": 4, "lr": 0.02},
    "opposed, patience": {"epochs": 4, "lr": 0.02, "patience": 1},
}


@cache
def source(name: str) -> tuple[NamedDataset, Splits]:
    """A dataset and its splits; "vector" and "opposed" are ours."""
    ours = name in ("vector", "opposed")
    on = NamedDataset(name, name, {}, Vector(name == "opposed"), SHORT) if ours else resolve.dataset(name)
    return on, on.dataset.load(Path("no data is read"))


def cut(split: Split, number: int) -> Split:
    """So many rows of a split, at even distances."""
    rows = torch.arange(min(number, len(split))) * len(split) // min(number, len(split))

    def some(samples):
        if samples is None or isinstance(samples, Tensor):
            return None if samples is None else samples[rows]
        if hasattr(samples, "codes"):
            return replace(samples, codes=some(samples.codes))
        return replace(samples, rows=samples.rows[rows])  # stored samples, and pictures

    regions = None if split.regions is None else split.regions[rows]
    return replace(split, x=some(split.x), labels=some(split.labels), mask=some(split.mask), regions=regions)


def small(name: str, number: int) -> tuple[NamedDataset, Splits]:
    """A dataset with a few rows."""
    on, splits = source(name)
    train, val, test = cut(splits.train, number), cut(splits.val, 8), cut(splits.test, 8)
    reference = None if splits.reference_rows is None else torch.arange(len(train))
    return on, replace(splits, train=train, val=val, test=test, reference_rows=reference)


def trained(text: str, where: str, number: int, changes: Mapping[str, object]) -> Values:
    """A method or stack, with its constructors' own defaults where its name says nothing, on a few rows of a dataset.

    Loss at each validation, the epoch chosen, and predictions in network units; None where it is not defined.
    """
    on, splits = small(where, number)
    protocol = with_protocol(SHORT, changes)
    # tables of values by dataset are in a key as values: none of them here
    method = resolve.method(text, replace(on, base="", protocol=protocol), searched=False)
    if method.refusal(on.dataset):
        return None
    # over a stage's own schedule too, which would take hundreds of epochs
    over = {key: getattr(protocol, key) for key in ("lr", "epochs", "batch_size")}
    training = Training(on.dataset, protocol, splits, method.build_method(), 0, torch.device("cpu"), changes=over)
    fit = training.fit()
    assert fit.selection is not None
    y_hat = (training.predict(splits.test) - splits.shift) / splits.scale
    losses = torch.tensor([row["loss"] for row in fit.history])
    return {"loss": some(losses), "epoch": [fit.selection["epoch"]], "y_hat": some(y_hat)}


def fitted(text: str, where: str, number: int) -> Values:
    """Predictions of a reference, in label units; None where it is not defined."""
    on, splits = small(where, number)
    reference = resolve.method(text, on)
    if reference.refusal(on.dataset):
        return None
    fitting = start(on.dataset, on.protocol, splits, reference.build(), 0, torch.device("cpu"))
    fitting.fit()
    return {"y_hat": some(fitting.predict(splits.test))}


def of_references() -> dict[str, Case]:
    """Every reference on every kind of data, but the trees: scikit-learn 1.9 bins features in another way than 1.8."""
    found = {}
    for kind, (where, number, _) in GROUNDS.items():
        for name in (name for name in plugins.references() if name != "trees"):
            values = partial(fitted, name, where, number)
            found[f"{name} on {kind}"] = of_plugins(values, ("method", name), *_dataset(where))
    return found


def of_plugins(values: Callable[[], Values], *names: Plugin, without: tuple[str, ...] = (), **how) -> Case:
    """A case whose key holds plug-ins and the shared code that they and the loop use."""
    groups = {*ALWAYS, *(group for plugin in names for group in plugins.numerics(*plugin))}
    dropout = getattr(values, "func", None) is trained and ("dataset", "stsb") in names
    return Case(values, names, frozenset(groups.difference(without)), dropout=dropout, **how)


def of_trainings() -> dict[str, Case]:
    """Every method and some stacks on every kind of data; every dataset; every field of the protocol."""
    ours = [name for name in plugins.methods() if plugins.modules("method")[name].startswith("bench.methods.")]
    found = {}
    for kind in GROUNDS:
        found |= {f"{text} on {kind}": of_method(text, kind) for text in (*ours, *STACKS, "rnc[recipe=paper]")}
    text, where = "tuned_baseline[cosine_floor=0,weight_decay=1]", "circle"  # it is defined on coordinates alone
    values = partial(trained, text, where, 40, CALM)
    found[f"tuned_baseline on {where}"] = of_plugins(values, ("method", "tuned_baseline"), *_dataset(where))
    for name in SOURCES:
        values = partial(trained, "baseline", name, 16, {**CALM, "lr": 2e-3, "loss": "l1", "batch_size": 8})
        found[f"baseline on {name}"] = of_plugins(values, ("method", "baseline"), *_dataset(name))
    for field, changes in FIELDS.items():
        where = "opposed" if "opposed" in field else "vector"
        if "batchnorm_split" in changes:
            where, changes = "digits[images=few]", {**CALM, "lr": 5e-4, **changes}
        rtol = 0.03 if "precision" in changes else 1e-4
        values = partial(trained, "baseline", where, 40, changes)
        found[f"protocol: {field}"] = of_plugins(values, ("method", "baseline"), *_dataset(where), rtol=rtol)
    return found


def of_method(text: str, kind: str) -> Case:
    """A method or stack on a kind of data."""
    where, number, own = GROUNDS[kind]
    bases = [part.partition("[")[0] for part in text.split("+")]
    if "fds" in bases:  # it starts with the third epoch
        own = {**own, "epochs": 3, **({"lr": 2e-4} if kind in ("picture", "depth") else {})}
    forms = "+".join(DENSE.get(part, part) for part in text.split("+")) if kind == "depth" else text
    values = partial(trained, forms, where, number, own)
    return of_plugins(values, *(("method", base) for base in bases), *_dataset(where))


def _dataset(name: str) -> list[Plugin]:
    return [] if name in ("vector", "opposed") else [("dataset", name.partition("[")[0])]


def of_datasets() -> dict[str, Case]:
    """Splits, first weights, augmentation and regions of every dataset."""
    found = {}
    for name in SOURCES:
        (key,) = _dataset(name)
        drawn = ("losses", "metrics", "shots")  # what they do not use
        found[f"splits of {name}"] = of_plugins(partial(splits_of, name), key, without=drawn)
        found[f"network of {name}"] = of_plugins(partial(network_of, name), key, without=drawn)
        found[f"transform of {name}"] = of_plugins(partial(transform_of, name), key, without=drawn)
        found[f"evaluation of {name}"] = of_plugins(partial(evaluation_of, name), key, without=("losses",))
    return found


def splits_of(name: str) -> Values:
    """The fingerprint, exactly, and what makes targets of labels."""
    _, splits = source(name)
    return {"fingerprint": splits.fingerprint(), "affine": some(torch.tensor([splits.shift, splits.scale]))}


def network_of(name: str) -> Values:
    """Initial weights, and what they make of a few inputs."""
    on, splits = small(name, 4)
    torch.manual_seed(0)
    encoder, width = on.dataset.encoder(splits)
    head = on.dataset.head(width, splits.train.labels.shape[1])
    parameters = [p.detach().double() for part in (encoder, head) for p in part.parameters()]
    sums = [sum(p.sum() for p in parameters), sum(p.abs().sum() for p in parameters)]
    with torch.no_grad():
        z = encoder.eval()(splits.train.x[torch.arange(4)])
    return {"weights": some(torch.stack(sums)), "z": some(z), "y_hat": some(head(z))}


def transform_of(name: str) -> Values:
    """A batch in every mode."""
    on, splits = small(name, 4)
    rows = torch.arange(4)
    x, y, mask = (None if t is None else t[rows] for t in (splits.train.x, splits.train.labels, splits.train.mask))
    dense = splits.reference_rows is not None
    found: dict[str, list[float] | str] = {}
    for mode in get_args(Mode):
        if mode in (("view", "strong") if dense else ("evaluation",)):
            continue  # never asked for: no method contrasts views of dense targets, and no rows stand for all
        made = on.dataset.transform(Examples(x, y, None, mask), torch.Generator().manual_seed(1), mode)
        found[mode] = some(made.x)
        found |= {f"{mode} y": some(made.y)} if mode in ("train", "evaluation") else {}
    return found


def evaluation_of(name: str) -> Values:
    """Metrics by region of labels that are off by the next row's."""
    on, splits = source(name)
    y_hat = 0.8 * splits.test.labels + 0.2 * splits.test.labels.roll(1, 0)
    table = evaluate.metrics(on.dataset, splits, "test", y_hat)
    first = on.dataset.metrics[0]
    return {region: [float(values["n"] or 0), float(f"{values[first] or 0.0:.7g}")] for region, values in table.items()}


def dropped() -> Values:
    """What torch's dropout leaves of ones: its alone, and no part of a key."""
    torch.manual_seed(0)
    return {"left": some(nn.functional.dropout(torch.ones(1000), 0.5).cumsum(0))}


@cache
def cases() -> dict[str, Case]:
    """All cases by name."""
    return {DROPOUT: Case(dropped), **of_functions(), **of_datasets(), **of_trainings(), **of_references()}


def guarded(found: Mapping[str, Values], committed: Mapping[str, Values]) -> dict[str, Case]:
    """The cases whose numbers are ours to move: without those of dropout where this torch draws it otherwise."""
    alike = same(found[DROPOUT], committed.get(DROPOUT), cases()[DROPOUT].rtol)
    return {name: case for name, case in cases().items() if name != DROPOUT and (alike or not case.dropout)}
