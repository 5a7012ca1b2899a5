"""L2CS-Net against its released loss, and with one target or several."""

import pytest
import torch

from bench.dataset import Bins
from bench.errors import ShapeError
from bench.methods.dex import dex
from bench.methods.l2cs import L2CS, l2cs
from bench.plugins import resolve
from support.batches import prepared, random
from support.binned import SCALE
from support.binned import prepared as prepared_batch
from support.devices import in_both_precisions, on_every_device

GAZE = torch.tensor([[-8.0, 2.0], [-1.0, 7.5], [4.0, -3.0]])
CENTERS = torch.tensor([0.0, 1.0, 3.0])


@on_every_device
@in_both_precisions
@pytest.mark.parametrize("name", ["l2cs-mpiigaze", "l2cs-gaze360"])
def test_value_gradient_and_predictions_are_those_of_the_published_code(golden, name, dtype, device):
    case = golden(name)
    logits = case.tensor("in_logits", dtype, device).requires_grad_()
    targets, centers = (case.tensor(key, dtype, device) for key in ("in_targets", "in_centers"))
    loss = l2cs(logits, case.tensor("in_bins", torch.int64, device), targets, centers, case["in_weight"].item())
    loss.backward()
    case.check(loss, "out_loss")
    case.check(logits.grad, "out_grad_logits")
    case.check(logits.softmax(2) @ centers, "out_predictions")


def test_the_error_counts_in_label_units_and_weights_count_rows():
    method, batch = prepared_batch("l2cs", weight=0.3)
    error = ((batch.y_hat - batch.y) * SCALE).square()
    entropy = torch.stack([dex(batch.outputs[i : i + 1], batch.targets[i]) for i in range(6)])
    torch.testing.assert_close(method.loss(batch), ((entropy + 0.3 * error[:, 0]) * batch.w[:, 0]).mean())


def test_each_target_has_its_own_bins_of_one_head():
    method = prepared(L2CS(), GAZE, Bins(-9.0, 3.0, 6), scale=2.0)
    outputs = method.head(lambda outputs: torch.nn.Linear(5, outputs), 2)(random(3, 5)).detach()
    assert outputs.shape == (3, 12)
    expected = [outputs[:, :6].softmax(1) @ method.centers, outputs[:, 6:].softmax(1) @ method.centers]
    torch.testing.assert_close(method.predict(outputs), torch.stack(expected, 1))
    assert method.targets(GAZE / 2).tolist() == [[0, 3], [2, 5], [4, 2]]


def test_without_the_error_it_is_cross_entropy():
    logits, bins = random(4, 1, 3), torch.tensor([0, 2, 1, 1])
    torch.testing.assert_close(l2cs(logits, bins, bins.float(), CENTERS, weight=0.0), dex(logits[:, 0], bins))


@pytest.mark.parametrize(
    "given",
    [(random(4, 3), (4,), (4, 1)), (random(4, 1, 3), (3, 1), (4, 1)), (random(4, 2, 3), (4, 2), (4, 1))],
)
def test_targets_that_would_broadcast_are_refused(given):
    logits, bins, targets = given
    with pytest.raises(ShapeError):
        l2cs(logits, torch.zeros(bins, dtype=torch.int64), torch.zeros(targets), CENTERS)


def test_it_is_refused_on_depth_and_without_bins():
    for name, why in {"nyud2": "dense", "circle": "none"}.items():
        on = resolve.dataset(name)
        assert why in resolve.method("l2cs", on).refusal(on.dataset)
