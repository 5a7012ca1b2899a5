"""Operators between functions on [0, 1], and made-up functions: what the operator-learning task is drawn from.

Lu et al., Learning nonlinear operators via DeepONet, Nature Machine Intelligence 2021; equations and numbers as in
lululxvi/deeponet src/ at 8d62345afd39: system.py and spaces.py (antiderivative), sde.py (stochastic diffusion).
"""

from dataclasses import dataclass

import numpy as np

SENSORS = 100  # where a function of the antiderivative is read
SMOOTHNESS = 0.2  # length scale of these functions
PERIOD = 3.0  # of their Fourier series: correlation over the other two thirds is below e^-50
WAVES = 20  # of which the last has a variance of 4e-16

GRID = 100  # points on which the diffusion is solved, and where its solution is read
MODES, MODE_SENSORS = 8, 30  # of a process, and points at which each is read
SCALES = (0.2, 2.0)  # length scales of a process
DEVIATION = 0.1  # of the logarithm of the diffusion
FORCE = 10.0
SAMPLES = 20_000  # of the process, whose mean solution is a label
READINGS = 10  # points at which the solution of one process is read


@dataclass(frozen=True)
class Pairs:
    """Functions read at sensors, and what an operator makes of each at one point.

    Args:
        functions: (N, M) values at the sensors.
        points: (N,) in [0, 1].
        values: (N,) of the operator's output there.
        drawn: numbers that all else follows from, for a fingerprint that no processor's rounding changes.
        function: (N,) which function a row has.
    """

    functions: np.ndarray
    points: np.ndarray
    values: np.ndarray
    drawn: np.ndarray
    function: np.ndarray


def antiderivatives(number: int, rng: np.random.Generator) -> Pairs:
    """G(u)(x) = integral of u from 0 to x; u a Gaussian process of variance 1 with a squared-exponential kernel.

    Drawn as a Fourier series, so that the integral is exact; published code has a Cholesky factor on 1,000 points,
    cubic interpolation between them and a Runge-Kutta solver.
    """
    draws, points = rng.standard_normal((number, 2, WAVES)), rng.random(number)
    frequency = 2 * np.pi / PERIOD * np.arange(WAVES)
    power = SMOOTHNESS * np.sqrt(2 * np.pi) / PERIOD * np.exp(-((frequency * SMOOTHNESS) ** 2) / 2)
    scaled = draws * np.sqrt(power * np.where(frequency > 0, 2, 1))  # waves of both signs in one
    sensors, at = (frequency * x[:, None] for x in (np.linspace(0, 1, SENSORS), points))
    functions = scaled[:, 0] @ np.cos(sensors).T + scaled[:, 1] @ np.sin(sensors).T
    divided = np.where(frequency > 0, frequency, 1)
    cosine = np.where(frequency > 0, np.sin(at) / divided, points[:, None])
    values = (scaled[:, 0] * cosine + scaled[:, 1] * (1 - np.cos(at)) / divided).sum(1)
    return Pairs(functions, points, values, np.column_stack([draws.reshape(number, -1), points]), np.arange(number))


def mean_diffusions(number: int, rng: np.random.Generator) -> Pairs:
    """G(b)(x) = E u(x) where (exp(b) u')' = -10 on [0, 1] and u is 0 at both ends; READINGS rows a process.

    b is a Gaussian process of deviation 0.1, known by the modes of its kernel. Its mean solution is found by
    three-point quadrature along each mode; the published one is the mean of 20,000 samples, whose error is drawn, to
    first order.

    Args:
        number: of rows, a multiple of READINGS.
    """
    processes = number // READINGS
    scales = rng.uniform(*SCALES, processes)
    signs = rng.choice([-1.0, 1.0], (processes, MODES))  # of no meaning, and left to chance as published
    errors = rng.standard_normal((processes, MODES)) / np.sqrt(SAMPLES)
    places = rng.permuted(np.tile(np.arange(GRID), (processes, 1)), axis=1)[:, :READINGS]
    grid, sensors = np.linspace(0, 1, GRID), np.linspace(0, 1, MODE_SENSORS)
    functions, values = [], []
    for scale, sign, error, place in zip(scales, signs, errors, places, strict=True):
        basis = modes(scale)
        solution = mean_solution(basis) + solve(DEVIATION * (error[:, None] * basis).sum(0)) - solve(np.zeros(GRID))
        solution[[0, -1]] = 0  # and not the rounding of one processor
        read = [np.interp(sensors, grid, mode) for mode in sign[:, None] * basis]
        functions.append(np.tile(np.concatenate(read), (READINGS, 1)))
        values.append(solution[place])
    return Pairs(
        np.concatenate(functions),
        grid[places].ravel(),
        np.concatenate(values),
        np.column_stack([scales, signs, errors, places]),
        np.repeat(np.arange(processes), READINGS),
    )


def modes(scale: float) -> np.ndarray:
    """Eigenfunctions of a squared-exponential kernel, each times the root of its eigenvalue, (MODES, GRID).

    Largest first; each is positive at 0.
    """
    grid = np.linspace(0, 1, GRID)
    weight = np.sqrt(_trapezoid(GRID))
    kernel = np.exp(-((grid[:, None] - grid) ** 2) / (2 * scale**2))
    values, vectors = np.linalg.eigh(weight[:, None] * kernel * weight)
    vectors = (vectors / weight[:, None]).T[::-1][:MODES]
    return np.sqrt(np.maximum(values[::-1][:MODES], 0))[:, None] * vectors * np.sign(vectors[:, :1])


def mean_solution(basis: np.ndarray) -> np.ndarray:
    """Mean of `solve` over processes with these modes, (MODES, GRID) -> (GRID,); off by less than 2e-5 (measured)."""
    along = DEVIATION * np.sqrt(3) * basis
    middle = solve(np.zeros(GRID))
    return middle + (solve(along) + solve(-along) - 2 * middle).sum(0) / 6


def solve(b: np.ndarray) -> np.ndarray:
    """The solution u of (exp(b) u')' = -10 with u(0) = u(1) = 0; (..., GRID) -> (..., GRID), by the trapezoid rule."""
    falling = np.exp(-b)
    once = _integral(falling)
    twice = _integral(FORCE * np.linspace(0, 1, GRID) * falling)
    return twice[..., -1:] / once[..., -1:] * once - twice


def _integral(y: np.ndarray) -> np.ndarray:
    steps = np.cumsum((y[..., 1:] + y[..., :-1]) / (2 * (GRID - 1)), axis=-1)
    return np.concatenate([np.zeros((*y.shape[:-1], 1)), steps], axis=-1)


def _trapezoid(points: int) -> np.ndarray:
    weights = np.full(points, 1 / (points - 1))
    weights[[0, -1]] /= 2
    return weights
