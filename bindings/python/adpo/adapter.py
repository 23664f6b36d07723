"""LoRA adapters."""

from __future__ import annotations

from adpo import _marshal
from adpo._handle import Handle
from adpo._library import check, library
from adpo._marshal import PathLike


class Adapter(Handle):
    """A LoRA adapter for one model; `Model.load_adapter` and `Trainer.adapter` give one.

    Sessions on many threads may share it.
    """

    _destroy = "adpo_adapter_destroy"

    def save(self, path: PathLike) -> None:
        """Write a PEFT directory that `peft` loads, or a file for llama.cpp (path ending ".gguf").

        The written adapter is loaded again, and must give the same log-probs before it takes its
        place; otherwise the path is as it was.

        Raises
        ------
        ReadWriteError
            When the path cannot be written.
        """
        check(library().adpo_adapter_save(self._pointer, _marshal.path_bytes(path)))
