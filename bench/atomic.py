"""Files that are whole or not there: written under another name, flushed, then renamed."""

import errno
import os
from pathlib import Path

from bench import leftovers
from bench.errors import BenchError


def replace_file(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old one or the new one, never a half: flushed, then renamed.

    Raises:
        OSError: it cannot be written, or is there and is a device, a pipe or the like, whose place no file may take.
    """
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise FileExistsError(errno.EEXIST, "it is no plain file", str(path))
    with leftovers.part(path.parent) as part:
        with part.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.chmod(0o644)
        part.replace(path)


def write_asked_for(path: Path, content: bytes) -> None:
    """As `replace_file`, of a file that somebody named.

    Raises:
        BenchError: it cannot be written.
    """
    try:
        replace_file(path, content)
    except OSError as error:
        raise BenchError(f"cannot write {path}: {error.strerror}; name another file") from None


def require_writable(folder: Path, option: str) -> None:
    """Make a folder and try to write to it: asked before hours of training, not after.

    What killed processes left in it is removed.

    Raises:
        BenchError: it cannot be written; names the option that chooses another.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with leftovers.part(folder) as probe:
            probe.write_bytes(b"\0")
    except OSError as error:
        raise BenchError(f"cannot write to {folder}: {error.strerror}; choose another folder with {option}") from None
    leftovers.remove_abandoned(folder)


def require_locks(folder: Path, option: str) -> None:
    """Try to lock a file in a folder: some network file systems cannot, and two runs there would lose predictions.

    Raises:
        BenchError: it cannot be locked; names the option that chooses another.
    """
    try:
        import fcntl
    except ImportError:  # Windows, whose file systems all can
        return
    with leftovers.part(folder) as probe:
        try:
            with probe.open("xb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BenchError(
                f"the file system of {folder} cannot lock files ({error.strerror}), so that two runs would destroy "
                f"each other's predictions; choose a folder on another one with {option}"
            ) from None
