"""The tuned baseline: the baseline under other settings, which are those that `bench tune` kept."""

from dataclasses import replace

import pytest
import torch

from bench.bases.coordinates import Coordinates
from bench.bases.tuned_settings import outcomes
from bench.method import Method
from bench.methods.tuned_baseline import TunedBaseline
from bench.plugins import resolve
from bench.testing import contract
from bench.testing.toy import Toy
from bench.training.loop import Training

PUBLISHED = [name for name in outcomes() if isinstance(resolve.dataset(name).dataset, Coordinates)]


def weights(method, **settings):
    toy = Toy()
    training = Training(toy, replace(toy.protocol, **settings), toy.load(None), method, 0, torch.device("cpu"))
    training.fit()
    return training.network.state_dict()


def test_it_trains_as_the_baseline_does_under_the_same_settings():
    settings = {"lr": 0.02, "weight_decay": 0.3, "cosine_floor": 0.1}
    tuned, plain = weights(TunedBaseline(**settings)), weights(Method(), **settings)
    torch.testing.assert_close(tuned, plain, rtol=0, atol=0)
    assert not torch.equal(tuned["head.weight"], weights(Method())["head.weight"])


@pytest.mark.parametrize("name", PUBLISHED)
def test_settings_are_those_that_bench_tune_kept_for_the_very_dataset(name):
    on = resolve.dataset(name)
    ((_, values),) = resolve.method("tuned_baseline", on).parts
    assert {f"protocol.{field}": value for field, value in values.items()} == outcomes()[name]["best"]
    assert values != {field: getattr(on.protocol, field) for field in values}
    assert resolve.refusal("tuned_baseline", on.dataset) is None


@pytest.mark.parametrize("name", ["digits", "airfoil", "agedb[images=synthetic]", "stsb[text=small]", "swiss_roll"])
def test_it_is_refused_where_it_would_be_the_baseline(name):
    assert "kept nothing" in resolve.refusal("tuned_baseline", resolve.dataset(name).dataset)


def test_it_keeps_the_contract_of_methods_where_it_is_defined():
    class Anywhere(TunedBaseline):
        @classmethod
        def defaults_for(cls, dataset, protocol):
            return {**super().defaults_for(dataset, protocol), "weight_decay": 0.5}

        @classmethod
        def unsupported_reason(cls, dataset):
            return None

    assert [finding for finding in contract.check_method(Anywhere) if finding.state != "ok"] == []
