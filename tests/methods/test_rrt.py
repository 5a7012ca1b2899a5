"""RRT: the weights of its two stages."""

import pytest
import torch

from bench.dataset import Bins
from bench.methods.rrt import RegressorRetraining
from bench.protocol import Protocol
from support.batches import prepared


def test_rrt_weighs_by_inverse_clipped_counts_in_its_second_stage_only():
    labels = torch.repeat_interleave(torch.tensor([0.5, 1.5, 2.5]), torch.tensor([1, 10, 40]))[:, None]
    method = prepared(RegressorRetraining(low=5, high=20), labels, Bins(0.0, 1.0, 4))
    weights = method.weights(labels)
    assert weights.mean().item() == pytest.approx(1)
    torch.testing.assert_close(weights[[0, 1, 50]] / weights[1], torch.tensor([[2.0], [1.0], [0.5]]))
    first, second = method.stages(Protocol())
    assert (first.weighted, first.regularized, first.encoder) == (False, True, "train")
    assert (second.weighted, second.regularized, second.encoder, second.new_head) == (
        True,
        False,
        "frozen",
        True,
    )
