"""Python functions that the library calls."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from typing import Any, Callable

from adpo import _abi
from adpo._library import check


class Callback:
    """Lets a Python function answer for a C callback.

    An exception cannot pass through C: it is kept, the call is cancelled, and the exception raised
    when C has returned. Ctrl-C is kept too, since Python would raise it at the very entry of
    `answer`, before any `try`, from where ctypes drops it.
    """

    def __init__(self, kind: Any, function: Callable[..., Any]) -> None:
        self._error: BaseException | None = None

        def answer(*arguments: Any) -> int:
            try:
                stop = function(*arguments)
                return 1 if stop or self._error is not None else 0
            except BaseException as error:
                self._error = error
                return 1

        self._pointer = kind(answer)

    def run(self, call: Callable[[Any], int]) -> None:
        """Make the call, which takes the callback's pointer and returns a status.

        Being cancelled is no error by itself.
        """
        with self._keeping_interrupts():
            status = call(self._pointer)
        if self._error is not None:
            raise self._error
        if status != _abi.ENUMS["ADPO_CANCELLED"]:
            check(status)

    @contextlib.contextmanager
    def _keeping_interrupts(self) -> Iterator[None]:
        default = signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if not default or threading.current_thread() is not threading.main_thread():
            yield
            return

        def keep(*_: object) -> None:
            self._error = KeyboardInterrupt()

        signal.signal(signal.SIGINT, keep)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, signal.default_int_handler)
