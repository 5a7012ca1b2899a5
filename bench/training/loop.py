"""The training loop: one model, one seed, from first weights to the chosen epoch.

Read `Training` from top to bottom; the test split is not among what it is given.
"""

import gc
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from statistics import median, quantiles
from time import perf_counter
from typing import Any

import torch
from torch import Tensor, nn

from bench.dataset import Dataset, Splits
from bench.method import Method, Stage
from bench.protocol import Protocol, with_protocol
from bench.stack import overrides
from bench.training import evaluate
from bench.training.best import Best
from bench.training.checkpoint import Checkpoints
from bench.training.course import Course
from bench.training.model import Drawn, Model
from bench.training.schedule import batches, set_rate
from bench.training.stopwatch import Clock, Stopwatch

WARM_UP = 10  # steps left out of the step times
REPORT_S = 0.25  # seconds between two reports from inside an epoch


class Diverged(Exception):
    """The loss or the validation value is not finite."""


@dataclass
class Fit:
    """What training leaves beside the network."""

    history: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    selection: dict[str, Any] | None = None
    step_s: list[float] = field(default_factory=list[float])
    step_clock: Clock = "wall"
    train_s: float = 0.0
    course: Course | None = None  # of the head, where it is asked for

    def step_ms(self) -> tuple[float, float]:
        """Median and interquartile range of the step time after warm-up, in milliseconds."""
        times = self.step_s[WARM_UP:] or self.step_s
        low, _, high = quantiles(times, n=4) if len(times) > 1 else (0.0, 0.0, 0.0)
        return 1e3 * median(times), 1e3 * (high - low)


