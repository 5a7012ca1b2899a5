"""How signals end a command: Ctrl-C, a terminal that closes, and `kill` all end it in order, and soon."""

import contextlib
import os
import select
import signal
import sys
import threading
from types import FrameType, TracebackType
from typing import Any, Self

from bench.cli.exits import STOPPED
from bench.plugins.guard import ENDING

LIMIT_S = 3.0  # for an end in order


class Stopping:
    """While entered, a signal raises KeyboardInterrupt; a second one, or `LIMIT_S`, ends the process at once.

    A signal that the process was started deaf to, as by nohup, stays unheard. `number` is the signal that came, or 0.
    What is in another thread than the main one, as in a notebook's, changes nothing.
    """

    def __init__(self) -> None:
        self.number = 0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is not threading.main_thread():
            return self
        heard = {number: signal.getsignal(number) for number in ENDING}
        self._before = {n: old for n, old in heard.items() if old in (signal.SIG_DFL, signal.default_int_handler)}
        self._end, wake = os.pipe()
        os.set_blocking(wake, False)
        self._wake, self._woke = wake, signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        # signals are also heard here, as the main thread hears none while it is in a long step of compiled code
        threading.Thread(target=self._watch, daemon=True).start()
        for number in self._before:
            signal.signal(number, self._hear)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._before:
            for number, old in self._before.items():
                signal.signal(number, old)
            signal.set_wakeup_fd(self._woke)
            os.close(self._wake)

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        if self.number:
            os._exit(128 + number)
        self.number = number
        raise KeyboardInterrupt

    def _watch(self) -> None:
        heard = 0
        while number := self._next(None):
            if number in self._before:
                heard = number
                break
        while heard and (number := self._next(LIMIT_S)) not in (None, 0):
            if number in self._before:
                os._exit(128 + number)
        if heard and number is None:
            os.write(2, f"bench: {STOPPED}\n".encode())
            os._exit(128 + heard)
        os.close(self._end)

    def _next(self, limit: float | None) -> int | None:
        # the next signal; 0 at the end, None after the limit
        if not select.select([self._end], [], [], limit)[0]:
            return None
        return next(iter(os.read(self._end, 1)), 0)


def stopped_by(number: int) -> int:
    """The exit code of a command that a signal has ended, as shells have it."""
    return 128 + (number or signal.SIGINT)


def close_output() -> None:
    """Send what is still written to nowhere: who read it is gone."""
    null = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
            continue
        with contextlib.suppress(OSError, ValueError):  # it has no descriptor in a notebook
            os.dup2(null, stream.fileno())
    os.close(null)
