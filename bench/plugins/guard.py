"""Importing other people's code: whatever it does then must not reach the code of others.

What it prints goes to standard error. What it changes of the process is put back: the folder, the environment,
arguments and paths, random states, signal handlers, warnings, logging, the locale. What would move others' numbers is
put back as well, and the plug-in refused, for it would not run as its author wrote it. A module that patches
another one, that hangs, or that ends the process by `os._exit` is beyond this; of a third party's plug-in the last two
are found by `bench.plugins.health`, in another process.
"""

import contextlib
import gc
import importlib
import locale
import logging
import os
import random
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

ENDING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
CUDNN = ("enabled", "benchmark", "deterministic")


class Refused(Exception):
    """A module that cannot be used: why, in a few words; what it raised is the cause."""


@dataclass(frozen=True)
class _State:
    # one thing that a module may change: read it, put it back
    what: str
    read: Callable[[], Any]
    write: Callable[[Any], object]


def import_guarded(module: str) -> ModuleType:
    """Import a module, unless it is there already, and put back what that changed.

    Raises:
        Refused: it raised something, asked to end the process, or changed what moves the numbers of others.
        KeyboardInterrupt: a signal came meanwhile that asks the process to end.
    """
    if module in sys.modules:
        return sys.modules[module]
    numbers, process = _numbers(), _process()
    before = [(state, state.read()) for state in (*process, *numbers)]
    try:
        with _signals() as came, warnings.catch_warnings(), contextlib.redirect_stdout(sys.stderr):
            made = importlib.import_module(module)
    except BaseException as error:  # SystemExit too: a plug-in may not end everybody's process
        if came:  # whatever the module or Python's importing made of it
            raise KeyboardInterrupt from error
        raise Refused(_said(error)) from error
    finally:
        changed = [state for state, value in before if _put_back(state, value)]
    moved = [state.what for state in changed if state in numbers]
    if moved:
        sys.modules.pop(module, None)
        raise Refused(f"importing it changes {' and '.join(moved)}")
    return made


def _put_back(state: _State, value: Any) -> bool:
    if state.read() == value:
        return False
    state.write(value)
    return True


def _said(error: BaseException) -> str:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith("<frozen")]
    at = f" ({frames[-1].filename}, line {frames[-1].lineno})" if frames[-1].filename != __file__ else ""
    if isinstance(error, SystemExit):
        return f"importing it ends the process{at}"
    text = str(error).strip().partition("\n")[0]
    return f"importing it raises {type(error).__name__}{text and f': {text}'}{at}"


@contextlib.contextmanager
def _signals() -> Iterator[list[int]]:
    # tells Ctrl-C and the like, which raise KeyboardInterrupt, from a module that does so by itself
    came: list[int] = []
    handlers: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        found = {number: signal.getsignal(number) for number in ENDING}
        handlers = {number: handler for number, handler in found.items() if callable(handler)}

    def note(number: int, frame: Any) -> None:
        came.append(number)
        handlers[number](number, frame)

    for number in handlers:
        signal.signal(number, note)
    try:
        yield came
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _numbers() -> list[_State]:
    import numpy as np
    import torch

    on = torch.are_deterministic_algorithms_enabled, torch.is_deterministic_algorithms_warn_only_enabled
    cudnn = torch.backends.cudnn
    return [
        _State("torch's default dtype", torch.get_default_dtype, torch.set_default_dtype),
        _State(
            "torch's default device", _device, lambda name: torch.set_default_device(None if name == "cpu" else name)
        ),
        _State("torch's number of threads", torch.get_num_threads, torch.set_num_threads),
        _State(
            "torch's deterministic mode",
            lambda: (on[0](), on[1]()),
            lambda old: torch.use_deterministic_algorithms(old[0], warn_only=old[1]),
        ),
        _State("torch's precision of products", torch.get_float32_matmul_precision, torch.set_float32_matmul_precision),
        _State(
            "cuDNN's settings",
            lambda: tuple(getattr(cudnn, key) for key in CUDNN),
            lambda old: [setattr(cudnn, key, on) for key, on in zip(CUDNN, old, strict=True)],
        ),
        _State("torch's recording of gradients", torch.is_grad_enabled, torch.set_grad_enabled),
        _State("torch's anomaly detection", torch.is_anomaly_enabled, torch.autograd.set_detect_anomaly),
        _State("how torch rounds to zero", _flushes, torch.set_flush_denormal),
        _State("NumPy's handling of errors", np.geterr, lambda old: np.seterr(**old)),
    ]


def _device() -> str:
    import torch

    try:
        return str(torch.get_default_device())
    except AttributeError:  # of torch before 2.10, where the device has been put back
        return "cpu"


def _flushes() -> bool:
    import torch

    return bool(torch.tensor(5e-324, dtype=torch.float64, device="cpu") * 1 == 0)


def _process() -> list[_State]:
    import numpy as np
    import torch

    def numpy_state() -> tuple[Any, ...]:
        name, keys, *rest = np.random.get_state()  # noqa: NPY002
        return name, tuple(keys), *rest

    return [
        _State("argv", lambda: list(sys.argv), lambda old: setattr(sys, "argv", old)),
        _State("path", lambda: list(sys.path), lambda old: sys.path.__setitem__(slice(None), old)),
        _State("environment", lambda: dict(os.environ), _set_environment),
        _State("folder", _folder, lambda old: old and os.chdir(old)),
        _State("signals", _handlers, _set_handlers),
        _State("random", random.getstate, random.setstate),
        _State("numpy", numpy_state, lambda old: np.random.set_state(old)),  # noqa: NPY002
        _State("torch", lambda: bytes(torch.get_rng_state().tolist()), _set_torch),
        _State("locale", lambda: locale.setlocale(locale.LC_ALL), lambda old: locale.setlocale(locale.LC_ALL, old)),
        _State("logging", _logging, _set_logging),
        _State("streams", _streams, lambda old: [setattr(sys, name, value) for name, value in old]),
        _State("recursion", sys.getrecursionlimit, sys.setrecursionlimit),
        _State("garbage", gc.isenabled, lambda on: gc.enable() if on else gc.disable()),
    ]


def _set_environment(old: dict[str, str]) -> None:
    for key in set(os.environ) - set(old):
        del os.environ[key]
    os.environ.update(old)


def _folder() -> str:
    try:
        return os.getcwd()  # noqa: PTH109
    except FileNotFoundError:
        return ""


def _handlers() -> dict[signal.Signals, Any]:
    there = [getattr(signal, name) for name in dir(signal) if name.startswith("SIG") and name[3] != "_"]
    return {number: signal.getsignal(number) for number in there if isinstance(number, signal.Signals)}


def _set_handlers(old: dict[signal.Signals, Any]) -> None:
    for number, handler in old.items():
        if handler is not None and signal.getsignal(number) is not handler:
            signal.signal(number, handler)


def _set_torch(old: bytes) -> None:
    import torch

    torch.set_rng_state(torch.tensor(list(old), dtype=torch.uint8, device="cpu"))


def _logging() -> tuple[Any, ...]:
    return logging.root.level, logging.root.disabled, logging.root.manager.disable, list(logging.root.handlers)


def _set_logging(old: tuple[Any, ...]) -> None:
    logging.root.setLevel(old[0])
    logging.root.disabled, logging.root.manager.disable, logging.root.handlers[:] = old[1:]


def _streams() -> list[tuple[str, Any]]:
    return [(name, getattr(sys, name)) for name in ("stdin", "stdout", "stderr", "excepthook", "displayhook")]
