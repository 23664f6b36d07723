"""Python values to what C takes, and back."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from typing import Any, Callable, Union

import numpy as np
import numpy.typing as npt

from adpo import _abi
from adpo._library import check
from adpo.errors import InvalidArgumentError

TokenArray = npt.NDArray[np.int32]
FloatArray = npt.NDArray[np.float32]
Tokens = Union[TokenArray, Sequence[int]]
PathLike = Union[str, "os.PathLike[str]"]


def text_bytes(text: str) -> bytes:
    """UTF-8; a lone surrogate becomes ill-formed bytes, which the library reads as U+FFFD."""
    if not isinstance(text, str):
        raise TypeError(f"a text is a str, not {type(text).__name__}")
    return text.encode("utf-8", "surrogatepass")


def path_bytes(path: PathLike) -> bytes:
    """Give the bytes of a path, which must not hold a NUL."""
    encoded = os.fsencode(path)
    if b"\0" in encoded:
        raise InvalidArgumentError(f"{path!r} holds a NUL character: it names no file")
    return encoded


def joined(option: str, names: Sequence[str]) -> bytes:
    """Join the names that an option lists with commas."""
    if isinstance(names, str) or any("," in name or "\0" in name for name in names):
        raise InvalidArgumentError(f"{option} is {names!r}: a list of names is needed")
    return ",".join(names).encode()


def token_array(tokens: Tokens) -> TokenArray:
    """Tokens as one contiguous int32 array; no copy when they are that already."""
    array = np.asarray(tokens)
    if array.size == 0:
        return np.empty(0, np.int32)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise InvalidArgumentError(
            f"tokens are a row of integers, not {array.dtype} of shape {array.shape}"
        )
    if array.dtype != np.int32:
        limits = np.iinfo(np.int32)
        if array.min() < limits.min or array.max() > limits.max:
            raise InvalidArgumentError("a token id does not fit into 32 bits")
    return np.ascontiguousarray(array, np.int32)


def ids_pointer(array: TokenArray) -> Any:
    """Point at the array's own memory."""
    return array.ctypes.data_as(_abi.ids)


def floats_pointer(array: FloatArray) -> Any:
    """Point at the array's own memory."""
    return array.ctypes.data_as(_abi.floats)


def fill(call: Callable[[int, Any], int], capacity: int) -> int:
    """Make a call of the (buffer, capacity, needed) kind, again with more room if it asks.

    Parameters
    ----------
    call : callable
        Takes a capacity and the pointer to `needed`; returns the status.
    capacity : int
        The first guess.

    Returns
    -------
    int
        How much of the buffer is filled.
    """
    needed = ctypes.c_size_t()
    status = call(capacity, ctypes.byref(needed))
    if status == _abi.ENUMS["ADPO_ERROR_BUFFER_TOO_SMALL"]:
        status = call(needed.value, ctypes.byref(needed))
    check(status)
    return needed.value


def fill_bytes(call: Callable[[Any, int, Any], int], capacity: int) -> bytes:
    """Make a call that fills a buffer with bytes, again with more room if it asks.

    Parameters
    ----------
    call : callable
        Takes the buffer, its capacity and the pointer to `needed`; returns the status.
    capacity : int
        The first guess.
    """
    buffer = ctypes.create_string_buffer(0)

    def attempt(capacity: int, needed: Any) -> int:
        nonlocal buffer
        buffer = ctypes.create_string_buffer(capacity)
        return call(buffer, capacity, needed)

    count = fill(attempt, capacity)
    return buffer.raw[:count]


def sized(struct: type[ctypes.Structure]) -> Any:
    """Make a zeroed struct whose struct_size is set."""
    value = struct()
    value.struct_size = ctypes.sizeof(struct)
    return value


def set_fields(struct: ctypes.Structure, values: dict[str, float | None]) -> None:
    """Set the fields that are not None; ctypes alone would cut off what does not fit."""
    for name, value in values.items():
        if value is None:
            continue
        try:
            setattr(struct, name, value)
        except (TypeError, OverflowError) as error:
            kind = "whole number" if isinstance(getattr(struct, name), int) else "number"
            raise InvalidArgumentError(f"{name} is {value!r}: a {kind} is needed") from error
        stored = getattr(struct, name)
        if isinstance(stored, int) and stored != value:
            raise InvalidArgumentError(f"{name} is {value}: out of range")


def enum_value(option: str, value: str, choices: Sequence[str]) -> int:
    """Give the value that adpo.h has for one of the choices of an option."""
    if value not in choices:
        raise InvalidArgumentError(f"{option} is {value!r}: one of {', '.join(choices)}")
    return _abi.ENUMS[f"ADPO_{option.upper()}_{value.upper()}"]


def fields(struct: ctypes.Structure) -> dict[str, Any]:
    """Give the values of a struct, without its struct_size; characters as str."""
    values = {name: getattr(struct, name) for name, *_ in struct._fields_[1:]}
    return {
        name: value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        for name, value in values.items()
    }
