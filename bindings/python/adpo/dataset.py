"""Preference pairs."""

from __future__ import annotations

import ctypes
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Union

import numpy as np

from adpo import _marshal
from adpo._dtype import dtype_value
from adpo._handle import Handle
from adpo._library import check, library
from adpo._marshal import FloatArray, PathLike, TokenArray, Tokens
from adpo._rows import add_rows, read_parquet, read_table
from adpo.adapter import Adapter
from adpo.errors import InvalidArgumentError
from adpo.model import Model

Floats = Union[FloatArray, Sequence[float]]


@dataclass(frozen=True)
class Pair:
    """A pair as token ids; of an unpaired row, one response is empty.

    Attributes
    ----------
    prompt, chosen, rejected : numpy.ndarray
        int32.
    chosen_segments, rejected_segments : list of int or None
        The counts of tokens at which its own segments end.
    chosen_weights, rejected_weights : numpy.ndarray or None
        float32, one a token; None means 1.
    """

    prompt: TokenArray
    chosen: TokenArray
    rejected: TokenArray
    chosen_segments: list[int] | None = None
    rejected_segments: list[int] | None = None
    chosen_weights: FloatArray | None = None
    rejected_weights: FloatArray | None = None


class Dataset(Handle):
    """Preference pairs, tokenized for one model.

    Parameters
    ----------
    model : Model
    rows : iterable of mappings, optional
        Rows to begin with, as `append` takes them: a list, or a `datasets.Dataset`.
    """

    _destroy = "adpo_dataset_destroy"

    def __init__(self, model: Model, rows: Iterable[Mapping[str, Any]] = ()) -> None:
        pointer = ctypes.c_void_p()
        check(library().adpo_dataset_create(model._pointer, ctypes.byref(pointer)))
        super().__init__(pointer)
        self.extend(rows)

    def append(self, row: Mapping[str, Any]) -> None:
        """Add a row.

        Parameters
        ----------
        row : mapping
            `prompt`, `chosen` and `rejected`; or `chosen` and `rejected`, whose common beginning
            is the prompt; or `prompt`, `completion` and `label` for an unpaired row. Each text is
            a str, a response also a list of str, its segments; or all are conversations, lists of
            `{"role": ..., "content": ...}`. `chosen_weights`, `rejected_weights` and
            `completion_weights` hold one number a token. Other keys are ignored.

        Raises
        ------
        FormatError
            For what is no such row.
        InvalidArgumentError
            For one that cannot be tokenized, such as an empty response.
        UnsupportedError
            For a conversation when the model has no chat template.
        """
        try:
            text = json.dumps(row, default=_plain, ensure_ascii=False, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise InvalidArgumentError(f"a row holds what JSON cannot express: {error}") from error
        encoded = _marshal.text_bytes(text)
        check(library().adpo_dataset_add_json(self._pointer, encoded, len(encoded)))

    def extend(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add rows, each as `append` does: a list of them, a `datasets.Dataset`, or the like.

        An error names the row; the rows before that one stay.
        """
        add_rows(read_table(rows), self.append)

    def add(self, prompt: str, chosen: str, rejected: str) -> None:
        """Add a pair.

        The responses follow the prompt as they are, so a separating space or line break belongs
        to one of them; EOS is appended to a response that lacks it.
        """
        check(library().adpo_dataset_add_text(self._pointer, *_texts(prompt, chosen, rejected)))

    def add_tokens(self, prompt: Tokens, chosen: Tokens, rejected: Tokens) -> None:
        """Add a pair given as token ids, which are used as they are."""
        arrays = [_marshal.token_array(tokens) for tokens in (prompt, chosen, rejected)]
        check(library().adpo_dataset_add_tokens(self._pointer, *_ids(arrays)))

    def add_unpaired(self, prompt: str, completion: str, *, desirable: bool) -> None:
        """Add an unpaired row: a completion to make more likely, or less."""
        texts = _texts(prompt, completion)
        check(library().adpo_dataset_add_unpaired_text(self._pointer, *texts, bool(desirable)))

    def add_unpaired_tokens(self, prompt: Tokens, completion: Tokens, *, desirable: bool) -> None:
        """Add an unpaired row given as token ids, which are used as they are."""
        arrays = [_marshal.token_array(tokens) for tokens in (prompt, completion)]
        check(
            library().adpo_dataset_add_unpaired_tokens(
                self._pointer, *_ids(arrays), bool(desirable)
            )
        )

    def load_jsonl(self, path: PathLike) -> None:
        """Add the rows of a JSON Lines file, each line as `append` takes it.

        All or nothing: an error names file and line, and adds no row.

        Raises
        ------
        NotFoundError, ReadWriteError
            When the file cannot be read.
        FormatError, InvalidArgumentError, UnsupportedError
            For a line, as `append`; also where it is not UTF-8.
        """
        check(library().adpo_dataset_load_jsonl(self._pointer, _marshal.path_bytes(path)))

    def load_parquet(self, path: PathLike) -> None:
        """Add the rows of a Parquet file, whose columns are the keys that `append` takes.

        An error names file and row; the rows before that one stay.

        Raises
        ------
        ImportError
            Without pyarrow: ``pip install pyarrow``.
        NotFoundError, FormatError
            When there is no such file, or one that is not Parquet.
        InvalidArgumentError, UnsupportedError
            For a row, as `append`.
        """
        add_rows(read_parquet(path), self.append, os.fspath(path))

    def set_segments(
        self, index: int, chosen: Sequence[int] = (), rejected: Sequence[int] = ()
    ) -> None:
        """Set where the segments of a pair end, for granularity "custom".

        Parameters
        ----------
        index : int
            The pair's place.
        chosen, rejected : sequence of int
            Counts of tokens, increasing; the last is the response's length. Both empty: the pair
            has no segments of its own.
        """
        arguments = []
        for ends in (chosen, rejected):
            array = _marshal.token_array(ends).astype(np.int64)
            if (array < 0).any():
                raise InvalidArgumentError("a segment ends at a negative count of tokens")
            arguments += [(ctypes.c_size_t * len(array))(*array.tolist()), len(array)]
        check(library().adpo_dataset_set_segments(self._pointer, self._place(index), *arguments))

    def set_weights(self, index: int, chosen: Floats = (), rejected: Floats = ()) -> None:
        """Set what multiplies the log-ratio of each response token of a pair.

        Parameters
        ----------
        index : int
            The pair's place.
        chosen, rejected : sequence of float
            One finite number a token, its EOS token included. Both empty: all are 1.
        """
        arrays = [np.ascontiguousarray(weights, np.float32) for weights in (chosen, rejected)]
        if any(array.ndim != 1 for array in arrays):
            raise InvalidArgumentError("weights are a row of numbers, one a token")
        arguments = [
            argument
            for array in arrays
            for argument in (_marshal.floats_pointer(array), len(array))
        ]
        check(library().adpo_dataset_set_weights(self._pointer, self._place(index), *arguments))

    def weigh_contrastively(
        self, positive: Adapter, negative: Adapter, b: float = 1.0, *, dtype: str = "f32"
    ) -> None:
        """Set the weights of all pairs by contrastive estimation, as cADPO does.

        Parameters
        ----------
        positive, negative : Adapter
            Tuned on good and on bad responses. A rejected token y has
            log s = (1 + b) log p_positive(y) - b log p_negative(y) - log Z, where Z sums the same
            over the vocabulary, and the weight 1 - s; chosen tokens weigh 1.
        b : float
        dtype : str
            As for `Session`.
        """
        check(
            library().adpo_dataset_weigh_contrastively(
                self._pointer, positive._pointer, negative._pointer, b, dtype_value(dtype)
            )
        )

    def __len__(self) -> int:
        count = ctypes.c_size_t()
        check(library().adpo_dataset_count(self._pointer, ctypes.byref(count)))
        return count.value

    def _place(self, index: int) -> int:
        """Count a negative index from the end."""
        count = len(self)
        if not -count <= index < count:
            raise IndexError(f"there is no pair {index}: the dataset has {count}")
        return index % count

    def __getitem__(self, index: int) -> Pair:
        place = self._place(index)
        text = _marshal.fill_bytes(
            lambda *buffer: library().adpo_dataset_get_json(self._pointer, place, *buffer), 1 << 14
        )
        values = json.loads(text)
        kinds: dict[str, Any] = {"prompt": np.int32, "chosen": np.int32, "rejected": np.int32}
        kinds |= {"chosen_weights": np.float32, "rejected_weights": np.float32}
        return Pair(
            **{
                name: np.array(value, kinds[name]) if name in kinds else value
                for name, value in values.items()
            }
        )

    def __iter__(self) -> Iterator[Pair]:
        return (self[index] for index in range(len(self)))


def _plain(value: Any) -> Any:
    """Give what JSON knows for what numpy and its like hold."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"a {type(value).__name__}")


def _texts(*texts: str) -> list[Any]:
    encoded = [_marshal.text_bytes(text) for text in texts]
    return [argument for text in encoded for argument in (text, len(text))]


def _ids(arrays: Iterable[TokenArray]) -> list[Any]:
    return [argument for array in arrays for argument in (_marshal.ids_pointer(array), len(array))]
