"""Ordinal regression against its formula, written out sample by sample."""

import math

import pytest

from support.binned import LABELS, prepared, sigmoid


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
