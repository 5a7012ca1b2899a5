"""Several seeds of a method on a dataset, trained side by side: their layers' products are taken in one call.

All else is each seed's own: first weights, order of rows, generators, loss, validation and chosen epoch. On the CPU of
one machine a seed's predictions are those that it has alone, bit for bit.
"""

import copy
import gc
import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from bench.functional.optimizers import protocol_optimizer
from bench.method import Batch, Stage, Views
from bench.protocol import Protocol
from bench.stack import overrides
from bench.training.loop import Diverged, Fit, Training
from bench.training.model import Drawn, Network, scheduled
from bench.training.schedule import batches, set_rate

OF_ONE_SEED = ("stages", "optimizer", "step")  # what a method may say of how one seed is trained
VECTOR = 16  # numbers that any processor's kernel takes in one go
SMALL = 400  # multiplications up to which torch takes a loop of its own for products in one call
# modules that treat each number alone and draw nothing
ELEMENTWISE = (nn.Identity, nn.ReLU, nn.LeakyReLU, nn.ELU, nn.GELU, nn.SiLU, nn.Tanh, nn.Sigmoid, nn.Softplus)


def obstacle(training: Training) -> str | None:
    """Why seeds of this kind train one by one; None where they can do so side by side."""
    method, protocol, network = training.method, training.protocol, training.network
    for hook in OF_ONE_SEED:
        if overrides(method, hook):
            return f"the method fills the slot '{hook}'"
    if protocol.clip is not None or protocol.compile or protocol.batchnorm_split > 1 or protocol.precision != "fp32":
        return "the protocol clips gradients, compiles, splits batch statistics or is not in fp32"
    for module in network.modules():
        if isinstance(module, nn.Linear):
            known = module.bias is not None
        else:
            known = isinstance(module, (*ELEMENTWISE, nn.Sequential, Network))
        if not known or module._forward_hooks or module._forward_pre_hooks:  # torch has no public way to ask
            return f"the network has a {type(module).__name__} that cannot be stacked"
    return None


class SideBySide:
    """Trains seeds together; each ends with its own fit, or diverges alone.

    Args:
        seeds: of one method on one dataset, none with an `obstacle`. Their networks become slices of one.
    """

    def __init__(self, seeds: Sequence[Training]) -> None:
        self.seeds = list(seeds)
        self.network = _stacked([training.network for training in seeds])
        self.layers = [layer for layer in self.network.modules() if isinstance(layer, _Linear)]
        self.features, self.epoch_end = (overrides(seeds[0].method, hook) for hook in ("features", "epoch_end"))
        for training in seeds:
            training.at_once = len(seeds)

    def fit(self) -> list[Fit | Diverged]:
        """Train all seeds; of each what it leaves, or why it did not end."""
        self.diverged: dict[Training, Diverged] = {}
        (stage,) = self.seeds[0].method.stages(self.seeds[0].protocol)
        gc.freeze()
        try:
            self._stage(stage, self.seeds[0].protocol_of(stage))
        finally:
            gc.unfreeze()
        return [self.diverged.get(training) or self._end(training) for training in self.seeds]

    def _end(self, training: Training) -> Fit:
        training.choose()
        return training.end()

    def _stage(self, stage: Stage, protocol: Protocol) -> None:
        parameters = [parameter for layer in self.layers for parameter in layer.updated]
        own = [group for training in self.seeds for group in training.method.parameter_groups()]
        optimizer = protocol_optimizer(scheduled([{"params": parameters}, *own], protocol), protocol)
        for training in self.seeds:
            training.epochs_before, training.epochs = 0, protocol.epochs
            training.begin(stage)
        self.going = list(self.seeds)
        for epoch in range(1, protocol.epochs + 1):
            set_rate(optimizer, protocol, epoch)
            orders = [batches(training.epoch_rows(protocol), protocol) for training in self.seeds]
            for indices in zip(*orders, strict=True):
                began = [training.stopwatch.now() for training in self.going]
                losses = self._step(optimizer, indices, stage, epoch)
                for training, moment in zip(self.going, began, strict=True):
                    training.method.step_end(training.network)
                    training.stopwatch.step(moment)
                self._go_on(Training.stepped, [(loss, epoch, stage, protocol) for loss in losses])
            if self.epoch_end:
                for training in self.going:
                    training.method.epoch_end(*training.training_features(epoch), epoch)
            self._go_on(Training.passed, [(epoch, stage, protocol)] * len(self.going))
            if not self.going:
                return

    def _go_on(self, ask: Callable[..., bool], given: Sequence[tuple[Any, ...]]) -> None:
        # each seed ends on its own: by patience, or as its loss is not finite
        still: list[Training] = []
        for training, arguments in zip(self.going, given, strict=True):
            try:
                if not ask(training, *arguments):
                    still.append(training)
            except Diverged as problem:
                self.diverged[training] = problem
        self.going = still

    def _step(
        self, optimizer: torch.optim.Optimizer, indices: Sequence[Tensor], stage: Stage, epoch: int
    ) -> list[Tensor]:
        drawn = [training.draw(index, stage) for training, index in zip(self.seeds, indices, strict=True)]
        seen = zip(self.seeds, self._forward(drawn, stage, epoch), strict=True)
        losses = [training.loss(batch, stage) for training, batch in seen if training in self.going]
        for layer in self.layers:
            layer.forget()
        for training in self.seeds:
            training.method.zero_grad()
        torch.autograd.backward(losses)
        optimizer.step()
        return [loss.detach() for loss in losses]

    def _forward(self, drawn: Sequence[Drawn], stage: Stage, epoch: int) -> list[Batch]:
        views: list[Views | None] = [None] * len(drawn)
        if drawn[0].views is not None:
            z = _aligned(self.network.encoder(_together([one.views for one in drawn])))
            of_each = zip(self.seeds, z.unbind(), _aligned(self.network.head(z)).unbind(), drawn, strict=True)
            views = [Views(own, training.method.predict(outputs), one.views) for training, own, outputs, one in of_each]
        z = _aligned(self.network.encoder(_together([one.examples.x for one in drawn])))
        if self.features:
            given = zip(self.seeds, z.unbind(), drawn, strict=True)
            z = _aligned(
                torch.stack([training.method.features(own, one.examples.y, epoch) for training, own, one in given])
            )
        parts = zip(self.seeds, drawn, z.unbind(), _aligned(self.network.head(z)).unbind(), views, strict=True)
        return [
            training.seen_by_method(one, own, outputs, own_views, stage, epoch)
            for training, one, own, outputs, own_views in parts
        ]


