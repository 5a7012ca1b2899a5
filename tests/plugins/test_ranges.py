"""Values that a parameter cannot have: one line before anything trains, at every method and dataset."""

import json
import math
from typing import get_args, get_type_hints

import pytest

from bench import plugins, ranges
from bench.errors import BenchError
from bench.plugins import loading, resolve, schemas
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
    mt[copies=1000000000] mt[copies=8.5] mt[copies=true] mt[copies=none] balanced_mse[components=1000000000]
    balanced_mse[learned=2] balanced_mse[kind=none] srl[points=1000000000] srl[width=1000000] srl[weighted=maybe]
    srl[contrast=-1] srl[enveloping=nan] srl[homogeneity=inf] srl[layers=0] ph_reg[largest=1000000000]
    ph_reg[topology_weight=-1] ph_reg[dimension_weight=nan] ph_reg[form=max] ph_reg[one_sided=none]
    fds[sigma=1000000000] fds[momentum=nan] fds[alias=x] fds[high=inf] fds[last=-inf] fds[size=0] fds[kernel=box]
    lds[sigma=1e30] lds[size=2.5] lds[size=1000001] lds[scheme=none] lds[high=0] lds[low=1e400] oe[samples=1e9]
    oe[weight=1e400] oe[weight=1e30] conr[weight=-0.5] conr[temperature=inf] conr[form=both] conr[push=none]
    rot_reg[gradient=yes] rot_reg[gamma=1e400] rot_reg[samples=2] ranksim[interpolation=-inf] rnc[temperature=none]
    rnc[recipe=own] dldl[weight=inf] topo_ae[rows=1] topo_ae[batch=0] topo_ae[weight=-1] topo_ae[form=x]
    infdrop[weight=-1] infdrop[strength=nan] focal_r[power=3] focal_r[power=true] focal_r[activation=relu]
    baseline[loss=none] ema[decay=-0.1] ema[decay=1.5] sam[rho=-1] sam[rho=inf] cmixup[alpha=nan]
    dense_weight[epsilon=0] balanced_sampler[power=-1] balanced_sampler[power=nan] inv[low=-1] inv[high=0]
    rrt[low=-1] rrt[low=1.5] gaussian_nll[beta=-1]
    conr[temperature=1e-300] rot_reg[gamma=1e-45] conr[window=1e-39] fds[first=-1e-300]
"""


@pytest.mark.parametrize("text", REFUSED.split())
def test_a_value_out_of_range_is_one_line_that_names_the_parameter(text):
    with pytest.raises(BenchError) as raised:
        resolve.method(text, AIRFOIL)
    message = str(raised.value)
    assert "\n" not in message
    assert text.partition("[")[0] in message
    assert any(part.partition("=")[0] in message for part in text.partition("[")[2].rstrip("]").split(","))


def test_zero_has_one_name_whatever_its_sign():
    names = {resolve.method(f"conr[weight={zero}]", AIRFOIL).name for zero in ("0", "-0", "0.0", "-0.0", "-0e9")}
    assert names == {"conr[weight=0]"}
    assert math.copysign(1, with_protocol(Protocol(), {"protocol.weight_decay": -0.0}).weight_decay) == 1


def test_these_are_more_than_a_hundred_and_fifty():
    assert len(set(REFUSED.split())) + len(PROTOCOL) > 150


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


DATASETS = """
    stsb[hidden=0] circle[draw=-1] mammoth[draw=-1] agedb[size=3] agedb[rows=1] agedb[size=1000000000]
    imdb_wiki[rows=-5] imdb_wiki[rows=1e30] agedb[backbone=vit] stsb[hidden=1000000000] stsb[split=x]
    stsb[words=none] circle[draw=1e30] circle[draw=1.5] mammoth[points=none] digits[images=1] nyud2[weights=x]
    nyud2[selection=none] airfoil[rows=5] torus[draw=nan] swiss_roll[draw=true]
"""


@pytest.mark.parametrize("text", DATASETS.split())
def test_datasets_refuse_in_one_line_too(text):
    with pytest.raises(BenchError, match=text.partition("[")[2].partition("=")[0]):
        resolve.dataset(text)


PROTOCOL = [
    ("epochs", 0), ("epochs", True), ("epochs", 10**26), ("epochs", 2.5), ("batch_size", 0), ("batch_size", -4),
    ("lr", math.nan), ("lr", 0), ("lr", math.inf), ("lr", True), ("validate_every", -1), ("validate_steps", 0),
    ("patience", 0), ("momentum", 1.0), ("momentum", -0.1), ("weight_decay", -1), ("gamma", 0), ("clip", 0),
    ("cosine_floor", 1.5), ("milestones", [0]), ("milestones", [-3]), ("loss", "l3"), ("precision", "fp8"),
    ("lr", 1e-300), ("weight_decay", 1e-300),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value"), PROTOCOL)
def test_protocol_fields_have_ranges(field, value):
    with pytest.raises(BenchError, match=rf"protocol\.{field}"):
        with_protocol(Protocol(), {f"protocol.{field}": value})


@pytest.mark.parametrize("name", sorted(plugins.modules("method")))
def test_the_schema_and_the_words_have_each_range(name):
    schema = schemas.of_parameters("method", name)
    assert json.loads(json.dumps(schema, allow_nan=False)) == schema
    for parameter, hint in loading.hints(plugins.load("method", name)).items():
        found = schema["properties"][parameter]
        parts = found.get("anyOf", [found])
        assert found["description"] == ranges.in_words(hint)
        for part in parts:
            if part.get("type") in ("integer", "number") and "enum" not in part:
                assert {"minimum", "exclusiveMinimum"} & part.keys(), parameter
                assert {"maximum", "exclusiveMaximum"} & part.keys(), parameter


def test_the_protocols_schema_says_what_is_odd_and_what_is_none():
    assert schemas.of_parameters("method", "lds")["properties"]["size"]["not"] == {"multipleOf": 2}
    assert schemas.of_protocol()["properties"]["epochs"] == {
        "type": "integer", "minimum": 1, "maximum": 10**9, "default": 90,
        "description": "a whole number from 1 to 1,000,000,000",
    }  # fmt: skip
