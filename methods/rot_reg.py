"""ROT-Reg: each sample has the same near neighbours in the features as in the targets.

Zhang et al., Improving Deep Regression with Tightness, ICLR 2025, section 4.2.
Follows needylove/Regression_tightness ICLR25_OT.py at d47ff123b93d.
Differs: Newton steps in float64 reach the published plans, also at small gamma in float32; the gradient
through them is solved for at the optimum, not unrolled; batches of under 200 rows use all; equal labels give
0; dense batches draw from all pixels, not from every eighth.
Found: 145 ± 79 on mammoth, reported 87 ± 26. Neither gamma nor weight is published for it, seeds lie between 42 and 313
(the baseline's between 14 and 280), so that the one seed of the search cannot tell candidates apart, and its points
are another draw than the published one, mammoth[points=published]. On circle and torus the searched values reach what
is reported.
"""

import math
from typing import ClassVar, Literal

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx, once_differentiable

from bench.errors import BenchError
from bench.functional.devices import is_on_host
from bench.functional.pair_distances import pair_distances
from bench.functional.shapes import as_rows_of, require_axes, require_same
from bench.method import Batch, Method
from bench.ranges import AtLeastThree, NonNegative, Positive

SELF_COST = 999.0  # no sample is moved to itself
NEAREST = 1e-6  # the released code's smallest distance
TOLERANCE = 1e-10  # on the norm of the marginals' error
STEPS = 50  # at most, per level of gamma
NEARBY = 10  # from the last plan of the same rows
# on a GPU, where nobody looks: features on a line or in clusters take 2 to 5, one row 300 times as long as the rest 10
BLIND = 12
MOST_TYPICAL = 2.0  # mean cost: rows of mean norm 1 are at most 2 apart in the mean


class ROTReg(Method):
    """Match the transport cost of the features under their own plan and under the targets' plan.

    Batches whose plan did not reach the tolerance are counted in `unconverged`.

    Args:
        weight: of the term.
        gamma: smoothing of the plans; smaller is more local.
        samples: rows drawn from the batch.
        gradient: through the feature plan, as in the released code, or with both plans held constant.
    """

    defaults: ClassVar = {"agedb": {"weight": 100.0, "gamma": 0.1}, "nyud2": {"weight": 10.0, "gamma": 0.05}}
    origins: ClassVar = {
        "": "paper, section 5.1 (ages)",
        "samples": "code",
        "gradient": "code",
        "agedb": "paper, section 5.1",
        "nyud2": "paper, section 5.1",
    }
    # neither is published beyond ages and depth
    candidates: ClassVar = tuple({"gamma": g, "weight": 10.0**power} for g in (0.01, 0.1) for power in range(-1, 4))

    def __init__(
        self,
        weight: NonNegative = 100.0,
        gamma: Positive = 0.1,
        samples: AtLeastThree = 200,
        gradient: Literal["implicit", "constant"] = "implicit",
    ) -> None:
        super().__init__()
        if gamma <= 0:
            raise BenchError(f"gamma={gamma} gives no plan; choose one above 0, such as 0.1")
        self.weight, self.gamma, self.samples, self.gradient = weight, gamma, samples, gradient
        self.unconverged = 0
        self._known: tuple[Tensor, Tensor] | None = None  # the last target rows and their plan
        self._potential: Tensor | None = None  # of the last feature plan on these rows

    def regularizer(self, batch: Batch) -> Tensor:
        """The weighted term over some rows; a batch of fewer than three, or of equal labels, is skipped."""
        z, _, counts = batch.rows
        scale = _mean_norm(z, counts)
        z, y = batch.sample(self.samples, self.task.generator)
        if len(z) < 3:
            self.skipped += 1
            return batch.z.sum() * 0
        differ = (y != y[:1]).any()
        cost = _feature_cost(z, scale)
        plan_y = self._plan_of(y)
        plan_z, self._potential = _Plan.apply(cost, self.gamma, self._potential)
        reached = [_error(p.detach().sum(1)) < 10 * TOLERANCE for p in (plan_y, plan_z)]
        self.skipped += ~differ
        self.unconverged += differ & ~torch.stack(reached).all()
        if self.gradient == "constant":
            plan_z = plan_z.detach()
        return self.weight * torch.where(differ, _gap(cost, plan_y, plan_z), 0).to(z.dtype)

    def _plan_of(self, y: Tensor) -> Tensor:
        if not is_on_host(y):
            return _target_plan(y, self.gamma)
        # training on the whole set at once brings the same rows every step: then their plans hardly move
        if self._known is None or not torch.equal(self._known[0], y):
            self._known, self._potential = (y.detach().clone(), _target_plan(y, self.gamma)), None
        return self._known[1]


def rot(features: Tensor, targets: Tensor, gamma: float = 0.1) -> Tensor:
    """|<C, T_y> - <C, T_z>| with C the distances of features over their mean norm; (n, D), (n, T) -> ().

    T_z is the plan of C, T_y that of the targets' distances over their largest. Fewer than three rows, or
    equal targets, give 0.

    >>> features = torch.tensor([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [3.0, 1.0]])
    >>> rot(features, torch.tensor([1.0, 5.0, 2.0, 9.0]))
    tensor(0.0259)
    """
    targets = as_rows_of(features, targets)
    if len(features) < 3:
        return features.sum() * 0
    cost = _feature_cost(features, _mean_norm(features))
    gap = _gap(cost, _target_plan(targets, gamma), transport_plan(cost, gamma))
    return torch.where((targets != targets[:1]).any(), gap, 0).to(features.dtype)


