"""Made-up EEG: rhythms that age, of the strengths that are asked for."""

import numpy as np

from bench.synthetic import brainwaves
from bench.synthetic.brainwaves import CHANNELS, RATE


def spectra(ages, seconds=10, seed=0):
    columns = brainwaves.people(np.array(ages, float), seed)
    signals = brainwaves.record(columns, seconds * RATE)
    power = (np.abs(np.fft.rfft(signals)) ** 2).mean(1)
    return columns, signals, np.fft.rfftfreq(seconds * RATE, 1 / RATE), power


def test_alpha_quickens_in_childhood_and_slows_down_with_age():
    columns, _, frequency, power = spectra([4] * 30 + [30] * 30 + [85] * 30)
    band = (frequency > 4) & (frequency < 13)
    flat = power[:, band] * frequency[band] ** 1.2  # without the fall
    peaks = frequency[band][flat.argmax(1)]
    child, grown, old = (np.median(peaks[start : start + 30]) for start in (0, 30, 60))
    assert child + 1 < old < grown - 0.5
    assert abs(np.median(peaks - columns["alpha"])) < 0.5


def test_slow_waves_fade_and_beta_grows():
    _, _, frequency, power = spectra([3] * 30 + [80] * 30)
    slow, beta = (power[:, (frequency > low) & (frequency < high)].mean(1) for low, high in ((1, 4), (16, 24)))
    assert np.median(slow[:30]) > 3 * np.median(slow[30:])
    assert np.median(beta[30:]) > 2 * np.median(beta[:30])


def test_strengths_are_in_microvolts():
    columns, signals, _, _ = spectra([40] * 20)
    parts = [columns[name] for name in ("alpha_uv", "slow_uv", "beta_uv", "noise_uv")]
    assert signals.shape == (20, CHANNELS, 10 * RATE)
    # amplitudes of one frequency add up: the whole is between the root of the squares and the sum
    found = signals.std((1, 2))
    assert (found > 0.8 * np.sqrt(sum(part**2 for part in parts))).all()
    assert (found < sum(parts)).all()


def test_signals_follow_from_their_numbers_whatever_batch_they_are_in():
    columns, signals, _, _ = spectra([10, 50, 90])
    again = brainwaves.record({name: column[1:2] for name, column in columns.items()}, 10 * RATE)
    np.testing.assert_array_equal(again[0], signals[1])
    assert not np.array_equal(spectra([10, 50, 90], seed=1)[1], signals)
