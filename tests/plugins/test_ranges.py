"""Values that a parameter cannot have: one line before anything trains, at every method and dataset."""

import math
from typing import get_args, get_type_hints

import pytest

from bench import plugins
from bench.errors import BenchError
from bench.plugins import resolve
from bench.protocol import Protocol, with_protocol

AIRFOIL = resolve.dataset("airfoil[rows=synthetic]")
REFUSED = """
    conr[temperature=-1] conr[temperature=0] conr[window=nan] conr[window=-1] conr[push=-1] conr[weight=inf]
    rot_reg[samples=-1] rot_reg[samples=1] rot_reg[gamma=0] rot_reg[gamma=nan] rot_reg[weight=-1] dldl[sigma=-1]
    dldl[sigma=0] dldl[weight=-1] balanced_mse[noise=-1] balanced_mse[noise=0] balanced_mse[lr=-1]
    balanced_mse[components=0] oe[weight=-1] oe[samples=0] oe[samples=1] lds[high=1,low=10] lds[size=0] lds[size=4]
    lds[sigma=0] lds[sigma=nan] lds[low=-1] ranksim[interpolation=0] ranksim[weight=nan] ph_reg[smallest=300]
    ph_reg[smallest=1] ph_reg[step=0] ph_reg[batch=0] ph_reg[rows=1] mt[copies=0] mt[copies=-1] mt[copies=1000000]
    fds[size=2] fds[momentum=2] fds[momentum=-1] fds[low=2,high=1] fds[first=9,last=3] fds[first=nan] fds[sigma=-1]
    inv[low=9,high=2] rrt[low=9,high=2] rrt[high=0] rnc[temperature=0] srl[layers=3] srl[width=0] srl[points=0]
    srl[temperature=-1] srl[momentum=1] srl[alpha=nan] topo_ae[rows=0] topo_ae[batch=-3] infdrop[strength=0]
    focal_r[beta=0] focal_r[gamma=-1] baseline[beta=0] ema[decay=1] sam[rho=0] cmixup[alpha=0] cmixup[sigma=-2]
    gaussian_nll[beta=2] gaussian_nll[epsilon=0] dense_weight[alpha=-1] balanced_sampler[power=3]
"""


@pytest.mark.parametrize("text", REFUSED.split())
def test_a_value_out_of_range_is_one_line_that_names_the_parameter(text):
    with pytest.raises(BenchError) as raised:
        resolve.method(text, AIRFOIL)
    message = str(raised.value)
    assert "\n" not in message
    assert text.partition("[")[0] in message
    assert any(part.partition("=")[0] in message for part in text.partition("[")[2].rstrip("]").split(","))


@pytest.mark.parametrize("name", sorted(plugins.modules("method")))
def test_every_number_that_a_method_takes_has_a_range_and_its_defaults_are_inside(name):
    cls = plugins.load("method", name)
    hints = get_type_hints(cls.__init__, include_extras=True)
    for parameter, hint in hints.items():
        parts = [hint] if hasattr(hint, "__metadata__") else [hint, *get_args(hint)]
        assert int not in parts, parameter
        assert float not in parts, parameter
    for dataset in sorted(plugins.modules("dataset")):
        on = resolve.dataset(dataset)
        (part,) = resolve.method(name, on).parts
        for parameter, value in part[1].items():
            if value is not None and not isinstance(value, bool):
                resolve._read(name, parameter, str(value), hints[parameter])


@pytest.mark.parametrize(
    "text", ["stsb[hidden=0]", "circle[draw=-1]", "mammoth[draw=-1]", "agedb[size=3]", "agedb[rows=1]"]
)
def test_datasets_refuse_in_one_line_too(text):
    with pytest.raises(BenchError, match=text.partition("[")[2].partition("=")[0]):
        resolve.dataset(text)


PROTOCOL = [
    ("epochs", 0), ("epochs", True), ("epochs", 10**26), ("epochs", 2.5), ("batch_size", 0), ("batch_size", -4),
    ("lr", math.nan), ("lr", 0), ("lr", math.inf), ("lr", True), ("validate_every", -1), ("validate_steps", 0),
    ("patience", 0), ("momentum", 1.0), ("momentum", -0.1), ("weight_decay", -1), ("gamma", 0), ("clip", 0),
    ("cosine_floor", 1.5), ("milestones", [0]), ("milestones", [-3]), ("loss", "l3"), ("precision", "fp8"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value"), PROTOCOL)
def test_protocol_fields_have_ranges(field, value):
    with pytest.raises(BenchError, match=rf"protocol\.{field}"):
        with_protocol(Protocol(), {f"protocol.{field}": value})
