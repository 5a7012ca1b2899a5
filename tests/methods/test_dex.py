"""DEX against its formula, written out sample by sample."""

import math

import pytest

from support.binned import LABELS, prepared, softmax


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
