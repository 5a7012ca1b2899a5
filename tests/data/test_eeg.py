"""EEG out of EDF files: ages, electrodes, filter and cut."""

import builtins

import numpy as np
import pytest

from bench.data import eeg
from bench.data.eeg import CHANNELS, RATE
from bench.errors import BenchError
from support.edf import write_edf

TITLES = [f"EEG {name}-REF" for name in CHANNELS]


@pytest.fixture
def mne():
    return pytest.importorskip("mne", reason="needs the extra bench[eeg]", exc_type=ImportError)


def waves(seconds, rate, frequency=10.0, channels=21):
    """A sine of 50 µV, of channel k (k + 1) tenths of it."""
    time = np.arange(seconds * rate) / rate
    return 50 * np.sin(2 * np.pi * frequency * time) * (np.arange(channels)[:, None] + 1) / 10


def test_a_signal_comes_in_the_order_of_the_electrodes_at_200_points_a_second(mne, tmp_path):
    order = np.random.default_rng(0).permutation(len(CHANNELS))
    titles = [TITLES[k] for k in order] + ["EEG EKG1-REF"]
    signals = np.concatenate([waves(130, 250)[order], np.full((1, 130 * 250), 7.0)])
    write_edf(tmp_path / "a.edf", titles, signals, 250)
    found = eeg.read_signal(tmp_path / "a.edf", 10)
    assert found.shape == (21, 10 * RATE)
    time = 60 + np.arange(10 * RATE) / RATE  # from the second minute on
    expected = 50 * np.sin(2 * np.pi * 10 * time) * (np.arange(21)[:, None] + 1) / 10
    np.testing.assert_allclose(found, expected, atol=1)  # of 105 µV; a point is 30


def test_what_is_too_slow_or_too_fast_is_filtered_out(mne, tmp_path):
    write_edf(tmp_path / "a.edf", TITLES, 100 + waves(200, 250, 80.0), 250)
    assert np.abs(eeg.read_signal(tmp_path / "a.edf", 20)).max() < 2


def test_of_a_short_recording_the_end_is_read_and_a_shorter_one_is_refused(mne, tmp_path):
    write_edf(tmp_path / "a.edf", [title.replace("REF", "LE") for title in TITLES], waves(30, 250), 250)
    found = eeg.read_signal(tmp_path / "a.edf", 10)
    time = 20 + np.arange(10 * RATE) / RATE
    # the filter has nothing to go by beyond the end, and drifts; a point off would be 0.95
    assert np.corrcoef(found[9], np.sin(2 * np.pi * 10 * time))[0, 1] > 0.97
    with pytest.raises(BenchError, match="has 30 s, of 40 that are read"):
        eeg.read_signal(tmp_path / "a.edf", 40)


@pytest.mark.parametrize(
    ("patient", "age"),
    [("X M 01-JAN-1980 X Age:34", 34), ("X F X X Age: 0", 0), ("X F X X", None), ("X F X X Age:999", None)],
)
def test_the_header_tells_age_and_length(tmp_path, patient, age):
    write_edf(tmp_path / "a.edf", TITLES, waves(12, 100), 100, patient=patient)
    assert eeg.read_header(tmp_path / "a.edf") == (None if age is None else (age, 12))


def test_files_that_are_none_or_lack_an_electrode_are_named(mne, tmp_path):
    path = tmp_path / "a.edf"
    path.write_bytes(b"no recording")
    with pytest.raises(BenchError, match=r"a\.edf is no EDF file"):
        eeg.read_header(path)
    with pytest.raises(BenchError, match=r"a\.edf cannot be read") as error:
        eeg.read_signal(path, 10)
    assert "\n" not in str(error.value)
    write_edf(path, TITLES[:-1], waves(20, 100, channels=20), 100)
    with pytest.raises(BenchError, match="has no channel T6 of the 21"):
        eeg.read_signal(path, 10)


def test_without_mne_the_extra_is_named(tmp_path, monkeypatch):
    own = builtins.__import__
    monkeypatch.setattr(
        builtins, "__import__", lambda name, *rest: own("no such module" if name == "mne" else name, *rest)
    )
    with pytest.raises(BenchError, match=r"install the extra bench\[eeg\]"):
        eeg.read_signal(tmp_path / "a.edf", 10)
