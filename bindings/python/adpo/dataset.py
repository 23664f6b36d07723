"""Preference pairs."""

from __future__ import annotations

import ctypes

from adpo import _marshal
from adpo._handle import Handle
from adpo._library import check, library
from adpo._marshal import PathLike, Tokens
from adpo.model import Model


class Dataset(Handle):
    """Preference pairs, tokenized for one model.

    Parameters
    ----------
    model : Model
    """

    _destroy = "adpo_dataset_destroy"

    def __init__(self, model: Model) -> None:
        pointer = ctypes.c_void_p()
        check(library().adpo_dataset_create(model._pointer, ctypes.byref(pointer)))
        super().__init__(pointer)

    def add(self, prompt: str, chosen: str, rejected: str) -> None:
        """Add a pair.

        The responses follow the prompt as they are, so a separating space or line break belongs
        to one of them; EOS is appended to a response that lacks it.
        """
        texts = [_marshal.text_bytes(text) for text in (prompt, chosen, rejected)]
        arguments = [argument for text in texts for argument in (text, len(text))]
        check(library().adpo_dataset_add_text(self._pointer, *arguments))

    def add_tokens(self, prompt: Tokens, chosen: Tokens, rejected: Tokens) -> None:
        """Add a pair given as token ids, which are used as they are."""
        arrays = [_marshal.token_array(tokens) for tokens in (prompt, chosen, rejected)]
        arguments = [
            argument for array in arrays for argument in (_marshal.ids_pointer(array), len(array))
        ]
        check(library().adpo_dataset_add_tokens(self._pointer, *arguments))

    def load_jsonl(self, path: PathLike) -> None:
        """Add the pairs of a JSON Lines file: {"prompt": ..., "chosen": ..., "rejected": ...}.

        All or nothing: an error names the line, and adds no pair.
        """
        check(library().adpo_dataset_load_jsonl(self._pointer, _marshal.path_bytes(path)))

    def __len__(self) -> int:
        count = ctypes.c_size_t()
        check(library().adpo_dataset_count(self._pointer, ctypes.byref(count)))
        return count.value
