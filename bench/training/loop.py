"""The training loop: one model, one seed, from first weights to the chosen epoch.

Read `Training` from top to bottom; the test split is not among what it is given.
"""

import gc
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from statistics import median, quantiles
from time import perf_counter
from typing import Any

import torch
from torch import Tensor, nn

from bench.data.stored import each
from bench.dataset import Dataset, Split, Splits
from bench.functional.devices import beside
from bench.functional.random_streams import generator, stream_seed
from bench.method import Batch, Method, Stage, Task, Views, rows
from bench.metrics import METRICS
from bench.protocol import Protocol, with_protocol
from bench.stack import fills

WARM_UP = 10  # steps left out of the step times
REPORT_S = 0.25  # seconds between two reports from inside an epoch


class Diverged(Exception):
    """The loss or the validation value is not finite."""


class Network(nn.Module):
    """An encoder x -> z and a head z -> outputs."""

    def __init__(self, encoder: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.encoder, self.head = encoder, head

    def forward(self, x: Tensor) -> Tensor:
        """Head outputs of a batch of inputs."""
        return self.head(self.encoder(x))


@dataclass
class Fit:
    """What training leaves beside the network."""

    history: list[dict] = field(default_factory=list)
    selection: dict | None = None
    step_s: list[float] = field(default_factory=list)
    train_s: float = 0.0

    def step_ms(self) -> tuple[float, float]:
        """Median and interquartile range of the step time after warm-up, in milliseconds."""
        times = self.step_s[WARM_UP:] or self.step_s
        low, _, high = quantiles(times, n=4) if len(times) > 1 else (0.0, 0.0, 0.0)
        return 1e3 * median(times), 1e3 * (high - low)


class Training:
    """Train a method on a dataset's training split and choose the epoch on its validation split.

    Args:
        report: called now and then with the epoch, the last loss and the last validation value.
        overrides: of every stage's protocol, one of the method's own included.
    """

    def __init__(
        self,
        dataset: Dataset,
        protocol: Protocol,
        splits: Splits,
        method: Method,
        seed: int,
        device: torch.device,
        report: Callable[[dict], None] = lambda _: None,
        overrides: Mapping[str, object] | None = None,
    ) -> None:
        self.dataset, self.protocol, self.method, self.device, self.report = (
            dataset,
            protocol,
            method,
            device,
            report,
        )
        self.overrides = overrides or {}
        self.train, self.val, self.shift, self.scale = splits.train, splits.val, splits.shift, splits.scale
        self.summary = splits.summary
        self.order, self.augment, self.extra = (generator(seed, name) for name in ("order", "augment", "method"))

        # the encoder is drawn first, so that seed k of every method starts from the same one
        torch.manual_seed(stream_seed(seed, "init"))
        encoder, self.width = dataset.encoder(splits)
        labels = self.train.labels
        y = each(labels, lambda given: (given - self.shift) / self.scale)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(stream_seed(seed, "method"))
            rng = generator(seed, "method")
            known = (labels, y) if self.summary is None else (labels[self.summary], y[self.summary])
            task = Task(*known, self.shift, self.scale, self.width, dataset.bins, protocol, rng, encoder)
            method.prepare(replace(task, new_encoder=lambda: dataset.encoder(splits)[0]))
            weights = each(labels, method.weights)
        self.network = Network(encoder, self._new_head()).to(device)
        method.to(device)
        if protocol.channels_last:
            self.network.to(memory_format=torch.channels_last)
        if protocol.compile:
            encoder.compile()
        self.cast = torch.autocast(device.type, torch.bfloat16) if protocol.precision == "bf16" else nullcontext()
        self.x, self.y = self.train.x.to(device), y.to(device)
        self.val = replace(self.val, x=self.val.x.to(device))
        self.w, self.mask = (None if t is None else t.to(device) for t in (weights, self.train.mask))
        torch.manual_seed(stream_seed(seed, "augment"))  # dropout inside the network
        self.regularizes, self.passes = fills(method, "regularizer"), fills(method, "epoch_end")
        self.result = Fit()
        self.start = self.reported = perf_counter()

    def fit(self) -> Fit:
        """All stages, in order.

        Raises:
            Diverged: as soon as a check sees a loss or a validation value that is not finite.
        """
        gc.freeze()  # a collection in the middle of training then scans only what training has made
        try:
            for stage in self.method.stages(self.protocol):
                self._stage(stage, with_protocol(stage.protocol or self.protocol, self.overrides))
                if self.best:
                    self.result.selection = self.best.restore(self.network)
        finally:
            gc.unfreeze()
        self.result.train_s = perf_counter() - self.start
        return self.result

    def _stage(self, stage: Stage, protocol: Protocol) -> None:
        network = self.network
        if stage.new_head:
            network.head = self._new_head().to(self.device)
        network.encoder.requires_grad_(stage.encoder == "train")
        optimizer = self._optimizer(protocol, stage)
        self.best = _Best(self.dataset.metrics[0]) if stage.select else None
        self.losses: list[Tensor] = []
        self.ticks: list[tuple[Any, Any]] = []  # when a step began and ended
        steps = 0
        network.train()
        network.encoder.train(stage.encoder != "eval")
        for epoch in range(1, protocol.epochs + 1):
            _set_rate(optimizer, protocol, epoch)
            for index in _batches(len(self.train), protocol, self.order):
                began = self._tick()
                loss = self._loss(self.batch(index, stage, epoch), stage)
                optimizer.zero_grad()
                loss.backward()
                if protocol.clip is not None:
                    nn.utils.clip_grad_norm_(network.parameters(), protocol.clip)
                optimizer.step()
                self.losses.append(loss.detach())
                self.ticks.append((began, self._tick()))
                steps += 1
                if perf_counter() - self.reported > REPORT_S:
                    self._report(epoch, protocol)
                if protocol.validate_steps and steps % protocol.validate_steps == 0:
                    self._check(epoch, stage, protocol)
                    if self._patience_ended(protocol):
                        return
            if self.passes:
                self._pass(epoch)
            due = not protocol.validate_steps and epoch % protocol.validate_every == 0
            if due or epoch == protocol.epochs:
                self._check(epoch, stage, protocol)
            if self._patience_ended(protocol):
                return

    def _patience_ended(self, protocol: Protocol) -> bool:
        return self.best is not None and self.best.waited >= (protocol.patience or math.inf)

    def batch(self, index: Tensor | None, stage: Stage, epoch: int) -> Batch:
        """The forward pass over some training rows, all where index is None."""
        method = self.method
        x, y, w, mask = (_taken(samples, index) for samples in (self.x, self.y, self.w, self.mask))
        views = self._views(x, stage) if method.views and stage.regularized else None
        if stage.pretext and views is not None:
            z = views.z[: len(y)]
        else:
            if stage.strong:
                x = self.dataset.strong(x, self.augment)
            else:
                x, y, w, mask = self.dataset.augmented(x, y, w, mask, self.augment)
            z = method.features(self._encoded(x), y, epoch)
        return Batch(
            y=y,
            w=_masked(w if stage.weighted else None, mask),
            z=z,
            outputs=self._outputs(z),
            targets=method.targets(y),
            predict=method.predict,
            mask=mask,
            views=views,
            epoch=epoch,
            stage=stage.name,
        )

    def _views(self, x: Tensor, stage: Stage) -> Views:
        # one pass over all views, as batch statistics see them in the published code
        view = self.dataset.strong if stage.strong else self.dataset.view
        stacked = torch.cat([view(x, self.augment) for _ in range(self.method.views)])
        z = self._encoded(stacked)
        return Views(z, self.method.predict(self._outputs(z)))

    def _encoded(self, x: Tensor) -> Tensor:
        # methods work on fp32, whatever the precision of the network
        with self.cast:
            return self.network.encoder(x).float()

    def _outputs(self, z: Tensor) -> Tensor:
        with self.cast:
            return self.network.head(z).float()

    def _tick(self) -> Any:
        # a GPU works on after the host has gone on: its own events tell when a step was done
        if self.device.type != "cuda":
            return perf_counter()
        event = torch.cuda.Event(enable_timing=True)
        event.record()
        return event

    def _loss(self, batch: Batch, stage: Stage) -> Tensor:
        if stage.pretext:
            return self.method.regularizer(batch)
        loss = self.method.loss(batch)
        return loss + self.method.regularizer(batch) if stage.regularized and self.regularizes else loss

    def _check(self, epoch: int, stage: Stage, protocol: Protocol) -> None:
        # the only place where the host waits for the device
        if not self.losses:
            return
        loss = torch.stack(self.losses).mean().item()
        self.losses.clear()
        self.result.step_s += map(_seconds, self.ticks)
        self.ticks.clear()
        value = None
        if self.best:
            metric = self.dataset.metrics[0]
            y_hat = self.predict(self.val)
            value = METRICS[metric].function(*self.dataset.readout(y_hat, self.val))
            self.best.consider(value, epoch, self.network)
        seconds = perf_counter() - self.start
        self.result.history.append(
            {"epoch": epoch, "loss": loss, "val": value, "seconds": seconds, "stage": stage.name}
        )
        self._report(epoch, protocol)
        if not (math.isfinite(loss) and math.isfinite(value or 0.0)):
            raise Diverged(f"loss {loss}, validation {value} in epoch {epoch} of stage '{stage.name}'")

    def _report(self, epoch: int, protocol: Protocol) -> None:
        last = self.result.history[-1] if self.result.history else {"loss": None, "val": None}
        self.report({"epoch": epoch, "epochs": protocol.epochs, "loss": last["loss"], "val": last["val"]})
        self.reported = perf_counter()

    @torch.no_grad()
    def _pass(self, epoch: int) -> None:
        # in training mode and augmented, as published, but with random numbers of its own; a summary as it is
        chosen, rng = (torch.arange(len(self.train)), self.extra) if self.summary is None else (self.summary, None)
        with torch.random.fork_rng(devices=[self.device] if self.device.type == "cuda" else []):
            parts = []
            for index in chosen.split(self.protocol.batch_size or len(chosen)):
                x, y, mask = (_taken(samples, index) for samples in (self.x, self.y, self.mask))
                x, y, _, mask = self.dataset.augmented(x, y, None, mask, rng)
                z, y, counts = rows(self.method.features(self._encoded(x), y, epoch), y, mask)
                parts.append((z, y) if counts is None else (z[counts], y[counts]))
        z, y = (torch.cat(part) for part in zip(*parts, strict=True))
        self.method.epoch_end(z, y, epoch)

    @torch.no_grad()
    def predict(self, split: Split) -> Tensor:
        """Predictions (N, T) of a split in label units, on the CPU."""
        mode = self.network.encoder.training
        x = split.x.to(self.device)
        self.network.eval()
        with self.cast:
            outputs = [
                self.method.predict(self.network(_taken(x, index)).float())
                for index in torch.arange(len(split)).split(self.dataset.evaluation_batch)
            ]
        self.network.train()
        self.network.encoder.train(mode)
        return torch.cat(outputs).cpu() * self.scale + self.shift

    def _new_head(self) -> nn.Module:
        return self.method.head(lambda outputs: self.dataset.head(self.width, outputs), self.train.labels.shape[1])

    def _optimizer(self, protocol: Protocol, stage: Stage) -> torch.optim.Optimizer:
        trained = self.network if stage.encoder == "train" else self.network.head
        groups: list[dict] = [{"params": list(trained.parameters())}, *self.method.parameter_groups()]
        for group in groups:
            group["initial_lr"] = group["lr"] = group.get("lr", protocol.lr)
            group.setdefault("scheduled", True)
        shared = {"lr": protocol.lr, "weight_decay": protocol.weight_decay, "fused": True}
        if protocol.optimizer == "sgd":
            return torch.optim.SGD(groups, momentum=protocol.momentum, **shared)
        return {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[protocol.optimizer](groups, **shared)


class _Best:
    """The weights with the best validation value so far; of equals, the first."""

    def __init__(self, metric: str) -> None:
        self.metric, self.sign = metric, 1.0 if METRICS[metric].higher_is_better else -1.0
        self.value, self.epoch, self.waited = -math.inf, 0, 0
        self.state: dict[str, Tensor] = {}

    def consider(self, value: float, epoch: int, network: nn.Module) -> None:
        self.waited += 1
        if self.sign * value > self.value:
            self.value, self.epoch, self.waited = self.sign * value, epoch, 0
            self.state = {key: tensor.clone() for key, tensor in network.state_dict().items()}

    def restore(self, network: nn.Module) -> dict:
        network.load_state_dict(self.state)
        return {"metric": self.metric, "epoch": self.epoch, "value": self.sign * self.value}


def _taken(samples: Any, index: Tensor | None) -> Any:
    if samples is None or index is None:
        return samples
    # an index on the host would have the host wait for the device; a reader of stored samples wants it there
    return samples[beside(index, samples) if isinstance(samples, Tensor) else index]


def _masked(w: Tensor | None, mask: Tensor | None) -> Tensor | None:
    # what does not count weighs nothing, whatever the loss
    if mask is None:
        return w
    return mask.float() if w is None else w * mask


def _seconds(ticks: tuple[Any, Any]) -> float:
    began, ended = ticks
    return ended - began if isinstance(began, float) else began.elapsed_time(ended) / 1e3


def _batches(n: int, protocol: Protocol, order: torch.Generator) -> Iterator[Tensor | None]:
    if protocol.batch_size is None:
        yield None  # everything, in its own order
        return
    for index in torch.randperm(n, generator=order).split(protocol.batch_size):
        if not protocol.drop_last or len(index) == protocol.batch_size or n < protocol.batch_size:
            yield index


def _set_rate(optimizer: torch.optim.Optimizer, protocol: Protocol, epoch: int) -> None:
    if not protocol.milestones and protocol.cosine_floor is None:
        return
    factor = protocol.gamma ** sum(epoch > milestone for milestone in protocol.milestones)
    if protocol.cosine_floor is not None:
        wave = (1 + math.cos(math.pi * epoch / protocol.epochs)) / 2
        factor = protocol.cosine_floor + (1 - protocol.cosine_floor) * wave
    for group in optimizer.param_groups:
        if group["scheduled"]:
            group["lr"] = group["initial_lr"] * factor
