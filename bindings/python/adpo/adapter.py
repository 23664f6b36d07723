"""LoRA adapters."""

from __future__ import annotations

import ctypes

from adpo import _marshal
from adpo._handle import Handle
from adpo._library import check, library
from adpo._marshal import PathLike
from adpo.model import Model


class Adapter(Handle):
    """A LoRA adapter for one model; `Adapter.load` or `Trainer.adapter` give one.

    Sessions on many threads may share it.
    """

    _destroy = "adpo_adapter_destroy"

    @classmethod
    def load(cls, model: Model, path: PathLike) -> Adapter:
        """Read a PEFT directory, or the adapter file of llama.cpp when the path ends in ".gguf".

        Raises
        ------
        NotFoundError, FormatError
            When there is no adapter, or one that is damaged or for another model.
        """
        pointer = ctypes.c_void_p()
        check(
            library().adpo_adapter_load(
                model._pointer, _marshal.path_bytes(path), ctypes.byref(pointer)
            )
        )
        return cls(pointer)

    def save(self, path: PathLike) -> None:
        """Write a PEFT directory that `peft` loads, or a file for llama.cpp (path ending ".gguf").

        What was written is loaded again, and must give the same log-probs before it takes its
        place; otherwise the path is as it was.

        Raises
        ------
        ReadWriteError
            When the path cannot be written.
        """
        check(library().adpo_adapter_save(self._pointer, _marshal.path_bytes(path)))
