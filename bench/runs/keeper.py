"""A small process above each worker: it ends all that the worker started, and the worker too where the run is gone.

It does nothing else, so no long step of a method keeps it from hearing that the run has died. On Linux it adopts what
the worker's children leave behind, daemons included; elsewhere it ends the worker's process group.
"""

import contextlib
import ctypes
import multiprocessing
import os
import select
import signal
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from bench import leftovers

LIMIT_S = 2.0  # for processes to be gone that have been killed; one that waits for a disk is not
_PARENTS_DEATH, _ADOPT = 1, 36  # PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER


def end_with(parent: int, number: int) -> None:
    """Have the system send this process a signal when its parent (by process id) ends; only Linux does."""
    _control(_PARENTS_DEATH, number)
    if os.getppid() != parent:  # gone before it was asked
        os.kill(os.getpid(), number)


def keep(pipe: Connection) -> None:
    """Split this process: it returns in the new one, which works; the first one keeps that and never returns.

    Args:
        pipe: the worker's, which the keeper must not hold open.
    """
    parent = multiprocessing.parent_process()
    assert parent is not None  # of a process that `multiprocessing` has started
    os.setsid()  # a terminal's signals are for the run, which ends its keepers itself
    _control(_ADOPT, 1)
    told, tell = os.pipe()
    me = os.getpid()
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGCHLD})
    worker = os.fork()
    if worker == 0:
        os.setpgid(0, 0)
        end_with(me, signal.SIGKILL)
        os.close(told)
        leftovers.report_to(tell)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        return
    code = 1
    try:
        with contextlib.suppress(OSError):
            os.setpgid(worker, worker)
        os.close(tell)
        pipe.close()
        if parent.pid is not None and os.getppid() != parent.pid:  # a fork server's child; that may be killed alone
            end_with(os.getppid(), signal.SIGTERM)
        code = _Keeper(worker, told, parent.sentinel).watch(lambda: signal.pthread_sigmask(signal.SIG_SETMASK, blocked))
    finally:
        _exit(code)


class _Keeper:
    def __init__(self, worker: int, told: int, sentinel: int) -> None:
        self.worker, self.told, self.sentinel = worker, told, sentinel
        self.code: int | None = None  # of the worker, negative for a signal
        self.listed = leftovers.Listed()

    def watch(self, unblock: Callable[[], object]) -> int:
        """Wait for the worker's end, the run's, or SIGTERM; end what is left, and return how the worker ended."""
        woken, wake = os.pipe()
        for end in (woken, wake):
            os.set_blocking(end, False)
        asked: list[int] = []
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda number, _: asked.append(number))
        signal.set_wakeup_fd(wake)
        unblock()
        sources = [woken, self.told, self.sentinel]
        while self._reap() and self.code is None and not asked:
            ready, _, _ = select.select(sources, [], [])
            if self.sentinel in ready:
                break
            if woken in ready:
                os.read(woken, 4096)
            if self.told in ready:
                chunk = os.read(self.told, 65536)
                self.listed.hear(chunk)
                if not chunk:
                    sources.remove(self.told)
        ended = self.code
        self._end()
        return ended if ended is not None else -signal.SIGTERM if asked else 1

    def _reap(self) -> bool:
        # False where no child is left, the adopted ones included
        with contextlib.suppress(ChildProcessError):
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                if found[0] == self.worker:
                    self.code = os.waitstatus_to_exitcode(found[1])
            return True
        return False

    def _end(self) -> None:
        until = time.monotonic() + LIMIT_S
        while True:
            with contextlib.suppress(OSError):
                os.killpg(self.worker, signal.SIGKILL)
            for process in descendants(os.getpid()):
                with contextlib.suppress(OSError):
                    os.kill(process, signal.SIGKILL)
            if not self._reap() or time.monotonic() > until:
                break
            time.sleep(0.002)
        os.set_blocking(self.told, False)
        with contextlib.suppress(OSError):
            while chunk := os.read(self.told, 65536):
                self.listed.hear(chunk)
        self.listed.remove()


def descendants(process: int) -> list[int]:
    """Children of a process, theirs, and so on, as far as /proc tells."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            parent = int(path.read_bytes().rpartition(b")")[2].split()[1])
            children.setdefault(parent, []).append(int(path.parent.name))
    found = list(children.get(process, []))
    for one in found:
        found += children.get(one, [])
    return found


def _exit(code: int) -> None:
    # as the worker did, so that who asks for the exit code of this process learns of that one
    with contextlib.suppress(OSError):
        if code < 0:
            import resource

            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            if -code not in (signal.SIGKILL, signal.SIGSTOP):
                signal.signal(-code, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {-code})
            os.kill(os.getpid(), -code)
    os._exit(abs(code))


def _control(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
