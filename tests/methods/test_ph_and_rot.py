"""What PH-Reg, TopoAE and ROT-Reg have in common: gradients, types, and degenerate batches."""

import pytest
import torch

from bench.method import Method
from bench.methods.ph_reg import PHReg, ph_dimension, topology
from bench.methods.rot_reg import ROTReg, rot
from bench.methods.topo_ae import TopoAE
from support.ph_and_rot import batch, prepared, with_gradient


@pytest.mark.parametrize("width", [3, 40])
def test_gradients_of_all_terms_agree_with_differences(width: int) -> None:
    rng = torch.Generator().manual_seed(2)
    z = torch.randn(9, width, dtype=torch.double, generator=rng, requires_grad=True)
    y = torch.randn(9, 2, dtype=torch.double, generator=rng)
    drawn = [torch.arange(4), torch.tensor([8, 0, 3, 5, 2, 7])]
    for term in (rot, topology, lambda z, y: ph_dimension(z, y, drawn)):
        assert torch.autograd.gradcheck(term, (z, y), eps=1e-6, atol=1e-6)


@pytest.mark.parametrize("term", [topology, rot, lambda z, y: ph_dimension(z, y, [torch.arange(4), torch.arange(9)])])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_terms_take_any_float_and_targets_of_any_type(term, dtype: torch.dtype) -> None:
    rng = torch.Generator().manual_seed(11)
    z, y = torch.randn(9, 40, generator=rng), torch.randint(9, (9, 2), generator=rng)
    expected = term(z.to(dtype).double(), y.double())
    value = term(z.to(dtype), y)
    assert value.dtype == dtype
    torch.testing.assert_close(value.double(), expected, rtol=2e-2, atol=1e-3)


DEGENERATE = {
    "one row": (torch.ones(1, 4), torch.ones(1, 1)),
    "two rows": (torch.eye(2, 4), torch.eye(2, 1)),
    "equal labels": (torch.randn(100, 40, generator=torch.Generator().manual_seed(7)), torch.ones(100, 1)),
    "distinct labels": (torch.eye(100), torch.arange(100.0)[:, None]),
    "labels of zero and one": (torch.eye(100), (torch.arange(100.0) > 98)[:, None].float()),
    "equal features": (torch.ones(100, 40), torch.arange(100.0)[:, None]),
    "features of zero": (torch.zeros(100, 40), torch.arange(100.0)[:, None]),
    "features twice": (torch.eye(50, 40).repeat(2, 1), torch.arange(100.0)[:, None]),
}


@pytest.mark.parametrize("name", DEGENERATE)
@pytest.mark.parametrize("form", ["norm", "entry"])
def test_degenerate_batches_give_finite_values_and_gradients(name: str, form: str) -> None:
    z, y = DEGENERATE[name]
    z = z.clone().requires_grad_()
    small = [torch.arange(len(z) // 2), torch.arange(len(z))]
    terms = [topology(z, y, form), ph_dimension(z, y, small), rot(z, y)]
    terms += [prepared(make(), y).regularizer(batch(z, y)) for make in (PHReg, TopoAE, ROTReg)]
    for term in terms:
        value, grad = with_gradient(term, z)
        assert value.isfinite()
        assert grad.isfinite().all()
        if name in ("one row", "equal labels"):
            assert value == 0
            assert (grad == 0).all()


@pytest.mark.parametrize("width", [3, 40])
def test_features_that_are_not_numbers_give_no_number(width: int) -> None:
    z, y = torch.ones(9, width), torch.arange(9.0)[:, None]
    z[4, 1] = torch.nan
    for term in (topology(z, y), ph_dimension(z, y, [torch.arange(5), torch.arange(9)]), rot(z, y)):
        assert term.isnan()


@pytest.mark.parametrize("make", [PHReg, TopoAE, ROTReg])
def test_batches_without_a_term_are_counted(make: type[Method]) -> None:
    z, y = DEGENERATE["equal labels"]
    method = prepared(make(), y)
    method.regularizer(batch(z, y))
    method.regularizer(batch(z[:1], y[:1]))
    method.regularizer(batch(z, torch.arange(100.0)[:, None]))
    assert method.skipped == 2


@pytest.mark.parametrize("make", [PHReg, TopoAE, ROTReg])
def test_dense_batches_are_compared_by_the_pixels_that_count(make: type[Method]) -> None:
    rng = torch.Generator().manual_seed(12)
    z, y = (
        torch.randn(2, 6, 30, 40, generator=rng, requires_grad=True),
        torch.rand(2, 1, 30, 40, generator=rng),
    )
    dense = batch(z, y)
    dense.mask = torch.arange(40).expand(2, 1, 30, 40) >= 3
    value, grad = with_gradient(prepared(make(), y.flatten()[:, None]).regularizer(dense), z)
    assert value > 0
    assert grad[..., 3:].any()
    assert not grad[..., :3].any()
