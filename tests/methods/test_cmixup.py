"""C-Mixup: which partner a row gets, and how the two are mixed."""

import numpy as np
import pytest
import torch

from bench.dataset import Dataset
from bench.methods.cmixup import CMixup
from support.batches import prepared

SHIFT, SCALE, SIGMA = 20.0, 4.0, 3.0
LABELS = torch.tensor([[10.0], [12.0], [12.0], [20.0], [31.0]])


def mixed(method, x, labels, scale=SCALE):
    prepared(method, labels, shift=SHIFT, scale=scale)
    return method.inputs(x, (labels - SHIFT) / scale)


def shares_of(method, number):
    """Over many batches, how often each row has each partner; and the share of the row itself."""
    prepared(method, LABELS, shift=SHIFT, scale=SCALE)
    x, count, shares = torch.eye(5, dtype=torch.float64), torch.zeros(5, 5, dtype=torch.float64), []
    for _ in range(number):
        mixture, _ = method.inputs(x, (LABELS - SHIFT) / SCALE)
        own = mixture.diagonal()
        partner = torch.where(own == 1, torch.arange(5), (mixture - torch.diag(own)).argmax(1))
        count[torch.arange(5), partner] += 1
        shares.append(own[partner != torch.arange(5)][:1])
    return count / number, torch.cat(shares)


def test_partners_come_by_a_gaussian_kernel_of_the_distance_of_labels():
    found, shares = shares_of(CMixup(alpha=2.0, sigma=SIGMA), 4000)
    labels = LABELS.flatten().double().numpy()
    kernel = np.exp(-((labels[:, None] - labels) ** 2) / (2 * SIGMA**2))
    expected = kernel / kernel.sum(1, keepdims=True)
    # four deviations of a share counted in 4000 draws
    np.testing.assert_allclose(found.numpy(), expected, atol=4 * np.sqrt(0.25 / 4000))
    # Beta(2, 2): mean 1/2, variance 1/20
    assert shares.mean().item() == pytest.approx(0.5, abs=4 * np.sqrt(0.05 / len(shares)))
    assert shares.var().item() == pytest.approx(0.05, rel=0.1)


def test_inputs_and_targets_are_mixed_alike():
    labels = torch.tensor([[1.0, 10.0, -3.0], [2.0, 20.0, 5.0], [4.0, 50.0, 0.0]])
    x, y = mixed(CMixup(sigma=1e6), labels.clone(), labels)
    assert not torch.equal(x, labels)
    torch.testing.assert_close(y * SCALE + SHIFT, x)


def test_one_share_holds_for_all_rows_of_a_batch():
    method = prepared(CMixup(sigma=1e6), LABELS)
    mixtures = [method.inputs(torch.eye(5), LABELS)[0].diagonal() for _ in range(20)]
    shares = [own[own < 1] for own in mixtures]
    assert all((own == own[0]).all() for own in shares)
    assert len({own[0].item() for own in shares}) == 20


def test_the_kernel_is_over_all_targets_together():
    # rows 0 and 1 agree in one target and are far in the other: only rows 0 and 2 are near
    labels = torch.tensor([[0.0, 0.0], [0.0, 90.0], [1.0, 1.0]])
    x = torch.tensor([[0.0], [1.0], [0.0]])
    method = CMixup(sigma=1.0)
    assert all(torch.equal(mixed(method, x, labels)[0], x) for _ in range(50))


def test_pictures_of_whole_numbers_become_their_mean():
    pictures = torch.tensor([[[[0, 255]]], [[[255, 0]]]], dtype=torch.uint8)
    x, _ = mixed(CMixup(sigma=1e6), pictures, torch.tensor([[1.0], [1.0]]))
    assert x.dtype == torch.float32
    torch.testing.assert_close(x.sum(-1), torch.full((2, 1, 1), 255.0))


@pytest.mark.parametrize("form", ["dense_targets", "token_inputs"])
def test_words_and_maps_are_refused(form):
    dataset = Dataset()
    assert CMixup.unsupported_reason(dataset) is None
    setattr(dataset, form, True)
    assert "cannot be mixed" in CMixup.unsupported_reason(dataset)
