"""EMA: the average after some steps, and that it is what is validated, kept and tested."""

import pytest
import torch
from torch import nn

from bench.method import Method, Stage
from bench.methods.ema import EMA
from bench.plugins import resolve
from bench.testing.toy import Toy
from bench.training.loop import Training

CPU = torch.device("cpu")


class Walk(nn.Module):
    def __init__(self, start):
        super().__init__()
        self.w = nn.Parameter(torch.tensor(start))
        self.register_buffer("spread", torch.tensor(start))
        self.register_buffer("count", torch.tensor(0))

    def go(self, to):
        with torch.no_grad():
            self.w.fill_(to)
            self.spread.fill_(2 * to)
            self.count += 1


def walked(decay, places):
    method, network = EMA(decay), Walk(places[0])
    method.stage_start(network, Stage())
    for place in places[1:]:
        network.go(place)
        method.step_end(network)
    return method.evaluated(network), network


def test_the_average_after_three_steps_is_that_by_hand():
    mean, network = walked(0.6, [1.0, 2.0, 6.0, 11.0])
    # first a plain mean, 1/2 and then 1/3 new, until that is less than 1 - decay: then always 0.4 new
    expected = 1.0
    for share, place in ((1 / 2, 2.0), (0.4, 6.0), (0.4, 11.0)):
        expected += share * (place - expected)
    assert mean.w.item() == pytest.approx(expected)
    assert (network.w.item(), network.count.item()) == (11.0, 3)


def test_the_first_steps_give_a_plain_mean():
    mean, _ = walked(0.999, [1.0, 2.0, 6.0, 11.0])
    assert mean.w.item() == pytest.approx(5.0)


def test_buffers_are_averaged_and_counters_copied():
    mean, network = walked(0.999, [1.0, 2.0, 6.0])
    assert mean.spread.item() == pytest.approx((1 + 4 + 12) / 3)
    assert mean.count.item() == network.count.item() == 2


def fit(method, **changes):
    toy = Toy()
    training = Training(toy, toy.protocol, toy.load(None), method, 0, CPU, changes=changes)
    training.fit()
    return training


def test_training_itself_is_the_baselines_and_only_what_is_tested_is_averaged():
    class Watch(EMA):
        def step_end(self, network):
            super().step_end(network)
            self.last = {key: value.clone() for key, value in network.state_dict().items()}

    class Plain(Method):
        def step_end(self, network):
            self.last = {key: value.clone() for key, value in network.state_dict().items()}

    averaged, plain = fit(Watch()), fit(Plain())
    torch.testing.assert_close(averaged.method.last, plain.method.last, rtol=0, atol=0)
    tested = averaged.network.state_dict()
    assert not torch.equal(tested["head.weight"], averaged.method.last["head.weight"])


def test_with_one_epoch_the_average_of_the_last_step_is_what_is_tested():
    training = fit(EMA(), epochs=1)
    mean = training.method.evaluated(training.network).state_dict()
    torch.testing.assert_close(dict(training.network.state_dict()), dict(mean), rtol=0, atol=0)


def test_no_optimizer_holds_the_average_and_each_stage_starts_anew():
    method, network = EMA(), Walk(1.0)
    method.stage_start(network, Stage())
    assert method.parameter_groups() == []
    network.go(5.0)
    method.step_end(network)
    method.stage_start(network, Stage())
    assert method.evaluated(network).w.item() == 5.0


@pytest.mark.parametrize("text", ["infdrop+ema", "rrt+ema", "rnc+ema", "ranksim+ema", "sam+ema"])
def test_it_stacks_with_methods_that_watch_the_encoder_or_have_stages(text):
    on = resolve.dataset("airfoil[rows=synthetic]", {"protocol.epochs": 1})
    splits = on.dataset.load(None)
    training = Training(on.dataset, on.protocol, splits, resolve.method(text, on).build(), 0, CPU)
    training.fit()
    assert training.predict(splits.test).isfinite().all()
