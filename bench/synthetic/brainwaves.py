"""Made-up EEG whose rhythms age: for the source of brain ages that needs no recording.

Of each person, noise whose spectrum falls as a power of the frequency, with rhythms on it. What ages: the alpha rhythm
quickens in childhood and slows down from 40 on, slow waves fade until 20, the spectrum flattens with the years, and
beta grows. How strong alpha and noise are, and how channels are mixed, says nothing of the age.
"""

import numpy as np

DEVIATION = 4.0  # years between the age that a signal sounds like and the label
CHANNELS, RATE = 21, 200  # and points a second


def people(ages: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """What a brain does: ages (N,) in years -> columns (N,), by name; frequencies in Hz, strengths in µV."""
    rng = np.random.default_rng(seed)
    n = len(ages)
    like = np.maximum(ages + DEVIATION * rng.standard_normal(n).clip(-2.5, 2.5), 0.5)
    return {
        "alpha": 10.2 - 6.0 * np.exp(-like / 5.0) - 0.03 * (like - 40).clip(0) + 0.4 * rng.standard_normal(n),
        "alpha_uv": rng.uniform(8.0, 20.0, n),
        "slow_uv": 4.0 + 30.0 * np.exp(-like / 9.0) * rng.uniform(0.7, 1.3, n),
        "beta_uv": (1.0 + 0.03 * like) * rng.uniform(0.7, 1.3, n),
        "slope": 1.3 - 0.006 * like + 0.05 * rng.standard_normal(n),
        "noise_uv": rng.uniform(6.0, 12.0, n),
        "seed": rng.integers(2**31, size=n).astype(np.float64),
    }


def record(columns: dict[str, np.ndarray], points: int) -> np.ndarray:
    """Signals in µV, columns (N,) -> (N, CHANNELS, points) float32."""
    frequency = np.fft.rfftfreq(points, 1 / RATE)
    made = np.empty((len(columns["seed"]), CHANNELS, points), dtype=np.float32)
    for row, own in enumerate(np.stack(list(columns.values()), axis=1)):
        person = dict(zip(columns, own, strict=True))
        rng = np.random.default_rng(int(person["seed"]))
        shape = person["noise_uv"] * _unit(frequency.clip(1 / 4) ** -person["slope"])
        shape = shape + person["alpha_uv"] * _unit(_peak(frequency, person["alpha"], 1.0))
        shape = shape + person["slow_uv"] * _unit(_peak(frequency, 2.5, 1.5))
        shape = shape + person["beta_uv"] * _unit(_peak(frequency, 20.0, 5.0))
        shape = np.where((frequency > 0.1) & (frequency < 49), shape, 0)
        phases = rng.standard_normal((CHANNELS, len(frequency), 2)).view(np.complex128)[..., 0]
        mixed = 0.6 * phases + 0.8 * phases[rng.permutation(CHANNELS)]
        made[row] = np.fft.irfft(shape * mixed, points, axis=1) * points / np.sqrt(2)
    return made


def _peak(frequency: np.ndarray, at: float, width: float) -> np.ndarray:
    return np.exp(-(((frequency - at) / width) ** 2) / 2)


def _unit(spectrum: np.ndarray) -> np.ndarray:
    # amplitudes of a signal of deviation 1
    return spectrum / np.sqrt((spectrum**2).sum() * 2)
