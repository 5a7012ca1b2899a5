"""DLDL against its formula, written out sample by sample."""

import math

import pytest

from support.binned import LABELS, SCALE, SHIFT, prepared, softmax


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
