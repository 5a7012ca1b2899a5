"""Processes that do some of this one's work: Ctrl-C is not theirs to handle, and they end when it does."""

import contextlib
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

GRACE_S = 0.5


def start(context: Any, target: Callable[..., None], *given: Any) -> tuple[BaseProcess, Connection]:
    """Start `target(pipe, *given)` in a process that Ctrl-C does not reach; that process and the pipe's other end.

    Pressed meanwhile, Ctrl-C stops this process. A terminal sends it to all at once, and one that is still importing,
    or that its parent left half started, would end in a traceback of its own.
    """
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(target, theirs, *given), daemon=True)
    started: Future[None] = Future()
    threading.Thread(target=_start, args=(process, started), daemon=True).start()
    try:
        started.result()
    except KeyboardInterrupt:
        wait([started], GRACE_S)
        raise
    theirs.close()
    return process, ours


def _start(process: BaseProcess, started: Future[None]) -> None:
    try:
        if hasattr(signal, "pthread_sigmask"):
            resource_tracker.ensure_running()  # its own start would lift the mask again
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # of this thread, and inherited
        started.set_result(process.start())
    except BaseException as error:
        started.set_exception(error)


def _run(target: Callable[..., None], pipe: Connection, *given: Any) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with contextlib.suppress(BrokenPipeError):  # the other end is gone, and nobody is left to be told
        target(pipe, *given)


def _end_with_parent() -> None:
    # a killed run must not leave processes that train for nobody
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)


def ending(code: int) -> str:
    """How a process ended that gave no result, from its exit code."""
    if code < 0:
        return f"the process was ended by {signal.Signals(-code).name}; SIGKILL often means out of memory"
    return f"the process ended with exit code {code}"
