"""PH-Reg against the published code, and its sizes."""

import pytest
import torch
from torch import Tensor

from bench.methods.ph_reg import PHReg, ph_dimension, topology
from support.ph_and_rot import DTYPES, inputs, with_gradient

PH = ("phreg-coord-full", "phreg-topo-coord", "phreg-agedb-b64")


def subsets(case) -> list[Tensor]:
    return [torch.from_numpy(case[key]) for key in sorted(case.arrays) if key.startswith("in_phdim_indices")]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", PH)
def test_the_topology_term_has_the_published_value_and_gradient(golden, name: str, dtype: torch.dtype) -> None:
    case = golden(name)
    z, y = inputs(case, dtype)
    rows = torch.from_numpy(case["in_topo_indices"]) if "in_topo_indices" in case else torch.arange(len(z))
    loss, grad = with_gradient(topology(z[rows], y[rows], "entry" if "agedb" in name else "norm"), z)
    case.check(loss, "out_topo")
    case.check(grad, "out_grad_topo")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["phreg-coord-full", "phreg-agedb-b64"])
def test_the_dimension_term_has_the_published_value_and_gradient(golden, name: str, dtype: torch.dtype) -> None:
    case = golden(name)
    z, y = inputs(case, dtype)
    loss, grad = with_gradient(ph_dimension(z, y, subsets(case)), z)
    case.check(loss, "out_phdim")
    case.check(grad, "out_grad_phdim")


def test_both_terms_add_up_to_the_published_sum(golden) -> None:
    case = golden("phreg-agedb-b64")
    z, y = inputs(case, torch.float64)
    loss, grad = with_gradient(topology(z, y, "entry") + 0.1 * ph_dimension(z, y, subsets(case)), z)
    case.check(loss, "out_combined")
    case.check(grad, "out_grad_combined")


def test_published_sizes_hold_at_the_published_batch_and_scale_elsewhere() -> None:
    circle, agedb = PHReg(**PHReg.defaults["circle"]), PHReg(**PHReg.defaults["agedb"])
    assert circle.sizes_for(100) == [19, 39, 59, 79]
    assert agedb.sizes_for(256) == list(range(128, 256, 16))
    assert agedb.sizes_for(64) == [32, 36, 40, 44, 48, 52, 56, 60]
    assert len(agedb.sizes_for(2)) < 2


def test_the_one_sided_form_leaves_out_the_feature_tree() -> None:
    z = torch.tensor([[1.0], [0.2], [0.6]])
    y = torch.tensor([[0.0], [0.5], [1.0]])
    # targets .5 .5 apart on their tree 0-1-2, features .8 .4; features .4 .4 on theirs 0-2-1, targets 1 .5
    one, two = topology(z, y, one_sided=True).item(), topology(z, y).item()
    assert one == pytest.approx((0.3**2 + 0.1**2) / 2)
    assert two == pytest.approx(one + (0.6**2 + 0.1**2) / 2)
