"""RRT: the weights of its two stages."""

from dataclasses import replace

import pytest
import torch

from bench.dataset import Bins, Split
from bench.methods.rrt import RegressorRetraining
from bench.plugins import resolve
from bench.protocol import Protocol
from bench.training.loop import Training
from bench.training.model import Network
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


def test_the_second_stage_may_have_a_length_a_rate_and_no_weights_of_its_own():
    _, second = RegressorRetraining(epochs=10, lr=1e-4, weighted=False).stages(Protocol())
    assert (second.changes, second.weighted) == ({"epochs": 10, "lr": 1e-4}, False)


def test_on_depth_the_whole_refinement_is_drawn_and_trained_anew():
    on = resolve.dataset("nyud2[images=synthetic,weights=scratch]")
    training = object.__new__(Training)  # without its rooms, which take a minute to make
    torch.manual_seed(0)
    encoder, training.width = on.dataset.encoder(None)
    training.dataset, training.protocol, training.device = on.dataset, on.protocol, torch.device("cpu")
    training.method = resolve.method("rrt", on).build_method()
    training.new_encoder = lambda: on.dataset.encoder(None)[0]
    training.train = Split(torch.zeros(1), torch.zeros(1, 1))
    training.network = Network(encoder, training.new_head())
    before = encoder.refinement[0][0].weight.clone()
    training.new_regressor()
    encoder.requires_grad_(False)
    optimizer = training.optimizer(on.protocol, training.method.stages(on.protocol)[1])
    sizes = [parameter.numel() for group in optimizer.param_groups for parameter in group["params"]]
    assert sum(sizes) == 822_913  # of module R of the released network
    assert not torch.equal(before, encoder.refinement[0][0].weight)
    held = {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
    assert {id(parameter) for parameter in encoder.refinement.parameters()} <= held


def test_what_trains_in_the_second_stage_on_depth_is_the_refinement_and_the_head(tmp_path):
    changes = {"protocol.epochs": 1}
    on = resolve.dataset("nyud2[images=small]", changes)
    splits = on.dataset.load(tmp_path)
    rows = replace(splits.train, x=splits.train.x[:8], labels=splits.train.labels[:8], mask=splits.train.mask[:8])
    few = replace(splits, train=rows, reference_rows=torch.arange(8))
    method = resolve.method("rrt", on).build_method()
    training = Training(on.dataset, on.protocol, few, method, 0, torch.device("cpu"), changes=changes)
    seen = {}

    def stage_start(network, stage):
        seen[stage.name] = {name: value.clone() for name, value in network.named_parameters()}

    method.stage_start = stage_start
    training.fit()
    after = dict(training.network.named_parameters())
    moved = {
        name.rpartition(".")[0] for name, value in seen["regressor"].items() if not torch.equal(value, after[name])
    }
    assert moved
    assert {name for name in moved if not name.startswith(("head", "encoder.refinement"))} == set()