class Training(Model):
    """Train a method on a dataset's training split and choose the epoch on its validation split.

    Args:
        report: called now and then with the epoch of how many in its stage, the share of all stages that is done, the
            last loss and the last validation value.
        changes: of every stage's protocol, over the stage's own.
        checkpoints: keeps the state now and then, and goes on from one that was kept.
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
        changes: Mapping[str, object] | None = None,
        checkpoints: Checkpoints | None = None,
    ) -> None:
        super().__init__(dataset, protocol, splits, method, seed, device)
        self.report, self.changes, self.checkpoints = report, changes or {}, checkpoints
        self.stopwatch = Stopwatch(device)
        self.result = Fit(step_clock=self.stopwatch.clock)
        self.start = self.reported = perf_counter()
        self.at_once = 1  # seeds that train side by side, whose times are shares of the whole

    def fit(self) -> Fit:
        """All stages, in order.

        Raises:
            Diverged: as soon as a check sees a loss or a validation value that is not finite.
        """
        gc.freeze()  # a collection in the middle of training then scans only what training has made
        try:
            stages = self.method.stages(self.protocol)
            protocols = [self.protocol_of(stage) for stage in stages]
            self.epochs_before, self.epochs = 0, sum(protocol.epochs for protocol in protocols)
            self.left = (self.checkpoints.position() if self.checkpoints else None) or (0, 0)
            for number, (stage, protocol) in enumerate(zip(stages, protocols, strict=True)):
                if number >= self.left[0]:
                    self._stage(number, stage, protocol)
                    self.choose()
                self.epochs_before += protocol.epochs
        finally:
            gc.unfreeze()
        return self.end()

    def protocol_of(self, stage: Stage) -> Protocol:
        """That of a stage, with what the run changes in every one."""
        return with_protocol(self.protocol, {**stage.changes, **self.changes})

    def end(self) -> Fit:
        """After the last stage: calibrate, and what training leaves."""
        if overrides(self.method, "calibrated"):
            self.method.calibrate(self.predict(self.val), self.val.labels)
        self.finished = True
        self.result.train_s = self._seconds()
        return self.result

    def _seconds(self) -> float:
        return (perf_counter() - self.start) / self.at_once

    def _stage(self, number: int, stage: Stage, protocol: Protocol) -> None:
        network, method = self.network, self.method
        if stage.new_head:
            self.new_regressor()
        network.encoder.requires_grad_(stage.encoder == "train")
        for part in self.regressor():
            part.requires_grad_(True)
        network.zero_grad()  # what a frozen encoder kept of the last stage would count in the norm that clipping reads
        optimizer = self.optimizer(protocol, stage)
        ends_epochs = overrides(method, "epoch_end")
        self.begin(stage)
        for epoch in range(self._first_epoch(number, optimizer), protocol.epochs + 1):
            set_rate(optimizer, protocol, epoch)
            for index in batches(self.epoch_rows(protocol), protocol):
                began = self.stopwatch.now()
                drawn = self.draw(index, stage)
                loss = method.step(optimizer, self._backward(drawn, stage, protocol, optimizer, epoch))
                method.step_end(network)
                self.stopwatch.step(began)
                if self.stepped(loss, epoch, stage, protocol):
                    return
            if ends_epochs:
                method.epoch_end(*self.training_features(epoch), epoch)
            if self.passed(epoch, stage, protocol):
                return
            if self.checkpoints:
                self.checkpoints.consider(self, optimizer, number, epoch)

    def begin(self, stage: Stage) -> None:
        """All counts of a stage at their start, the network in training mode."""
        self.method.stage_start(self.network, replace(stage, changes={**stage.changes, **self.changes}))
        self.best = Best(self.dataset.metrics[0]) if stage.select else None
        self.losses: list[Tensor] = []
        self.steps = 0
        self.network.train()
        self.network.encoder.train(stage.encoder != "eval")
        if self.result.course:
            self.result.course.begin(self.network.head, self.protocol_of(stage).epochs)

    def stepped(self, loss: Tensor, epoch: int, stage: Stage, protocol: Protocol) -> bool:
        """Count a step with its loss, validate where it is time; whether patience has ended."""
        self.losses.append(loss)
        self.steps += 1
        if self.result.course:
            self.result.course.stepped(self.network.head, self.steps)
        if perf_counter() - self.reported > REPORT_S:
            self._report(epoch, protocol)
        if protocol.validate_steps and self.steps % protocol.validate_steps == 0:
            self._validate(epoch, stage, protocol)
            return self._patience_ended(protocol)
        return False

    def passed(self, epoch: int, stage: Stage, protocol: Protocol) -> bool:
        """Validate after an epoch where it is time; whether patience has ended."""
        if self.result.course:
            self.result.course.passed(self.network.head, epoch)
        due = not protocol.validate_steps and epoch % protocol.validate_every == 0
        if due or epoch == protocol.epochs:
            self._validate(epoch, stage, protocol)
        return self._patience_ended(protocol)

    def choose(self) -> None:
        """Put the chosen epoch's weights into the network."""
        if self.best:
            self.result.selection = self.best.restore(self.network)
        elif (evaluated := self.method.evaluated(self.network)) is not self.network:
            self.network.load_state_dict(evaluated.state_dict())

    def _first_epoch(self, stage: int, optimizer: torch.optim.Optimizer) -> int:
        left_in, left_after = self.left
        if self.checkpoints is None or left_in != stage or not left_after:
            return 1
        self.checkpoints.fill(self, optimizer)
        return left_after + 1

    def epoch_rows(self, protocol: Protocol) -> Tensor:
        """The training rows of the next epoch, in order."""
        # the whole split at once stays in its own order
        in_order = protocol.batch_size is None and not self.samples
        return self.all_rows if in_order else self.method.sampler(len(self.train), self.order)

    def _backward(
        self, drawn: Drawn, stage: Stage, protocol: Protocol, optimizer: torch.optim.Optimizer, epoch: int
    ) -> Callable[[], Tensor]:
        def backward() -> Tensor:
            loss = self.loss(self.forward(drawn, stage, epoch), stage)
            optimizer.zero_grad()
            loss.backward()
            if protocol.clip is not None:
                nn.utils.clip_grad_norm_(self.network.parameters(), protocol.clip)
            return loss.detach()

        return backward

    def _validate(self, epoch: int, stage: Stage, protocol: Protocol) -> None:
        # the only place where the host waits for the device
        if not self.losses:
            return
        loss = torch.stack(self.losses).mean().item()
        self.losses.clear()
        self.result.step_s += [seconds / self.at_once for seconds in self.stopwatch.read()]
        value = None
        if self.best:
            metric, network = self.dataset.metrics[0], self.method.evaluated(self.network)
            y_hat = self.predict(self.val, network)
            value = evaluate.value(metric, self.dataset, self.seen, self.val, y_hat)
            self.best.consider(value, epoch, network)
        self.result.history.append(
            {"epoch": epoch, "loss": loss, "val": value, "seconds": self._seconds(), "stage": stage.name}
        )
        self._report(epoch, protocol)
        if not (math.isfinite(loss) and math.isfinite(value or 0.0)):
            raise Diverged(f"loss {loss}, validation {value} in epoch {epoch} of stage '{stage.name}'")

    def _patience_ended(self, protocol: Protocol) -> bool:
        return self.best is not None and self.best.checks_without_improvement >= (protocol.patience or math.inf)

    def _report(self, epoch: int, protocol: Protocol) -> None:
        seen = self.result.history[-1] if self.result.history else {}
        last = {name: seen.get(name) for name in ("loss", "val")}
        a_step = min((protocol.batch_size or math.inf) / len(self.train), 1.0)  # of an epoch
        share = min((self.epochs_before + self.steps * a_step) / self.epochs, 1.0)
        self.report(
            {"epoch": epoch, "epochs": protocol.epochs, "share": share, "step": self.epochs_before + epoch, **last}
        )
        self.reported = perf_counter()
