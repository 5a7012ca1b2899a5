"""Every step on a stand-in for a GPU: tensors that are not on the host, as far as PyTorch can tell, and computed there.

It fails where a tensor was left on the host, and counts how often the host waits for the device: for a number, for a
size that the data decide, or for a copy. It says nothing about CUDA's own kernels; the tests marked `gpu` do.
"""

from collections import Counter
from functools import cache
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

from bench import plugins
from bench.data import image_cache
from bench.method import Batch
from bench.methods.oe import ordinal_entropy
from bench.methods.ranksim import one_per_label, ranksim
from bench.methods.rot_reg import rot
from bench.plugins import resolve
from bench.stack import overrides
from bench.synthetic import faces
from bench.testing.toy import Toy
from bench.training.loop import Training

HOST, DEVICE = torch.device("cpu"), torch.device("meta")
COPIES = ("_to_copy", "copy_")
SIZED_BY_DATA = ("_local_scalar_dense", "nonzero", "unique_dim", "_unique2", "masked_select", "bincount", "equal")
waits: Counter[str] = Counter()


class There(torch.Tensor):
    """A tensor on the device; `held` is what it is made of."""

    held: torch.Tensor

    @staticmethod
    def __new__(cls, held):
        shape, strides, start = held.shape, held.stride(), held.storage_offset()
        made = torch.Tensor._make_wrapper_subclass(
            cls, shape, strides=strides, storage_offset=start, dtype=held.dtype, device=DEVICE
        )
        made.held = held
        return made

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return compute(func, args, kwargs or {})

    def tolist(self):
        waits["tolist"] += 1
        return self.held.tolist()


