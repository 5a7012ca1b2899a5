"""Processes that do some of this one's work: Ctrl-C is not theirs to handle, and they end when it does.

With each one ends all that it has started itself.
"""

import contextlib
import multiprocessing
import multiprocessing.connection
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from multiprocessing import forkserver, resource_tracker, util
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from time import monotonic
from types import ModuleType
from typing import Any

from bench import leftovers
from bench.runs import attached, keeper

GRACE_S = 0.5
STOP_S = keeper.LIMIT_S + 1.0


def start(context: Any, target: Callable[..., None], *given: Any) -> tuple[BaseProcess, Connection]:
    """Start `target(pipe, *given)` in a process that Ctrl-C does not reach; that process and the pipe's other end.

    Pressed meanwhile, Ctrl-C stops this process. A terminal sends it to all at once, and one that is still importing,
    or that its parent left half started, would end in a traceback of its own.
    """
    _start_fork_server(context)
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


def stop(*processes: BaseProcess) -> None:
    """End processes, and all that they have started."""
    for process in processes:
        process.terminate()  # the keeper's word to end what it keeps
    until = monotonic() + STOP_S
    for process in processes:
        process.join(max(until - monotonic(), 0.0))
        if process.exitcode is None:
            process.kill()
            process.join()


def _start_fork_server(context: Any) -> None:
    # from the main thread, as Linux ends it with the thread that started it; from another one it notices later
    if context.get_start_method() != "forkserver":
        return
    leftovers.removed_if_killed(Path(util.get_temp_dir()))  # where its socket lies
    if threading.current_thread() is threading.main_thread():
        os.environ[attached.PARENT] = str(os.getpid())
        try:
            with _ctrl_c_blocked(), _without_main():
                forkserver.ensure_running()
        finally:
            del os.environ[attached.PARENT]


def _start(process: BaseProcess, started: Future[None]) -> None:
    try:
        with _ctrl_c_blocked(), _without_main():
            started.set_result(process.start())
    except BaseException as error:
        started.set_exception(error)


@contextlib.contextmanager
def _without_main() -> Iterator[None]:
    # else each process would run the main program again, which nothing here needs: a script without a guard would start
    # runs of its own
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextlib.contextmanager
def _ctrl_c_blocked() -> Iterator[None]:
    # in this thread, and inherited by what it starts
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # its own start would lift the mask again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _run(target: Callable[..., None], pipe: Connection, *given: Any) -> None:
    if hasattr(os, "fork"):
        keeper.keep(pipe)
    else:
        threading.Thread(target=_end_with_parent, daemon=True).start()
    _work(target, pipe, *given)


def _work(target: Callable[..., None], pipe: Connection, *given: Any) -> None:
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
