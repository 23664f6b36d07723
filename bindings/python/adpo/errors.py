"""The statuses of adpo.h as exceptions; the message is the library's own."""

from __future__ import annotations


class AdpoError(Exception):
    """A call of the library failed.

    Attributes
    ----------
    status : int
        The `adpo_status` of adpo.h.
    """

    status: int = 0


class InvalidArgumentError(AdpoError, ValueError):
    """A value out of range, or an empty text where one is needed."""

    status = 1


class NotFoundError(AdpoError, FileNotFoundError):
    """A file or folder is missing."""

    status = 2


class ReadWriteError(AdpoError, OSError):
    """Reading or writing failed."""

    status = 3


class FormatError(AdpoError, ValueError):
    """A file is malformed, truncated, or of another kind."""

    status = 4


class UnsupportedError(AdpoError, NotImplementedError):
    """An architecture, encoding or tokenizer that this version does not know."""

    status = 5


class OutOfMemoryError(AdpoError, MemoryError):
    """Memory ran out."""

    status = 6


class BufferTooSmallError(AdpoError):
    """A buffer has too little room."""

    status = 7


class BusyError(AdpoError):
    """The object is at work on another thread."""

    status = 8


class NumericError(AdpoError, ArithmeticError):
    """NaN or infinity where a finite number is needed."""

    status = 9


class InternalError(AdpoError):
    """A defect in libadpo: please report it."""

    status = 10


class CancelledError(AdpoError):
    """A callback asked to stop."""

    status = 11


_BY_STATUS: dict[int, type[AdpoError]] = {
    error.status: error for error in AdpoError.__subclasses__()
}


def from_status(status: int, message: str) -> AdpoError:
    """Make the exception of a status."""
    error = _BY_STATUS.get(status, AdpoError)(message or f"adpo_status {status}")
    error.status = status
    return error