class _Linear(nn.Module):
    """Layers of one shape, a seed each: (S, B, I) -> (S, B, O). The layers' own weights become slices of it."""

    def __init__(self, layers: Sequence[nn.Linear]) -> None:
        super().__init__()
        self.weight = nn.Parameter(_aligned(torch.stack([layer.weight.detach() for layer in layers])))
        self.bias = nn.Parameter(_aligned(torch.stack([layer.bias.detach() for layer in layers])))
        self.updated: list[nn.Parameter] = []  # by an optimizer
        self.sliced: list[nn.Parameter] = []  # of which it updates the slices
        for name, whole in self.named_parameters():
            own = [getattr(layer, name) for layer in layers]
            for parameter, part in zip(own, whole.detach(), strict=True):
                parameter.data = part
            if whole[0].numel() % VECTOR == 0:
                self.updated.append(whole)
                continue
            # the numbers behind a tensor's last full vector are rounded otherwise, so that each slice needs its own
            whole.grad = torch.zeros_like(whole)
            for parameter, part in zip(own, whole.grad, strict=True):
                parameter.grad = part
            self.updated += own
            self.sliced.append(whole)

    def forget(self) -> None:
        """Drop the gradients; those that slices share become 0 where they are."""
        shared = [whole.grad for whole in self.sliced]
        self.zero_grad()
        for whole, grad in zip(self.sliced, shared, strict=True):
            assert grad is not None
            whole.grad = grad.zero_()

    def forward(self, x: Tensor) -> Tensor:
        """The outputs of every seed."""
        return _Products.apply(x, self.weight, self.bias)


class _Products(torch.autograd.Function):
    """In one call, or seed by seed where torch would round that call otherwise than the product of one layer."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        x = _aligned(x)
        ctx.save_for_backward(x, weight)
        if _in_one_call(x, weight.mT):
            return torch.baddbmm(bias[:, None], x, weight.mT)
        return torch.stack([nn.functional.linear(*one) for one in zip(x, weight, bias, strict=True)])

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:
        x, weight = ctx.saved_tensors
        apart = _aligned(grad)
        of_x = _product(apart, weight) if ctx.needs_input_grad[0] else None
        return of_x, _product(apart.mT, x), apart.sum(1)


def _product(a: Tensor, b: Tensor) -> Tensor:
    if _in_one_call(a, b):
        return torch.bmm(a, b)
    return torch.stack([one @ other for one, other in zip(a, b, strict=True)])


def _in_one_call(a: Tensor, b: Tensor) -> bool:
    sizes = (*a.shape[1:], b.shape[2])
    # where each seed's outcome begins decides how it is rounded, too
    return min(sizes) > 1 and math.prod(sizes) >= SMALL and a.shape[1] * b.shape[2] % VECTOR == 0


def _aligned(x: Tensor) -> Tensor:
    # what is of a seed begins where a full vector does, as a tensor of its own: some kernels round by where
    if x.stride(0) % VECTOR == 0:
        return x
    size = x[0].numel()
    return nn.functional.pad(x.flatten(1), (0, -size % VECTOR))[:, :size].view(x.shape)


def _stacked(networks: Sequence[Network]) -> Network:
    whole = copy.deepcopy(networks[0])
    for name, module in networks[0].named_modules():
        if isinstance(module, nn.Linear):
            parent, _, child = name.rpartition(".")
            layers: list[Any] = [network.get_submodule(name) for network in networks]
            setattr(whole.get_submodule(parent), child, _Linear(layers))
    return whole


def _together(inputs: Sequence[Any]) -> Tensor:
    # (B, ...) of each seed -> (S, B, ...); the whole split is the same for all
    first = inputs[0]
    return first.expand(len(inputs), *first.shape) if all(x is first for x in inputs) else torch.stack(list(inputs))
