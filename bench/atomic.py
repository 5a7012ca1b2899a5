"""Files that are whole or not there: written under another name, flushed, then renamed."""

import os
import tempfile
from pathlib import Path

from bench.errors import BenchError


def replace_file(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old one or the new one, never a half: flushed, then renamed."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def require_writable(folder: Path, option: str) -> None:
    """Make a folder and try to write to it: asked before hours of training, not after.

    Raises:
        BenchError: it cannot be written; names the option that chooses another.
    """
    probe = folder / ".probe"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise BenchError(f"cannot write to {folder}: {error.strerror}; choose another folder with {option}") from None
