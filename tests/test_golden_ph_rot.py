"""PH-Reg, its topology term alone and ROT-Reg against published values, other libraries and differences."""

import numpy as np
import pytest
import torch
from scipy.sparse.csgraph import minimum_spanning_tree
from torch import Tensor

from bench.functional.pair_distances import pair_distances
from bench.functional.spanning_trees import _boruvka, spanning_trees
from bench.method import Batch, Method, Task
from bench.methods.ph_reg import PHReg, ph_dimension, topology
from bench.methods.rot_reg import ROTReg, rot, transport_plan
from bench.methods.topo_ae import TopoAE
from bench.protocol import Protocol

PH = ("phreg-coord-full", "phreg-topo-coord", "phreg-agedb-b64")
ROT = ("rot-typical", "rot-ties", "rot-tiny")
DTYPES = (torch.float64, torch.float32)


def inputs(case, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    return case.tensor("in_features", dtype).requires_grad_(), case.tensor("in_targets", dtype)


def subsets(case) -> list[Tensor]:
    return [torch.from_numpy(case[key]) for key in sorted(case.arrays) if key.startswith("in_phdim_indices")]


def with_gradient(loss: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
    return loss, torch.autograd.grad(loss, z)[0]


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


@pytest.mark.parametrize("width", [3, 40])
def test_gradients_of_all_terms_agree_with_differences(width: int) -> None:
    rng = torch.Generator().manual_seed(2)
    z = torch.randn(9, width, dtype=torch.double, generator=rng, requires_grad=True)
    y = torch.randn(9, 2, dtype=torch.double, generator=rng)
    drawn = [torch.arange(4), torch.tensor([8, 0, 3, 5, 2, 7])]
    for term in (rot, topology, lambda z, y: ph_dimension(z, y, drawn)):
        assert torch.autograd.gradcheck(term, (z, y), eps=1e-6, atol=1e-6)


@pytest.mark.parametrize("gamma", [10, 0.1, 0.01, 0.001])
def test_plans_reach_their_marginals_for_features_on_a_line(gamma: float) -> None:
    cost = pair_distances(torch.rand(60, 1, generator=torch.Generator().manual_seed(3)))
    plan = transport_plan(cost / cost.max() + 999 * torch.eye(60), gamma)
    torch.testing.assert_close(plan.sum(1), torch.full((60,), 1 / 60, dtype=torch.double), rtol=0, atol=1e-10)


def test_plans_depend_on_the_ratio_of_cost_and_gamma_alone() -> None:
    cost = pair_distances(torch.rand(60, 2, generator=torch.Generator().manual_seed(3))) + 999 * torch.eye(60)
    torch.testing.assert_close(transport_plan(100 * cost, 0.5), transport_plan(cost, 0.005), rtol=1e-6, atol=0)


def kruskal(distances: np.ndarray) -> set[tuple[int, int]]:
    n = len(distances)
    group, edges = list(range(n)), set()
    pairs = [(i, j) for i in range(n) for j in range(i, n)]
    for i, j in sorted(pairs, key=lambda pair: distances[pair]):
        if (a := group[i]) != (b := group[j]):
            edges.add((i, j))
            group = [a if g == b else g for g in group]
    return edges


@pytest.mark.parametrize("trees", [spanning_trees, _boruvka])
@pytest.mark.parametrize("labels", [1, 3, 8, 1000])
def test_trees_take_equal_distances_in_row_major_order(labels: int, trees) -> None:
    rng = np.random.default_rng(labels)
    x = rng.integers(labels, size=(40, 2)).astype(float)
    distances = np.abs(x[:, None] - x).sum(2)
    subsets = [torch.from_numpy(rng.permutation(40)[:n]) for n in (1, 2, 3, 30, 40)]
    for rows, edges in zip(subsets, trees(torch.from_numpy(distances), subsets), strict=True):
        assert edges.shape == (2, len(rows) - 1)
        place = {int(row): i for i, row in enumerate(rows)}
        found = {tuple(sorted((place[i], place[j]))) for i, j in edges.T.tolist()}
        assert found == kruskal(distances[np.ix_(rows, rows)])


def test_tree_lengths_are_those_of_another_library() -> None:
    x = torch.randn(150, 64, generator=torch.Generator().manual_seed(4))
    rows = torch.randperm(150, generator=torch.Generator().manual_seed(5))[:90]
    (edges,) = spanning_trees(pair_distances(x), [rows])
    expected = minimum_spanning_tree(torch.cdist(x[rows].double(), x[rows].double()).numpy()).sum()
    assert (x[edges[0]] - x[edges[1]]).double().norm(dim=1).sum().item() == pytest.approx(expected, rel=1e-6)


def test_distances_of_near_duplicates_survive_float32() -> None:
    x = 30 + torch.randn(20, 200, generator=torch.Generator().manual_seed(6))
    x[1], x[2] = x[0], x[0]
    x[2, 0] += 0.01
    x.requires_grad_()
    distances = pair_distances(x)
    step = (x[2, 0] - x[0, 0]).item()  # what is left of it in float32
    assert distances[0, 1].item() == 0
    assert distances[0, 2].item() == pytest.approx(step, rel=1e-5)
    torch.testing.assert_close(distances.detach(), torch.cdist(x.detach().double(), x.detach().double()))
    grad = torch.autograd.grad(distances[0, 1] + distances[0, 2], x)[0]
    assert grad[2, 0].item() == pytest.approx(1, rel=1e-3)
    assert grad[1].abs().max() == 0


def batch(z: Tensor, y: Tensor) -> Batch:
    return Batch(y, None, z, y, y, torch.clone)  # type: ignore[arg-type]


def prepared(method: Method, y: Tensor) -> Method:
    method.prepare(Task(y, y, 0.0, 1.0, 1, None, Protocol(), torch.Generator().manual_seed(0)))
    return method


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


def test_published_sizes_hold_at_the_published_batch_and_scale_elsewhere() -> None:
    circle, agedb = PHReg(**PHReg.defaults["circle"]), PHReg(**PHReg.defaults["agedb"])
    assert circle.sizes_for(100) == [19, 39, 59, 79]
    assert agedb.sizes_for(256) == list(range(128, 256, 16))
    assert agedb.sizes_for(64) == [32, 36, 40, 44, 48, 52, 56, 60]
    assert len(agedb.sizes_for(2)) < 2


def test_the_topological_autoencoder_is_ph_reg_without_its_second_term() -> None:
    z, y = torch.randn(100, 8, generator=torch.Generator().manual_seed(8)), torch.rand(100, 2)
    for name, defaults in PHReg.defaults.items():
        whole = prepared(PHReg(**{**defaults, "dimension_weight": 0.0}), y).regularizer(batch(z, y))
        assert prepared(TopoAE(**TopoAE.defaults[name]), y).regularizer(batch(z, y)) == whole > 0


def test_the_one_sided_form_leaves_out_the_feature_tree() -> None:
    z = torch.tensor([[1.0], [0.2], [0.6]])
    y = torch.tensor([[0.0], [0.5], [1.0]])
    # targets .5 .5 apart on their tree 0-1-2, features .8 .4; features .4 .4 on theirs 0-2-1, targets 1 .5
    one, two = topology(z, y, one_sided=True).item(), topology(z, y).item()
    assert one == pytest.approx((0.3**2 + 0.1**2) / 2)
    assert two == pytest.approx(one + (0.6**2 + 0.1**2) / 2)


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
