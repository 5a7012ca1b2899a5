"""EEG recordings in EDF files of the Temple University Hospital: age and length from the header, signals by MNE."""

import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from bench.data import reading
from bench.errors import BenchError

CHANNELS = ("A1", "A2", "C3", "C4", "CZ", "F3", "F4", "F7", "F8", "FP1", "FP2",
            "FZ", "O1", "O2", "P3", "P4", "PZ", "T3", "T4", "T5", "T6")  # fmt: skip
RATE, LOWEST, HIGHEST = 200, 0.1, 49.0  # points a second; Hz
START, MARGIN = 60, 40  # seconds: before what is read, and around it for the filter
OLDEST = 100  # years
EXTRA = "install the extra bench[eeg]: pip install 'regression-bench[eeg]'"


def read_header(path: Path) -> tuple[int, int] | None:
    """Age in years and length in seconds, from an EDF file's header; None where it states no age up to 100.

    Raises:
        BenchError: it is no EDF file.
    """
    with reading.opened(path) as file:
        header = file.read(256).decode("latin-1")
    try:
        seconds = int(int(header[236:244]) * float(header[244:252]))
    except ValueError:
        raise BenchError(f"{path} is no EDF file: its header states no length; get it again") from None
    age = re.search(r"\bAge:\s*(\d+)", header[8:88])
    return (int(age[1]), seconds) if age and int(age[1]) <= OLDEST else None


def read_signal(path: Path, seconds: int) -> np.ndarray:
    """So many seconds of a recording, from its second minute on or as late as there are, in µV, (21, points).

    Raises:
        BenchError: it cannot be read, lacks a channel, or is too short; or MNE is not there.
    """
    try:
        import mne  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise BenchError(f"{path} is read by MNE; {EXTRA}") from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of headers that are not quite to the letter, and of short filters
            raw = mne.io.read_raw_edf(path, preload=False, verbose="ERROR")
            return _cut(raw, path, seconds)
    except BenchError:
        raise
    except Exception as error:  # a broken file fails in MNE in all sorts of ways
        raise BenchError(f"{path} cannot be read: {reading.why(error)}; get it again") from None


def _cut(raw: Any, path: Path, seconds: int) -> np.ndarray:
    names, length = {_electrode(name): name for name in raw.ch_names}, raw.n_times / raw.info["sfreq"]
    if missing := [name for name in CHANNELS if name not in names]:
        raise BenchError(f"{path} has no channel {missing[0]} of the {len(CHANNELS)}; get it again")
    if length < seconds:
        raise BenchError(f"{path} has {length:.0f} s, of {seconds} that are read; take fewer seconds")
    start = int(min(START, length - seconds))
    before, after = max(0, start - MARGIN), min(start + seconds + MARGIN, int(length))
    raw.pick([names[name] for name in CHANNELS])  # in this order
    raw.crop(before, after, include_tmax=False).load_data(verbose="ERROR")
    raw.filter(LOWEST, HIGHEST, picks="all", verbose="ERROR").resample(RATE, verbose="ERROR")
    return raw.get_data(units="uV")[:, (start - before) * RATE :][:, : seconds * RATE]


def _electrode(channel: str) -> str:
    # EEG FP1-REF, or -LE of another reference -> FP1
    return re.sub(r"-(REF|LE|AR)$", "", re.sub(r"^EEG ", "", channel.upper()))
