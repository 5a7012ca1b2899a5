"""Small EDF files, written by hand to the format's specification."""

import numpy as np


def write_edf(path, channels, signals, rate, patient="X M 01-JAN-1980 X Age:34", unit="uV", limit=1000.0):
    """Write signals (C, L) in their unit, one record a second.

    Args:
        patient: of the header, 80 letters at most.
    """
    count, points = signals.shape
    seconds = points // rate

    def text(value, width):
        return f"{value}".ljust(width)[:width]

    header = [text("0", 8), text(patient, 80), text("Startdate 01-JAN-2013", 80), text("01.01.13", 8)]
    header += [text("00.00.00", 8), text(256 * (1 + count), 8), text("", 44), text(seconds, 8), text(1, 8)]
    header += [text(count, 4)]
    columns = [
        (channels, 16), (["AgAgCl"] * count, 80), ([unit] * count, 8), ([-limit] * count, 8), ([limit] * count, 8),
        ([-32768] * count, 8), ([32767] * count, 8), ([""] * count, 80), ([rate] * count, 8), ([""] * count, 32),
    ]  # fmt: skip
    header += [text(value, width) for values, width in columns for value in values]
    digits = np.rint((signals + limit) / (2 * limit) * 65535 - 32768).clip(-32768, 32767).astype("<i2")
    records = digits[:, : seconds * rate].reshape(count, seconds, rate).transpose(1, 0, 2)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("".join(header).encode("ascii") + records.tobytes())
