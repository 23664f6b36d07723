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
        """Read a PEFT directory (adapter_config.json and adapter_model.safetensors)."""
        pointer = ctypes.c_void_p()
        check(
            library().adpo_adapter_load(
                model._pointer, _marshal.path_bytes(path), ctypes.byref(pointer)
            )
        )
        return cls(pointer)

    def save(self, path: PathLike) -> None:
        """Write a PEFT directory that `peft` loads; its files are written whole or not at all."""
        check(library().adpo_adapter_save(self._pointer, _marshal.path_bytes(path)))
