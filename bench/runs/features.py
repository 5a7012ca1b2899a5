"""Features of the test split, kept beside a record's predictions where a run was asked to: `--keep features`.

What is kept are the encoder's outputs by the weights that are tested, as the head reads them, and labels of the same
rows; the features of these rows by the first weights, and the weight of a linear head, tell how training moved them.
So does the course of such a head (`bench.training.course`), and where it reads 2 or 3 features, theirs.
Of dense targets a draw of pixels, the same for every method and seed: 1000 of 8 pictures, as in the Tightness paper.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from bench.dataset import Split
from bench.errors import BenchError
from bench.functional.devices import to_device_of
from bench.functional.random_streams import generator
from bench.results import arrays, store
from bench.results.arrays import Unsound
from bench.results.record import Features, Record, is_of_reference
from bench.runs.plan import Cell, Plan
from bench.training.course import Course, weight_of
from bench.training.model import Model

PICTURES, PIXELS = 8, 1000
PARTS = ("", "/labels", "/start", "/head")  # what the names of the arrays end in
COURSE = ("/heads", "/epochs", "/course", "/steps", "/iterations")  # and those of a head's course
Weights = dict[str, Tensor]


def require(todo: Sequence[Cell]) -> None:
    """Raise a BenchError where a cell has no features: those of a reference, which has no network."""
    if names := sorted({cell.method for cell in todo if is_of_reference(cell.config)}):
        raise BenchError(
            f"no features of {', '.join(names)}: a reference has no network; leave it out to keep features"
        )


def note(plan: Plan, results: Path) -> str | None:
    """What to say of finished cells that no run will train again, though they lack features; None where none does."""
    done = [item.cell for item in plan.planned if item.state == "done" and not item.run]
    bare = [
        cell
        for cell in done
        if not store.path_of(results, cell.dataset, cell.method, cell.seed)
        .with_name(store.features_file(cell.seed))
        .exists()
    ]
    if not bare:
        return None
    return f"{len(bare)} cells are done without features, and stay so: train them into another folder by --results"


@dataclass(frozen=True)
class Sample:
    """The rows of a split whose features are kept.

    Args:
        rows: of the split.
        labels: (n, T) in label units.
        pixels: of dense targets which of the rows, and where from the top and the left, each (n,).
    """

    rows: Tensor
    labels: Tensor
    pixels: tuple[Tensor, Tensor, Tensor] | None = None


def sample(split: Split) -> Sample:
    """All rows of a split, or some pixels that count of some of its pictures; nothing of it depends on a seed."""
    if split.labels.dim() == 2:
        return Sample(torch.arange(len(split)), split.labels)
    draw = generator(0, "features")
    rows = torch.randperm(len(split), generator=draw)[:PICTURES].sort().values
    labels = split.labels[rows]
    counts = labels.isfinite().all(1) if split.mask is None else split.mask[rows].all(1)
    places = counts.nonzero()
    places = places[torch.randperm(len(places), generator=draw)[:PIXELS]]
    picture, top, left = places.T
    return Sample(rows, labels[picture, :, top, left], (picture, top, left))


@torch.no_grad()
def features(model: Model, split: Split, of: Sample) -> Tensor:
    """What the encoder gives of a sample in evaluation, (n, D) on the CPU."""
    encoder, x = model.network.encoder, split.x.to(model.device)
    mode, parts = encoder.training, list[Tensor]()
    encoder.eval()
    with model.cast:
        for index in of.rows.split(model.dataset.evaluation_batch):
            parts.append(encoder(x[to_device_of(index, x) if isinstance(x, Tensor) else index]).float().cpu())
    encoder.train(mode)
    z = torch.cat(parts)
    if of.pixels is None:
        return z.flatten(1)
    picture, top, left = of.pixels
    height, width = split.labels.shape[-2:]  # features may be coarser
    return z[picture, :, top * z.shape[-2] // height, left * z.shape[-1] // width]


def weights(model: Model) -> Weights:
    """A copy of all that an encoder's features depend on."""
    return {name: values.detach().clone() for name, values in model.network.encoder.state_dict().items()}


def course(model: Model, split: Split) -> Course:
    """What follows the head of a model, and its features of the split where they are narrow."""
    of = sample(split)
    return Course(lambda: features(model, split, of))


def columns(model: Model, split: Split, first: Weights, course: Course | None = None) -> dict[str, np.ndarray]:
    """What is kept of a trained model, by column as `bench.results.store.write` takes it.

    Args:
        first: the weights that training began with; the model has its own again when this returns.
        course: of the head.
    """
    of, encoder = sample(split), model.network.encoder
    own, labels, start, head = (f"{store.FEATURES}{part}" for part in PARTS)
    found = {own: features(model, split, of), labels: of.labels}
    trained = weights(model)
    encoder.load_state_dict(first)
    found[start] = features(model, split, of)
    encoder.load_state_dict(trained)
    if (weight := weight_of(model.network.head)) is not None:
        found[head] = weight.cpu()
    if course is not None:
        found |= {f"{store.FEATURES}/{name}": values for name, values in course.arrays().items()}
    return {name: values.float().numpy() for name, values in found.items()}


def entry(seed: int, kept: dict[str, np.ndarray]) -> Features | None:
    """What a record says of the features that are kept of it; None where none are."""
    found = {name: store.hash_predictions(values) for name, values in kept.items()}
    if not found:
        return None
    own = {name.partition("/")[2]: digest for name, digest in found.items()}
    return Features(file=store.features_file(seed), sha256=own.pop(""), columns=own)


def fault(results: Path, record: Record, test: Split | None) -> str | None:
    """What is wrong with the features kept of a record, in a line; None where nothing is, or none are kept.

    Args:
        test: the test split, by which rows and labels are checked; None without data.
    """
    kept = record.predictions and record.predictions.features
    if not kept:
        return None
    path = store.path_of(results, record.dataset, record.method, record.seed)
    try:
        with arrays.opened(path.with_name(kept.file)) as there:
            shapes: dict[str, tuple[int, ...]] = {}
            for name, digest in store.features_keys(record.seed, kept).items():
                made, shapes[name] = there.digest(name)
                if made != digest:
                    raise Unsound(f"array {name} has not the SHA-256 of the record")
            own, labels, start, head = (f"{path.stem}{part}" for part in PARTS)
            heads, epochs, moved, steps, iterations = (f"{path.stem}{part}" for part in COURSE)
            if (
                not {own, labels}
                <= shapes.keys()
                <= {own, labels, start, head, heads, epochs, moved, steps, iterations}
            ):
                raise Unsound(f"its arrays are {', '.join(shapes)}")
            same = shapes.get(start, shapes[own]) == shapes[own] and shapes[labels][:1] == shapes[own][:1]
            same = same and shapes.get(moved, shapes[own])[-2:] == shapes[own]
            widths = {shapes[name][-1:] for name in (own, head, heads, steps) if name in shapes}
            for counted, by in ((heads, epochs), (moved, epochs), (steps, iterations)):
                same = same and (counted not in shapes or shapes.get(by) == shapes[counted][:1])
            if not same or len(widths) > 1:
                raise Unsound(f"the shapes of its arrays do not fit: {', '.join(map(str, shapes.values()))}")
            if test is not None and not np.array_equal(there.load(labels), sample(test).labels.numpy()):
                raise Unsound("its labels are not those of the test split")
    except Unsound as error:
        return f"{kept.file}: {error}"
    return None
