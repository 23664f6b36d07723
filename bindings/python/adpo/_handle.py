"""The base of all objects of the library: a pointer, and its end."""

from __future__ import annotations

import ctypes
import weakref
from typing import NoReturn, TypeVar

from adpo._library import library
from adpo.errors import InvalidArgumentError

Self = TypeVar("Self", bound="Handle")


class Handle:
    """An object of the library: freed by `close`, at the end of a `with`, or by the collector."""

    _destroy: str

    def __init__(self, pointer: ctypes.c_void_p) -> None:
        self._value = pointer
        self._free = weakref.finalize(self, getattr(library(), self._destroy), pointer)

    @property
    def _pointer(self) -> ctypes.c_void_p:
        if not self._free.alive:
            raise InvalidArgumentError(f"this {type(self).__name__} is closed")
        return self._value

    def close(self) -> None:
        """Free what it holds; a second time does nothing."""
        self._free()

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"a {type(self).__name__} cannot be pickled or copied, as it is memory of the library: "
            "make one in each process"
        )

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