class Placed(TorchDispatchMode):
    """While active, tensors made for the device are There."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return compute(func, args, kwargs or {})


def compute(func, args, kwargs):
    name, wanted = func.overloadpacket.__name__, kwargs.get("device")
    given = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
    there = [tensor for tensor in given if isinstance(tensor, There)]
    here = [tensor for tensor in given if not isinstance(tensor, There)]
    goes_there = isinstance(args[0], There) if name == "copy_" else bool(there)
    if wanted is not None:
        goes_there = torch.device(wanted) == DEVICE
        kwargs = {**kwargs, "device": HOST}
    if name in COPIES:
        crosses = bool(here if goes_there else there)
        waits[name] += crosses and not kwargs.get("non_blocking")
    elif there:
        indices = tree_leaves(args[1]) if name in ("index", "index_put_") else ()
        by_mask = any(index.dtype == torch.bool for index in indices if index is not None)
        waits[name] += name in SIZED_BY_DATA or by_mask
        assert all(tensor.dim() == 0 for tensor in here), f"{func} has a tensor on the host and one on the device"
    known = {id(tensor.held): tensor for tensor in there}  # what is changed in place stays itself

    def placed(value):
        if id(value) in known or not isinstance(value, torch.Tensor) or not goes_there:
            return known.get(id(value), value)
        return There(value)

    return tree_map(placed, func(*tree_map(held, args), **tree_map(held, kwargs)))


def held(value):
    return value.held if isinstance(value, There) else value


@pytest.fixture(autouse=True)
def device_of_its_own(monkeypatch):
    plain = torch.tensor

    def tensor(data, *, dtype=None, device=None):
        made = plain(data, dtype=dtype)
        return made if device is None else made.to(device)

    # these make real tensors without asking a dispatch mode
    monkeypatch.setattr(torch, "tensor", tensor)
    monkeypatch.setattr(torch.Tensor, "new_tensor", lambda like, data: tensor(data, dtype=like.dtype).to(like.device))
    monkeypatch.setitem(image_cache.FITS, "meta", image_cache.FITS["cuda"])
    monkeypatch.setitem(faces.PIXELS, "meta", faces.PIXELS["cuda"])


def step(on, name, splits, device):
    """Losses and gradients of one step of every stage, and how often it waited for the device."""
    training = Training(on.dataset, on.protocol, splits, resolve.method(name, on).build(), 0, device)
    for part in (*training.network.modules(), *training.method.modules()):
        if isinstance(part, nn.Dropout):
            part.p = 0.0  # a GPU draws in its own order
    for epoch in (1, 2) if overrides(training.method, "epoch_end") else ():
        training.method.epoch_end(*training.training_features(epoch), epoch)  # once an epoch the host may wait
    stages = training.method.stages(on.protocol)
    for stage in stages:
        training.method.stage_start(training.network, stage)
    waits.clear()
    found = [tensor for stage in stages for tensor in whole_step(training, stage)]
    counted = +waits
    evaluated = training.method.evaluated(training.network)
    return [held(tensor) for tensor in (*found, *evaluated.parameters())], counted


def whole_step(training, stage):
    """Loss and gradients of a step as the method takes it."""
    drawn = training.draw(training.method.sampler(len(training.train), training.order)[:16], stage)
    parameters = list(training.network.parameters())
    optimizer = torch.optim.SGD(parameters, lr=1e-3)

    def backward():
        loss = training.loss(training.forward(drawn, stage, 3), stage)
        optimizer.zero_grad()
        loss.backward()
        return loss.detach()

    loss = training.method.step(optimizer, backward)
    training.method.step_end(training.network)
    return [loss, *(p.grad for p in parameters if p.grad is not None)]


@cache
def loaded(name):
    return resolve.dataset(name).dataset.load(Path())


def check(on, name, atol=2e-6):
    if resolve.method(name, on).refusal(on.dataset):
        pytest.skip("not defined here")
    splits = loaded(on.name) if on.name != "toy" else on.dataset.load(Path())
    expected, _ = step(on, name, splits, HOST)
    with Placed():
        actual, counted = step(on, name, splits, DEVICE)
    torch.testing.assert_close(actual, expected, rtol=1e-4, atol=atol)
    assert not counted


def toy(targets):
    data = Toy(targets)
    return resolve.NamedDataset("toy", "toy", {}, data, data.protocol)


METHODS = plugins.methods()


@pytest.mark.parametrize("targets", [1, 3])
@pytest.mark.parametrize("name", METHODS)
def test_a_step_is_the_same_on_another_device_and_never_waits_for_it(name, targets):
    check(toy(targets), name)


@pytest.mark.parametrize("name", METHODS)
def test_a_step_on_dense_targets_is_the_same_on_another_device_and_never_waits_for_it(name):
    # of a thousand similarities some are so near that rounding ranks them
    check(resolve.dataset(resolve.dataset("nyud2").dataset.small), name, 1e-3 if name == "ranksim" else 1e-6)


@pytest.mark.parametrize("name", ["lds", "conr", "rnc", "infdrop"])
@pytest.mark.parametrize("dataset", ["agedb[protocol=rnc]", "digits", "stsb", "concrete[rows=synthetic]", "circle"])
def test_augmentation_and_views_of_every_kind_of_data_stay_on_the_device(dataset, name):
    on = resolve.dataset(dataset)
    check(resolve.dataset(on.dataset.small) if on.dataset.small else on, name)


@pytest.mark.parametrize("labels", [[3.0, 1.0, 3.0, 2.0, 1.0, 3.0], [3.0, 1.0, 2.0], [2.0, 2.0], [5.0]])
def test_terms_over_distinct_labels_are_the_same_with_empty_slots(labels):
    y, rng = torch.tensor(labels)[:, None], torch.Generator().manual_seed(0)
    for targets in (y, torch.cat([y, 1 - y], 1), torch.cat([0 * y, y], 1)):
        z = torch.randn(len(y), 4, generator=rng)
        expected = by_labels(z, targets)
        with Placed():
            waits.clear()
            actual = by_labels(z.to(DEVICE), targets.to(DEVICE))
            assert waits.total() == 2  # these two copies
        torch.testing.assert_close([held(value) for value in actual], expected)


def by_labels(z, y):
    z = z.clone().requires_grad_()
    rows, found = one_per_label(y, torch.Generator().manual_seed(1))
    terms = [ordinal_entropy(z, y), ranksim(z[rows], y[rows], present=found.present)]
    return [*terms, *(torch.autograd.grad(term, z)[0] for term in terms)]


@pytest.mark.parametrize("gamma", [0.1, 0.05, 0.01])
@pytest.mark.parametrize("far", [1, 100])
def test_transport_plans_are_the_same_after_steps_that_nobody_looks_at(gamma, far):
    z, y = torch.randn(60, 5, generator=torch.Generator().manual_seed(2)), torch.arange(60.0)[:, None].sqrt()
    z[0] *= far
    expected = rot(z, y, gamma)
    with Placed():
        waits.clear()
        actual = rot(z.to(DEVICE), y.to(DEVICE), gamma)
        assert waits.total() == 2
    torch.testing.assert_close(held(actual), expected)


def test_where_too_few_pixels_count_some_are_taken_again_and_no_other():
    z, y = torch.randn(2, 3, 4, 5), torch.rand(2, 1, 4, 5)
    mask = y > y.flatten().sort().values[-7]
    with Placed():
        given = [tensor.to(DEVICE) for tensor in (y, z, mask)]
        batch = Batch(given[0], None, given[1], given[1], given[0], lambda outputs: outputs, mask=given[2])
        drawn, labels = map(held, batch.sample(20, torch.Generator().manual_seed(3)))
    assert drawn.shape == (20, 3)
    assert set(labels.flatten().tolist()) == set(y[mask].tolist())


def test_the_stand_in_sees_a_tensor_left_on_the_host_and_every_wait():
    with Placed():
        x = torch.ones(3).to(DEVICE)
        with pytest.raises(AssertionError, match="on the host"):
            x + torch.ones(3)
        waits.clear()
        x.sum().item(), x[x > 0], x.unique(), x.cpu(), torch.ones(3).to(DEVICE)
        assert waits.total() == 5
