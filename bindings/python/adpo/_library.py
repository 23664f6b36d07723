"""Finds the shared object, loads it, and turns its statuses into exceptions."""

from __future__ import annotations

import ctypes
import functools
import os
from pathlib import Path

from adpo import _abi
from adpo.errors import InvalidArgumentError, from_status

_NAME = "libadpo.so"


def _candidates() -> list[str]:
    if named := os.environ.get("ADPO_LIBRARY"):
        return [named]
    package = Path(__file__).resolve().parent
    places = [package / _NAME, package.parents[2] / "build" / _NAME]
    return [str(place) for place in places if place.exists()] + [f"{_NAME}.{_abi.ABI_VERSION}"]


@functools.cache
def library() -> ctypes.CDLL:
    """Load the shared object, the first time that something needs it.

    Raises
    ------
    ImportError
        When there is none, or one of another interface version.
    """
    path = _candidates()[0]
    try:
        loaded = ctypes.CDLL(path)
        for name, (result, arguments) in _abi.FUNCTIONS.items():
            function = getattr(loaded, name)
            function.restype, function.argtypes = result, arguments
    except (OSError, AttributeError) as error:
        raise ImportError(
            f"cannot load libadpo ({error}): run `make library` in its repository and install "
            "this package from there again, or let ADPO_LIBRARY name the file"
        ) from error
    found = loaded.adpo_abi_version()
    if found != _abi.ABI_VERSION:
        raise ImportError(
            f"{path} has interface version {found}, this package needs {_abi.ABI_VERSION}: "
            "install the two from the same release"
        )
    return loaded


def check(status: int) -> None:
    """Raise the exception of a status other than ADPO_OK."""
    if status != _abi.ENUMS["ADPO_OK"]:
        raise from_status(status, library().adpo_last_error().decode("utf-8", "replace"))


def version() -> str:
    """Version of the loaded library, such as "0.1.0"."""
    return library().adpo_version().decode()


def build_info() -> str:
    """One line on how the library computes here: version and instruction set."""
    return library().adpo_build_info().decode()


def set_num_threads(count: int) -> None:
    """Use this many processor threads, process-wide; 0 for all cores.

    Parameters
    ----------
    count : int
        0 to 1024.

    Raises
    ------
    InvalidArgumentError
        For any other number.
    """
    if not 0 <= count <= 1024:
        raise InvalidArgumentError(f"{count} threads: 1 to 1024, or 0 for all cores")
    check(library().adpo_set_num_threads(count))
