"""A network with its method and its training data: batches drawn, run forward, and predictions.

The loop that trains it is in `bench.training.loop`.
"""

from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from bench.data.stored import each
from bench.dataset import Dataset, Examples, Split, Splits
from bench.functional.devices import to_device_of
from bench.functional.losses import task_loss
from bench.functional.random_streams import generator, stream_seed
from bench.method import Batch, Method, Stage, Task, Views, as_rows
from bench.protocol import Protocol
from bench.stack import overrides
from bench.training.batchnorm import split_batchnorm


class Network(nn.Module):
    """An encoder x -> z and a head z -> outputs."""

    def __init__(self, encoder: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.encoder, self.head = encoder, head

    def forward(self, x: Tensor) -> Tensor:
        """Head outputs of a batch of inputs."""
        return self.head(self.encoder(x))


@dataclass(frozen=True)
class Drawn:
    """A batch as it goes into the network, however often a step runs it: examples, views and their rows."""

    examples: Examples
    views: Tensor | None  # (V·B, ...)
    index: Tensor  # (B,)


class Model:
    """One seed of a method on a dataset, on one device."""

    def __init__(
        self, dataset: Dataset, protocol: Protocol, splits: Splits, method: Method, seed: int, device: torch.device
    ) -> None:
        self.dataset, self.protocol, self.method, self.device = dataset, protocol, method, device
        self.train, self.val, self.shift, self.scale = splits.train, splits.val, splits.shift, splits.scale
        self.reference_rows = splits.reference_rows
        self.order, self.augment, self.extra = (generator(seed, name) for name in ("order", "augment", "method"))

        # the encoder is drawn first, so that seed k of every method starts from the same one
        torch.manual_seed(stream_seed(seed, "init"))
        self.new_encoder = lambda: dataset.encoder(splits)[0]
        encoder, self.width = dataset.encoder(splits)
        labels = self.train.labels
        y = each(labels, lambda given: (given - self.shift) / self.scale)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(stream_seed(seed, "method"))
            rng = generator(seed, "method")
            known = [part if self.reference_rows is None else part[self.reference_rows] for part in (labels, y)]
            self.seen = known[0]
            task = Task(known[0], known[1], self.shift, self.scale, self.width, dataset.bins, protocol, rng, encoder)
            method.prepare(replace(task, new_encoder=self.new_encoder, density=method.density))
            weights = each(labels, method.weights)
            if self.train.weights is not None:
                weights = self.train.weights if weights is None else weights * self.train.weights
        self.network = Network(split_batchnorm(encoder, protocol.batchnorm_split), self.new_head()).to(device)
        method.to(device)
        if protocol.channels_last:
            self.network.to(memory_format=torch.channels_last)
        if protocol.compile:
            encoder.compile()
        self.cast = torch.autocast(device.type, torch.bfloat16) if protocol.precision == "bf16" else nullcontext()
        self.x, self.y = self.train.x.to(device), y.to(device)
        self.val = replace(self.val, x=self.val.x.to(device))
        held = (weights, self.train.weights, self.train.mask)  # a row's own weight counts where re-weighting rests, too
        self.w, self.own_w, self.mask = (None if t is None else t.to(device) for t in held)
        torch.manual_seed(stream_seed(seed, "augment"))  # dropout inside the network
        self.all_rows = torch.arange(len(self.train))
        self.samples, self.regularizes = overrides(method, "sampler"), overrides(method, "regularizer")
        self.finished = False

    def batch(self, index: Tensor | None, stage: Stage, epoch: int) -> Batch:
        """The forward pass over some training rows, all where index is None."""
        return self.forward(self.draw(self.all_rows if index is None else index, stage), stage, epoch)

    def draw(self, index: Tensor, stage: Stage) -> Drawn:
        """Some training rows, augmented, and their views."""
        rows = None if index is self.all_rows else index
        w = self.w if stage.weighted else self.own_w
        given = Examples(*(_taken(samples, rows) for samples in (self.x, self.y, w, self.mask)))
        views = self._views(given, stage) if self.method.views and stage.regularized else None
        if not (stage.pretext and views is not None):
            given = self.dataset.transform(given, self.augment, "strong" if stage.strong else "train")
            x, y = self.method.inputs(given.x, given.y)
            given = given if x is given.x and y is given.y else replace(given, x=x, y=y)
        return Drawn(given, views, index)

    def _views(self, given: Examples, stage: Stage) -> Tensor:
        mode = "strong" if stage.strong else "view"
        return torch.cat([self.dataset.transform(given, self.augment, mode).x for _ in range(self.method.views)])

    def forward(self, drawn: Drawn, stage: Stage, epoch: int) -> Batch:
        """The forward pass over a batch and its views."""
        given, views = drawn.examples, None
        if drawn.views is not None:
            # one pass over all views, as batch statistics see them in the published code
            z = self._encoded(drawn.views)
            views = Views(z, self.method.predict(self._outputs(z)), drawn.views)
        if stage.pretext and views is not None:
            z = views.z[: len(given.y)]
        else:
            z = self.method.features(self._encoded(given.x), given.y, epoch)
        return self.seen_by_method(drawn, z, self._outputs(z), views, stage, epoch)

    def seen_by_method(
        self, drawn: Drawn, z: Tensor, outputs: Tensor, views: Views | None, stage: Stage, epoch: int
    ) -> Batch:
        """A batch with its features (B, D) and what the head gives of them, as a method sees it."""
        given = drawn.examples
        return Batch(
            y=given.y,
            w=_masked(given.w, given.mask),
            z=z,
            outputs=outputs,
            targets=self.method.targets(given.y),
            predict=self.method.predict,
            mask=given.mask,
            views=views,
            epoch=epoch,
            stage=stage.name,
            x=given.x,
            index=drawn.index,
        )

    def _encoded(self, x: Tensor) -> Tensor:
        # methods work on fp32, whatever the precision of the network
        with self.cast:
            return self.network.encoder(x).float()

    def _outputs(self, z: Tensor) -> Tensor:
        with self.cast:
            return self.network.head(z).float()

    def loss(self, batch: Batch, stage: Stage) -> Tensor:
        """What a stage minimises, a scalar."""
        if stage.pretext:
            return self.method.regularizer(batch)
        if stage.loss is not None:
            like = batch.outputs.shape == batch.targets.shape  # a head of another form is compared by its predictions
            compared = (batch.outputs, batch.targets) if like else (batch.y_hat, batch.y)
            loss = task_loss(*compared, batch.w, stage.loss, self.protocol.huber_beta)
        else:
            loss = self.method.loss(batch)
        return loss + self.method.regularizer(batch) if stage.regularized and self.regularizes else loss

    @torch.no_grad()
    def training_features(self, epoch: int) -> tuple[Tensor, Tensor]:
        """Features (N, D) and targets (N, T) of a pass over the training split, or over its reference rows."""
        # in training mode and augmented, as published, but with random numbers of its own; reference rows as they are
        rows, mode = (self.all_rows, "train") if self.reference_rows is None else (self.reference_rows, "evaluation")
        with torch.random.fork_rng(devices=[self.device] if self.device.type == "cuda" else []):
            parts = []
            for index in rows.split(self.protocol.batch_size or len(rows)):
                x, y, mask = (_taken(samples, index) for samples in (self.x, self.y, self.mask))
                given = self.dataset.transform(Examples(x, y, None, mask), self.extra, mode)
                z = self._encoded(given.x)
                z = z if self.method.raw_statistics else self.method.features(z, given.y, epoch)
                z, y, counts = as_rows(z, given.y, given.mask)
                parts.append((z, y) if counts is None else (z[counts], y[counts]))
        z, y = zip(*parts, strict=True)
        return torch.cat(z), torch.cat(y)

    def predict(self, split: Split, network: nn.Module | None = None) -> Tensor:
        """Predictions (N, T) of a split in label units, on the CPU; after training, calibrated."""
        return self.predict_columns(split, network)["mean"]

    @torch.no_grad()
    def predict_columns(self, split: Split, network: nn.Module | None = None) -> dict[str, Tensor]:
        """Predictions as "mean" and the method's further columns, each (N, T) in label units, on the CPU."""
        chosen: Any = network or self.network
        x, mode = split.x.to(self.device), chosen.encoder.training
        parts: dict[str, list[Tensor]] = {}
        chosen.eval()
        with self.cast:
            for index in torch.arange(len(split)).split(self.dataset.evaluation_batch):
                outputs = chosen(_taken(x, index)).float()
                columns = {"mean": self.method.predict(outputs), **self.method.columns(outputs)}
                for name, values in columns.items():
                    parts.setdefault(name, []).append(values)
        chosen.train()
        chosen.encoder.train(mode)
        found = {name: torch.cat(values).cpu() * self.scale for name, values in parts.items()}
        found = {name: values if name == "deviation" else values + self.shift for name, values in found.items()}
        return {**found, "mean": self.method.calibrated(found["mean"])} if self.finished else found

    def without_data(self) -> "Model":
        """A model that predicts as this one does, and holds neither its samples nor what trained it."""
        for part in self.method.modules():
            if isinstance(part, Method) and hasattr(part, "task"):  # a stack leaves it to its parts
                part.task = replace(part.task, new_encoder=nn.Identity)  # the true one holds the samples
        kept = object.__new__(Model)
        names = ("dataset", "method", "device", "network", "cast", "shift", "scale", "finished")
        kept.__dict__ = {name: getattr(self, name) for name in names}
        return kept

    def new_head(self) -> nn.Module:
        """A freshly drawn head."""
        return self.method.head(lambda outputs: self.dataset.head(self.width, outputs), self.train.labels.shape[1])

    def regressor(self) -> list[nn.Module]:
        """What of the encoder belongs to the dataset's regressor, beside the head."""
        return [self.network.encoder.get_submodule(name) for name in self.dataset.regressor]

    def new_regressor(self) -> None:
        """Put a freshly drawn regressor into the network: a head, and what of the encoder belongs to it."""
        self.network.head = self.new_head().to(self.device)
        if self.dataset.regressor:
            drawn = split_batchnorm(self.new_encoder(), self.protocol.batchnorm_split).to(self.device)
            for name in self.dataset.regressor:
                parent, _, child = name.rpartition(".")
                setattr(self.network.encoder.get_submodule(parent), child, drawn.get_submodule(name))

    def optimizer(self, protocol: Protocol, stage: Stage) -> torch.optim.Optimizer:
        """Over what a stage trains, and the method's own parameters."""
        trained = [self.network] if stage.encoder == "train" else [*self.regressor(), self.network.head]
        parameters = [parameter for part in trained for parameter in part.parameters()]
        return self.method.optimizer(
            scheduled([{"params": parameters}, *self.method.parameter_groups()], protocol), protocol
        )


def scheduled(groups: list[dict[str, Any]], protocol: Protocol) -> list[dict[str, Any]]:
    """Groups of parameters with what a schedule needs: their own learning rate, or the protocol's."""
    for group in groups:
        group["initial_lr"] = group["lr"] = group.get("lr", protocol.lr)
        group.setdefault("scheduled", True)
    return groups


def _taken(samples: Any, index: Tensor | None) -> Any:
    if samples is None or index is None:
        return samples
    # an index on the host would have the host wait for the device; a reader of stored samples wants it there
    return samples[to_device_of(index, samples) if isinstance(samples, Tensor) else index]


def _masked(w: Tensor | None, mask: Tensor | None) -> Tensor | None:
    # what does not count weighs nothing, whatever the loss
    if mask is None:
        return w
    return mask.float() if w is None else w * mask
