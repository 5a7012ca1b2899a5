"""Numeric arrays out of a .npy file that holds a pickled dict, without running the pickle.

The opcodes are read with pickletools and interpreted here: a short list of them, and of numpy's own five
constructors by name. No global is ever imported, so nothing that a file names can run.
"""

import io
import pickletools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy

from bench.data.reading import content, why
from bench.errors import BenchError

_MARK = object()


def read_dict(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a dict saved by `np.save`; an empty list counts as an empty array.

    Raises:
        BenchError: if the file holds anything but a dict of numeric arrays.
    """
    try:
        found = _interpret(_payload(content(path)))
        return {_key(key): _numeric(value) for key, value in found.items()}
    except BenchError:
        raise
    except Exception as error:  # a hostile pickle can break numpy and pickletools in any way
        raise BenchError(
            f"{path} is not a saved dict of numeric arrays ({why(error)}); fetch the file again from its source"
        ) from None


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise ValueError(f"a key is a {type(key).__name__}, not a text")
    return key


def _payload(content: bytes) -> bytes:
    stream = io.BytesIO(content)
    readers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    shape, _, dtype = readers[npy.read_magic(stream)](stream)
    if shape != () or dtype != np.dtype(object):
        raise ValueError(f"its header says {dtype} {shape}, not one object")
    return stream.read()


def _numeric(value: Any) -> np.ndarray:
    if value == []:
        return np.empty(0)
    if not (isinstance(value, _Array) and isinstance(value.value, np.ndarray)):
        raise ValueError(f"an entry is a {type(value).__name__}, not a numeric array")
    return value.value


class _Dtype:
    """A numeric dtype, or object for the outermost array; its byte order comes with BUILD."""

    def __init__(self, code: str, *_: object) -> None:
        self.code, self.dtype = code, np.dtype(code)
        if self.dtype.kind not in "biufcO":
            raise ValueError(f"dtype {code}")

    def build(self, state: tuple) -> None:
        _, order, subtype, names, fields, *_ = state
        if not (subtype is names is fields is None):
            raise ValueError("a structured dtype")
        if self.dtype.kind != "O":
            self.dtype = np.dtype(order + self.code)


class _Array:
    """An array whose content comes with BUILD; the outermost one holds the dict itself."""

    value: Any = None

    def build(self, state: tuple) -> None:
        _, shape, dtype, fortran, data = state
        if dtype.dtype.kind != "O":
            flat = np.frombuffer(data, dtype.dtype)
            self.value = flat.reshape(shape, order="F" if fortran else "C").copy("K")
        elif shape == () and len(data) == 1:
            self.value = data[0]
        else:
            raise ValueError("an object array")


def _from_buffer(data: bytes, dtype: _Dtype, shape: tuple, order: str) -> _Array:
    array = _Array()
    array.build((1, shape, dtype, order == "F", data))
    return array


def _ndarray(*_: object) -> None:
    raise ValueError("numpy.ndarray called as a function")


_GLOBALS: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy", "dtype"): _Dtype,
    ("numpy", "ndarray"): _ndarray,  # only ever an argument of _reconstruct
    ("_codecs", "encode"): lambda text, _: text.encode("latin1"),  # how protocol 2 writes bytes
    **{(f"numpy.{core}.multiarray", "_reconstruct"): lambda *_: _Array() for core in ("core", "_core")},
    **{(f"numpy.{core}.numeric", "_frombuffer"): _from_buffer for core in ("core", "_core")},
}


def _global(module: str, name: str) -> Callable[..., Any]:
    if (module, name) not in _GLOBALS:
        raise ValueError(f"it names {module}.{name}, which is never run")
    return _GLOBALS[module, name]


def _interpret(payload: bytes) -> dict:
    stack: list[Any] = []
    memo: dict[int, Any] = {}

    def marked() -> list[Any]:
        start = max(i for i, item in enumerate(stack) if item is _MARK)
        items = stack[start + 1 :]
        del stack[start:]
        return items

    def popped(count: int) -> tuple:
        items = tuple(stack[-count:])
        del stack[-count:]
        return items

    arg: Any
    for opcode, arg, _ in pickletools.genops(payload):
        match opcode.name:
            case "PROTO" | "FRAME":
                pass
            case "STOP":
                break
            case "MARK":
                stack.append(_MARK)
            case "NONE" | "NEWTRUE" | "NEWFALSE":
                stack.append({"NONE": None, "NEWTRUE": True, "NEWFALSE": False}[opcode.name])
            case "BININT" | "BININT1" | "BININT2" | "LONG1" | "BINUNICODE" | "SHORT_BINUNICODE":
                stack.append(arg)
            case "BINBYTES" | "SHORT_BINBYTES" | "BINBYTES8" | "BYTEARRAY8":
                stack.append(arg)
            case "EMPTY_DICT" | "EMPTY_LIST" | "EMPTY_TUPLE":
                stack.append({"EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple}[opcode.name]())
            case "TUPLE":
                stack.append(tuple(marked()))
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                stack.append(popped(int(opcode.name[-1])))
            case "APPEND":
                (item,) = popped(1)
                stack[-1].append(item)
            case "APPENDS":
                items = marked()
                stack[-1].extend(items)
            case "SETITEM":
                key, value = popped(2)
                stack[-1][key] = value
            case "SETITEMS":
                items = marked()
                stack[-1].update(zip(items[::2], items[1::2], strict=True))
            case "MEMOIZE":
                memo[len(memo)] = stack[-1]
            case "BINPUT" | "LONG_BINPUT":
                memo[arg] = stack[-1]
            case "BINGET" | "LONG_BINGET":
                stack.append(memo[arg])
            case "GLOBAL":
                stack.append(_global(*arg.split(" ", 1)))
            case "STACK_GLOBAL":
                stack.append(_global(*popped(2)))
            case "REDUCE":
                function, arguments = popped(2)
                if function not in _GLOBALS.values():
                    raise ValueError("it calls something that is no constructor of numpy")
                stack.append(function(*arguments))
            case "BUILD":
                (state,) = popped(1)
                stack[-1].build(state)
            case other:
                raise ValueError(f"the opcode {other}, which no dict of arrays needs")
    (array,) = stack
    if not isinstance(array.value, dict):
        raise ValueError("its one object is no dict")
    return array.value