def transport_plan(cost: Tensor, gamma: float) -> Tensor:
    """The entropic plan of a symmetric cost between uniform marginals, (n, n) -> (n, n), with its gradient.

    An asymmetric cost counts as its symmetric part.

    >>> transport_plan(torch.tensor([[0.0, 1.0], [1.0, 0.0]]), gamma=1.0).sum(1)
    tensor([0.5000, 0.5000])
    """
    require_axes(cost, "costs")
    require_same(cost, cost.T, "costs", "their transpose")
    return _Plan.apply(cost, gamma, None)[0]  # type: ignore[no-any-return, index]


class _Plan(torch.autograd.Function):
    """T = exp(f_i + f_j - C_ij / gamma), where f makes the row sums 1/n."""

    @staticmethod
    def forward(ctx: FunctionCtx, cost: Tensor, gamma: float, start: Tensor | None) -> tuple[Tensor, Tensor]:
        plan, f = _solve((cost.double() + cost.double().T) / 2, gamma, start)
        ctx.save_for_backward(plan)
        ctx.gamma = gamma  # type: ignore[attr-defined]
        ctx.mark_non_differentiable(f)
        return plan.to(cost.dtype), f

    @staticmethod
    @once_differentiable
    def backward(ctx: FunctionCtx, grad: Tensor, _: Tensor) -> tuple[Tensor, None, None]:  # type: ignore[override]
        # row sums stay fixed: (diag(T 1) + T) df = (T * dC) 1 / gamma; dT = T * (df_i + df_j - dC / gamma)
        (plan,) = ctx.saved_tensors  # type: ignore[attr-defined]
        pull = plan * (grad + grad.T)
        dual = _newton(plan, plan.sum(1), pull.sum(1))
        slope = (plan * (dual[:, None] + dual) - pull) / (2 * ctx.gamma)  # type: ignore[attr-defined]
        return slope.to(grad.dtype), None, None


def _solve(cost: Tensor, gamma: float, start: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """The plan in float64 and its f, from a start nearby, or else while gamma is halved down to its value."""
    free = is_on_host(cost)
    if start is not None and free:
        plan, f = _descend(cost / gamma, start, TOLERANCE, NEARBY)
        if _error(plan.sum(1)) < TOLERANCE:
            return plan, f
    n = len(cost)
    plan, f = cost, cost.new_zeros(n)
    typical = float((cost.sum() - cost.trace()) / max(n * (n - 1), 1)) if free else MOST_TYPICAL
    halvings = math.ceil(math.log2(max(0.04 * typical / gamma, 1))) if math.isfinite(typical) else 0
    for level in reversed(range(1 + halvings)):
        exponent = cost / (gamma * 2**level)
        f = 2 * f
        for _ in range(2):  # slow near the end but safe from any start
            f = _average(f, exponent)
        plan, f = _descend(exponent, f, 1e-3 if level else TOLERANCE, STEPS)
    return plan, f


def _descend(exponent: Tensor, f: Tensor, tolerance: float, steps: int) -> tuple[Tensor, Tensor]:
    """Newton steps on f, a fixed-point step between any two, until the row sums are as they should be."""
    plan, free = exponent, is_on_host(exponent)
    for _ in range(steps if free else min(steps, BLIND)):
        f = _average(f, exponent)
        plan = (f[:, None] + f - exponent).exp_()
        sums = plan.sum(1)
        if free and _error(sums) < tolerance:
            break
        f = f + _newton(plan, sums, 1 / len(sums) - sums).clamp(-1, 1)
    return plan, f


def _average(f: Tensor, exponent: Tensor) -> Tensor:
    # f <- (f + T(f)) / 2
    return (f - math.log(len(f)) - torch.logsumexp(f - exponent, 1)) / 2


def _newton(plan: Tensor, sums: Tensor, right: Tensor) -> Tensor:
    # a plan that pairs the rows off makes this singular, along a direction that leaves the plan as it is
    factor = torch.linalg.cholesky_ex(plan + torch.diag(sums * (1 + 1e-12)))[0]
    return torch.cholesky_solve(right[:, None].to(plan.dtype), factor)[:, 0]


def _error(sums: Tensor) -> Tensor:
    return (sums - 1 / len(sums)).norm()


def _feature_cost(z: Tensor, scale: Tensor) -> Tensor:
    return _with_self_cost((pair_distances(z) / scale).clamp(min=NEAREST))


def _target_plan(y: Tensor, gamma: float) -> Tensor:
    with torch.no_grad():
        cost = pair_distances(y).clamp(min=NEAREST)
        return transport_plan(_with_self_cost(cost / cost.max()), gamma)


def _with_self_cost(cost: Tensor) -> Tensor:
    return cost + SELF_COST * torch.eye(len(cost), dtype=cost.dtype, device=cost.device)


def _gap(cost: Tensor, plan_y: Tensor, plan_z: Tensor) -> Tensor:
    return (cost * (plan_y - plan_z)).sum().abs()


def _mean_norm(z: Tensor, counts: Tensor | None = None) -> Tensor:
    norm = torch.linalg.vector_norm(z, dim=1)
    size = norm.mean() if counts is None else (norm * counts).sum() / counts.sum()
    return torch.where(size == 0, 1, size).double()
