"""Python functions that the library calls."""

from __future__ import annotations

from typing import Any, Callable

from adpo import _abi
from adpo._library import check


class Callback:
    """Lets a Python function answer for a C callback.

    An exception cannot pass through C: it is kept, the call is cancelled, and `finish` raises it.
    """

    def __init__(self, kind: Any, function: Callable[..., Any]) -> None:
        self._error: BaseException | None = None

        def answer(*arguments: Any) -> int:
            try:
                return 1 if function(*arguments) else 0
            except BaseException as error:
                self._error = error
                return 1

        self.pointer = kind(answer)

    def finish(self, status: int) -> None:
        """Raise what the function raised; being cancelled without that is no error."""
        if self._error is not None:
            raise self._error
        if status != _abi.ENUMS["ADPO_CANCELLED"]:
            check(status)
