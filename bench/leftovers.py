"""Files and folders that are not finished: named after the process that makes them, and gone when it is.

A process that is killed removes nothing. So each one that begins such a file first starts a small one (this file, run
as a script), which holds the other end of a pipe: it is told of each path, and when the pipe closes it removes what is
left. What even that does not reach, as where a machine lost its power, the next process that writes there removes.
"""

import contextlib
import hashlib
import os
import platform
import secrets
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

PREFIX = ".part-"
ABANDONED_S = 86400.0  # after which a path of another machine, whose processes are not to be seen, is nobody's
SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGTSTP")

_lock = threading.Lock()
_pipe: int | None = None  # to the process that removes what this one leaves


@contextlib.contextmanager
def part(folder: Path) -> Iterator[Path]:
    """A new path in a folder for what is to be renamed when it is whole; whatever still lies there is removed."""
    path = folder / f"{PREFIX}{_here()}-{os.getpid()}-{secrets.token_hex(6)}"
    removed_if_killed(path)
    try:
        yield path
    finally:
        remove(path)
        _tell(b"-", path)


def removed_if_killed(path: Path) -> None:
    """Have a file or folder removed when this process ends, however it ends."""
    _tell(b"+", path)


def remove(path: Path | bytes) -> None:
    """Remove a file or folder, if it is there and can be."""
    with contextlib.suppress(OSError):
        if os.path.isdir(path) and not os.path.islink(path):  # noqa: PTH112, PTH114 (of bytes)
            shutil.rmtree(path, ignore_errors=True)
        else:
            os.unlink(path)  # noqa: PTH108


def remove_abandoned(folder: Path, pattern: str = "") -> None:
    """Remove what killed processes left in a folder; `pattern` begins with `**/` or `*/` for those below it."""
    with contextlib.suppress(OSError):
        for path in folder.glob(f"{pattern}{PREFIX}*"):
            if _is_abandoned(path):
                remove(path)


def _is_abandoned(path: Path) -> bool:
    here, _, rest = path.name.removeprefix(PREFIX).partition("-")
    process = rest.partition("-")[0]
    if here != _here() or not process.isdecimal():
        try:
            return time.time() - path.lstat().st_mtime > ABANDONED_S
        except OSError:
            return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _here() -> str:
    # where a process number means the same process: this machine, and on it this container
    space = Path("/proc/self/ns/pid")
    inner = str(space.readlink()) if space.is_symlink() else ""
    return hashlib.sha256(f"{platform.node()}\0{inner}".encode()).hexdigest()[:8]


class Listed:
    """The paths that a process has told of, and not taken back."""

    def __init__(self) -> None:
        self._paths: dict[bytes, None] = {}
        self._rest = b""

    def hear(self, chunk: bytes) -> None:
        """Take in some bytes of the pipe, however they are cut."""
        *lines, self._rest = (self._rest + chunk).split(b"\0")
        for line in lines:
            if line.startswith(b"+"):
                self._paths[line[1:]] = None
            else:
                self._paths.pop(line[1:], None)

    def remove(self) -> None:
        """Remove them all."""
        for path in self._paths:
            remove(path)


def report_to(pipe: int) -> None:
    """Tell another process of the paths, one that removes them: it calls `Listed.hear` and `Listed.remove`."""
    global _pipe
    os.set_blocking(pipe, False)
    _pipe = pipe


def _tell(sign: bytes, path: Path) -> None:
    with _lock:
        if _pipe is None and hasattr(os, "posix_spawn") and sys.executable:
            _start()
        if _pipe is not None:
            with contextlib.suppress(OSError):  # nobody listens: then the next process that writes there removes it
                os.write(_pipe, sign + os.fsencode(path.absolute()) + b"\0")


def _start() -> None:
    theirs, ours = os.pipe()
    null = os.open(os.devnull, os.O_RDWR)
    actions = [(os.POSIX_SPAWN_DUP2, theirs, 0), (os.POSIX_SPAWN_DUP2, null, 1), (os.POSIX_SPAWN_DUP2, null, 2)]
    command = [sys.executable, "-I", "-S", __file__]
    try:
        os.posix_spawn(sys.executable, command, os.environ, file_actions=actions, setsigmask=[])
    except OSError:
        os.close(ours)
    else:
        report_to(ours)
    finally:
        os.close(theirs)
        os.close(null)


def _forget() -> None:
    # of a fork: the pipe is its parent's, and would stay open as long as it lives
    global _pipe, _lock
    if _pipe is not None:
        os.close(_pipe)
    _pipe, _lock = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def _main() -> None:
    os.setsid()  # what ends a terminal's processes, or a group, is to leave this one to its work
    for name in SIGNALS:
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    os.chdir("/")
    os.closerange(3, 65536)
    listed = Listed()
    while chunk := os.read(0, 65536):
        listed.hear(chunk)
    listed.remove()


if __name__ == "__main__":
    _main()
