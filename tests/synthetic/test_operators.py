"""The operators: their equations, by other means than theirs."""

import numpy as np
import pytest
from scipy.integrate import solve_bvp

from bench.synthetic import operators
from bench.synthetic.operators import DEVIATION, FORCE, GRID, MODE_SENSORS, MODES, READINGS


def test_the_antiderivative_is_the_integral_of_its_function():
    from scipy.interpolate import CubicSpline

    pairs = operators.antiderivatives(200, np.random.default_rng(0))
    spline = CubicSpline(np.linspace(0, 1, 100), pairs.functions.T)
    integrals = spline.antiderivative()(pairs.points)[np.arange(200), np.arange(200)]
    np.testing.assert_allclose(pairs.values, integrals, atol=1e-5)
    assert pairs.values.std() > 0.3


def test_functions_have_a_squared_exponential_covariance():
    u = operators.antiderivatives(40_000, np.random.default_rng(0)).functions
    x = np.linspace(0, 1, 100)
    found = u[:, ::11].T @ u[:, ::11] / len(u)
    expected = np.exp(-((x[::11, None] - x[::11]) ** 2) / (2 * 0.2**2))
    np.testing.assert_allclose(found, expected, atol=0.03)  # a deviation of the mean is 0.007


def test_modes_give_their_kernel():
    x = np.linspace(0, 1, GRID)
    basis = operators.modes(0.5)
    assert basis.shape == (MODES, GRID)
    np.testing.assert_allclose(basis.T @ basis, np.exp(-((x[:, None] - x) ** 2) / (2 * 0.5**2)), atol=1e-5)
    assert (np.diff((basis**2).sum(1)) < 0).all()


def test_a_diffusion_solves_its_equation():
    x = np.linspace(0, 1, GRID)
    b, slope = 0.3 * np.sin(5 * x), 1.5 * np.cos(5 * x)

    def right(at, y):  # u' and u'' of exp(b) (u'' + b' u') = -10
        return np.stack([y[1], -FORCE * np.exp(-np.interp(at, x, b)) - np.interp(at, x, slope) * y[1]])

    exact = solve_bvp(right, lambda left, end: np.array([left[0], end[0]]), x, np.zeros((2, GRID)), tol=1e-6)
    np.testing.assert_allclose(operators.solve(b), exact.sol(x)[0], atol=1e-3)
    np.testing.assert_allclose(operators.solve(np.zeros(GRID)), 5 * x * (1 - x), atol=1e-3)


@pytest.mark.parametrize("scale", [0.2, 2.0])
def test_the_mean_solution_is_that_of_many_samples(scale):
    basis = operators.modes(scale)
    draws = DEVIATION * np.random.default_rng(0).standard_normal((20_000, MODES)) @ basis
    # each with its mirror image, which leaves a hundredth of the error
    sampled = (operators.solve(draws) + operators.solve(-draws)).mean(0) / 2
    assert np.abs(sampled - operators.solve(np.zeros(GRID))).max() > 2e-3
    np.testing.assert_allclose(operators.mean_solution(basis), sampled, atol=1e-4)


def test_mean_diffusions_are_read_at_points_of_their_grid():
    pairs = operators.mean_diffusions(300, np.random.default_rng(0))
    assert pairs.functions.shape == (300, MODES * MODE_SENSORS)
    assert len(np.unique(pairs.functions, axis=0)) == len(np.unique(pairs.function)) == 300 // READINGS
    at_ends = (pairs.points == 0) | (pairs.points == 1)
    assert not pairs.values[at_ends].any()
    x = pairs.points[~at_ends]
    inflated = pairs.values[~at_ends] / (5 * x * (1 - x))
    assert 1.001 < inflated.mean() < 1.006  # exp(0.1² / 2) is 1.005, less what the process has of a constant
    assert inflated.std() < 0.003
