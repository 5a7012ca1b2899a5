"""CORN against its formula, written out sample by sample."""

import math

import pytest

from support.binned import LABELS, prepared, sigmoid


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
