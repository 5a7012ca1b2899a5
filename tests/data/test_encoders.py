"""Encoders kept by the hash of their weights."""

import pytest
import torch
from torch import nn

from bench.data import encoders
from bench.errors import BenchError


@pytest.fixture(autouse=True)
def _root(tmp_path, monkeypatch):
    monkeypatch.setenv("BENCH_DATA", str(tmp_path))


def network(width=3):
    return nn.Sequential(nn.Linear(2, width), nn.BatchNorm1d(width))


def test_what_was_kept_fills_another_network_of_its_shapes():
    one, other = network(), network()
    one[1].running_mean += 2
    name = encoders.keep(one.state_dict(), {"method": "rnc"})
    encoders.fill(other, name)
    assert all(torch.equal(value, other.state_dict()[key]) for key, value in one.state_dict().items())
    assert encoders.keep(other.state_dict(), {}) == name  # equal weights are one file
    assert len(list(encoders.path_of(name).parent.glob("*.safetensors"))) == 1
    one[0].weight.data[0, 0] += 1
    assert encoders.keep(one.state_dict(), {}) != name


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (
            network(4),
            r"0.weight is \(3, 2\) in it and \(4, 2\) on this dataset; start from a model of the same network",
        ),
        (nn.Linear(2, 3), r"weight is missing in it and \(3, 2\) on this dataset"),
        (network()[:1], r"1.bias is \(3,\) in it and missing on this dataset"),
    ],
)
def test_another_network_is_refused_and_left_as_it_was(other, message):
    name = encoders.keep(network().state_dict(), {})
    before = {key: value.clone() for key, value in other.state_dict().items()}
    with pytest.raises(BenchError, match=message):
        encoders.fill(other, name)
    assert all(torch.equal(value, before[key]) for key, value in other.state_dict().items())


def test_an_encoder_that_is_not_here_or_was_changed_is_named():
    name = encoders.keep(network().state_dict(), {})
    path = encoders.path_of(name)
    path.write_bytes(path.read_bytes()[:-4] + b"\0\0\0\0")
    with pytest.raises(BenchError, match="is not what it was; remove it and name the model again"):
        encoders.load(name)
    assert encoders.keep(network().state_dict(), {}) != name
    path.unlink()
    with pytest.raises(BenchError, match=f"the encoder {name} is not in .*; name its model again, as init=FILE"):
        encoders.load(name)
