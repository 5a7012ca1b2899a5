"""ROT-Reg and its plans against the published code and against differences."""

import pytest
import torch
from torch import Tensor

from bench.functional.pair_distances import pair_distances
from bench.methods.rot_reg import ROTReg, rot, transport_plan
from support.ph_and_rot import DTYPES, batch, inputs, prepared, with_gradient

ROT = ("rot-typical", "rot-ties", "rot-tiny")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ROT)
def test_rot_has_the_published_value_and_unrolled_gradient(golden, name: str, dtype: torch.dtype) -> None:
    case = golden(name)
    z, y = inputs(case, dtype)
    loss, grad = with_gradient(rot(z, y), z)
    case.check(loss, "out_loss")
    case.check(grad, "out_grad_features")


@pytest.mark.parametrize("name", ROT)
def test_transport_plans_are_the_published_ones(golden, name: str) -> None:
    case = golden(name)
    z, y = case.tensor("in_features"), pair_distances(case.tensor("in_targets"))
    away = 999 * torch.eye(len(z), dtype=torch.double)
    case.check(transport_plan(pair_distances(z / z.norm(dim=1).mean()) + away, 0.1), "out_plan_z")
    case.check(transport_plan(y / y.max() + away, 0.1), "out_plan_y")


@pytest.mark.parametrize("name", ROT)
def test_constant_plans_give_the_other_published_gradient(golden, name: str) -> None:
    case = golden(name)
    z, y = inputs(case, torch.float64)
    _, grad = with_gradient(prepared(ROTReg(weight=1.0, gradient="constant"), y).regularizer(batch(z, y)), z)
    case.check(grad, "out_grad_features_plans_detached")


@pytest.mark.parametrize(("gamma", "loss"), [(0.01, 0.050162), (0.005, 0.0529)])
def test_rot_in_float32_stays_right_where_the_published_code_fails(golden, gamma: float, loss: float) -> None:
    z, y = inputs(golden("rot-typical"), torch.float32)
    value, grad = with_gradient(rot(z, y, gamma), z)
    exact = z.detach().double().requires_grad_()
    _, expected = with_gradient(rot(exact, y.double(), gamma), exact)
    assert value.item() == pytest.approx(loss, rel=2e-3)
    torch.testing.assert_close(grad.double(), expected, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("gamma", [0.5, 0.1, 0.02])
def test_the_gradient_of_a_plan_agrees_with_differences(gamma: float) -> None:
    x = torch.randn(7, 3, dtype=torch.double, generator=torch.Generator().manual_seed(1))
    cost = (torch.cdist(x, x) + 999 * torch.eye(7)).requires_grad_()
    assert torch.autograd.gradcheck(lambda c: transport_plan(c, gamma), (cost,), eps=1e-5, atol=1e-6)


@pytest.mark.parametrize("gamma", [10, 0.1, 0.01, 0.001])
def test_plans_reach_their_marginals_for_features_on_a_line(gamma: float) -> None:
    cost = pair_distances(torch.rand(60, 1, generator=torch.Generator().manual_seed(3)))
    plan = transport_plan(cost / cost.max() + 999 * torch.eye(60), gamma)
    torch.testing.assert_close(plan.sum(1), torch.full((60,), 1 / 60, dtype=torch.double), rtol=0, atol=1e-10)


def test_plans_depend_on_the_ratio_of_cost_and_gamma_alone() -> None:
    cost = pair_distances(torch.rand(60, 2, generator=torch.Generator().manual_seed(3))) + 999 * torch.eye(60)
    torch.testing.assert_close(transport_plan(100 * cost, 0.5), transport_plan(cost, 0.005), rtol=1e-5, atol=0)


def test_the_plan_of_the_same_targets_is_kept_and_holds_no_graph() -> None:
    z, y = torch.randn(30, 5, generator=torch.Generator().manual_seed(9)), torch.arange(30.0)[:, None]
    method = prepared(ROTReg(weight=1.0), y)
    first = method.regularizer(batch(z.requires_grad_(), y))
    assert method._known is not None
    kept = method._known[1]
    again = method.regularizer(batch(z, y.clone()))
    assert method._known[1] is kept
    assert not kept.requires_grad
    assert first == again == rot(z, y)
    method.regularizer(batch(z, y.flip(0).square()))
    assert method._known[1] is not kept


def test_a_plan_that_stops_early_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    z, y = torch.randn(30, 5, generator=torch.Generator().manual_seed(9)), torch.arange(30.0)[:, None]
    method = prepared(ROTReg(), y)
    method.regularizer(batch(z, y))
    assert method.unconverged == 0
    monkeypatch.setitem(transport_plan.__globals__, "STEPS", 1)
    method.regularizer(batch(z, y.square()))
    assert method.unconverged == 1


def test_a_start_nearby_or_far_off_leads_to_the_same_plan() -> None:
    rng = torch.Generator().manual_seed(13)
    z, y = torch.randn(40, 5, generator=rng), torch.rand(40, 1, generator=rng)
    for gamma in (0.1, 0.01):
        method = prepared(ROTReg(weight=1.0, gamma=gamma), y)
        for step in (0, 1e-3, 0.1, 5):
            z = z + step * torch.randn(40, 5, generator=rng)
            expected = with_gradient(rot(z.requires_grad_(), y, gamma), z)
            torch.testing.assert_close(
                with_gradient(method.regularizer(batch(z, y)), z), expected, rtol=1e-5, atol=1e-6
            )
            z = z.detach()
        assert method.unconverged == 0


def test_rows_are_drawn_after_the_features_are_scaled_and_from_the_methods_own_generator() -> None:
    rng = torch.Generator().manual_seed(10)
    z, y = torch.randn(50, 5, generator=rng), torch.rand(50, 1, generator=rng)
    method = prepared(ROTReg(weight=1.0, samples=20), y)
    state = torch.get_rng_state()
    value = method.regularizer(batch(z, y))
    assert torch.equal(state, torch.get_rng_state())
    drawn = torch.randperm(50, generator=torch.Generator().manual_seed(0))[:20]
    plans = [transport_plan(c + 999 * torch.eye(20), 0.1) for c in costs(z, y, drawn)]
    assert value.item() == pytest.approx((costs(z, y, drawn)[0] * (plans[0] - plans[1])).sum().abs().item())


def costs(z: Tensor, y: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
    far = pair_distances(y[rows])
    return pair_distances(z[rows]) / z.norm(dim=1).mean(), far / far.max()
