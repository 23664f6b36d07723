"""Preference pairs."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable, Mapping
from typing import Any

from adpo import _marshal
from adpo._handle import Handle
from adpo._library import check, library
from adpo._marshal import PathLike, Tokens
from adpo._rows import add_rows, read_parquet, read_table
from adpo.errors import FormatError
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

    def load_parquet(self, path: PathLike) -> None:
        """Add the rows of a Parquet file, from its columns prompt, chosen and rejected.

        Needs pyarrow: ``pip install 'adpo[data]'``. An error names file and row; the rows before
        that one stay.
        """
        add_rows(read_parquet(path), self._append, os.fspath(path))

    def extend(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add rows: mappings with prompt, chosen and rejected.

        Parameters
        ----------
        rows : iterable of mappings
            A list of dict, a `datasets.Dataset`, or what else gives such rows. An error names the
            row; the rows before that one stay.
        """
        add_rows(read_table(rows), self._append)

    def _append(self, row: Mapping[str, Any]) -> None:
        texts = [row.get(name) for name in ("prompt", "chosen", "rejected")]
        if not all(isinstance(text, str) for text in texts):
            raise FormatError("prompt, chosen and rejected must be three texts")
        self.add(*texts)

    def __len__(self) -> int:
        count = ctypes.c_size_t()
        check(library().adpo_dataset_count(self._pointer, ctypes.byref(count)))
        return count.value
