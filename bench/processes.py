"""Processes that do some of this one's work: Ctrl-C is not theirs to handle, and they end when it does."""

import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from concurrent.futures import Future, wait
from multiprocessing import resource_tracker
from multiprocessing.process import BaseProcess

GRACE_S = 0.5


def start(process: BaseProcess) -> None:
    """Start a process that Ctrl-C does not reach; pressed meanwhile, it stops this one.

    A terminal sends Ctrl-C to all processes at once, and one that is still importing, or that its parent left half
    started, would end in a traceback of its own.
    """
    started: Future[None] = Future()
    threading.Thread(target=_start, args=(process, started), daemon=True).start()
    try:
        started.result()
    except KeyboardInterrupt:
        wait([started], GRACE_S)
        raise


def _start(process: BaseProcess, started: Future[None]) -> None:
    try:
        if hasattr(signal, "pthread_sigmask"):
            resource_tracker.ensure_running()  # its own start would lift the mask again
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # of this thread, and inherited
        started.set_result(process.start())
    except BaseException as error:
        started.set_exception(error)


def end_with_parent() -> None:
    """End this process as soon as its parent has: a killed run must not leave processes that train for nobody."""
    threading.Thread(target=_await_parent, daemon=True).start()


def _await_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)


def ending(code: int) -> str:
    """How a process ended that gave no result, from its exit code."""
    if code < 0:
        return f"the process was ended by {signal.Signals(-code).name}; SIGKILL often means out of memory"
    return f"the process ended with exit code {code}"
