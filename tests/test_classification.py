"""The classification baselines against their formulas, written out sample by sample."""

import math

import pytest
import torch

from bench import plugins
from bench.dataset import Bins
from bench.method import Batch, Task
from bench.protocol import Protocol

LABELS = torch.tensor([[1.0], [1.0], [2.0], [4.0], [4.0], [4.0]])
SHIFT, SCALE = 2.0, 4.0


def prepared(name, **params):
    method = plugins.load("method", name)(**params)
    y = (LABELS - SHIFT) / SCALE
    method.prepare(Task(LABELS, y, SHIFT, SCALE, 3, Bins(0.0, 1.0, 6), Protocol(), torch.Generator()))
    outputs = method.head(lambda k: torch.nn.Linear(3, k), 1)(
        torch.randn(6, 3, generator=torch.Generator().manual_seed(1))
    )
    outputs = outputs.detach()
    w = torch.tensor([[0.5], [1.0], [1.0], [2.0], [1.0], [0.5]])
    return method, Batch(y, w, torch.zeros(6, 3), outputs, method.targets(y), method.predict)


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def softmax(row):
    total = sum(math.exp(v) for v in row)
    return [math.exp(v) / total for v in row]


def test_centres_are_the_mean_training_labels_or_the_middle_of_an_empty_bin():
    method, _ = prepared("dex")
    torch.testing.assert_close(method.centers * SCALE + SHIFT, torch.tensor([0.5, 1.0, 2.0, 3.5, 4.0, 5.5]))


def test_dex_is_cross_entropy_and_predicts_the_expectation():
    method, batch = prepared("dex")
    loss, mean = 0.0, []
    for row, label, w in zip(
        batch.outputs.tolist(), LABELS.flatten().tolist(), batch.w.flatten().tolist(), strict=True
    ):
        p = softmax(row)
        loss -= w * math.log(p[int(label)]) / 6
        mean.append(sum(a * b for a, b in zip(p, method.centers.tolist(), strict=True)))
    assert method.loss(batch).item() == pytest.approx(loss, rel=1e-5)
    assert batch.y_hat.flatten().tolist() == pytest.approx(mean, rel=1e-5)


def test_dldl_is_the_divergence_to_a_gaussian_plus_the_error_of_the_expectation():
    method, batch = prepared("dldl", sigma=1.5, weight=0.7)
    centers = (method.centers * SCALE + SHIFT).tolist()
    loss = 0.0
    for i, label in enumerate(LABELS.flatten().tolist()):
        wanted = softmax([-((c - label) ** 2) / (2 * 1.5**2) for c in centers])
        p = softmax(batch.outputs[i].tolist())
        divergence = sum(a * math.log(a / b) for a, b in zip(wanted, p, strict=True))
        loss += batch.w[i].item() * (divergence + 0.7 * abs(batch.y_hat[i].item() - batch.y[i].item())) / 6
    assert method.loss(batch).item() == pytest.approx(loss, rel=1e-5)


def test_ordinal_weighs_each_boundary_by_the_root_of_its_samples_and_none_by_nothing():
    method, batch = prepared("ordinal")
    roots = [math.sqrt(n) for n in (1, 2, 1, 1, 3)]  # where no label lies, as if one did
    importance = [root * 5 / sum(roots) for root in roots]
    loss = 0.0
    for i, label in enumerate(LABELS.flatten().tolist()):
        for k in range(5):
            p = sigmoid(batch.outputs[i, k].item())
            loss -= batch.w[i].item() * importance[k] * math.log(p if label > k else 1 - p) / 30
    assert method.loss(batch).item() == pytest.approx(loss, rel=1e-5)


def test_corn_trains_each_boundary_on_the_samples_above_the_one_before():
    method, batch = prepared("corn")
    loss, pairs = 0.0, 0
    for i, label in enumerate(LABELS.flatten().tolist()):
        for k in range(5):
            if label >= k:
                p = sigmoid(batch.outputs[i, k].item())
                loss -= batch.w[i].item() * math.log(p if label > k else 1 - p)
                pairs += 1
    assert method.loss(batch).item() == pytest.approx(loss / pairs, rel=1e-5)


@pytest.mark.parametrize(("name", "logits", "bin_"), [
    ("ordinal", [3.0, 2.0, -1.0, -2.0, -3.0], 2),
    ("corn", [3.0, 2.0, 0.1, 4.0, 4.0], 2),  # .95 * .88 * .52 is under a half
    ("corn", [9.0, 9.0, 9.0, 9.0, 9.0], 5),
])  # fmt: skip
def test_boundaries_give_the_highest_bin_that_is_more_likely_than_not(name, logits, bin_):
    method, _ = prepared(name)
    assert method.predict(torch.tensor([logits])).item() == method.centers[bin_].item()
