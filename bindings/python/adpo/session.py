"""Scoring and generation."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Callable

import numpy as np

from adpo import _abi, _marshal
from adpo._callback import Callback
from adpo._dtype import dtype_value
from adpo._handle import Handle
from adpo._library import check, library
from adpo._marshal import FloatArray, TokenArray, Tokens
from adpo.adapter import Adapter
from adpo.model import Model, tokenize_flags

OnToken = Callable[[int, str, float], Any]


@dataclass(frozen=True)
class Scores:
    """The tokens of a completion and the natural log-prob of each.

    Attributes
    ----------
    tokens : ndarray of int32
    logprobs : ndarray of float32
    """

    tokens: TokenArray
    logprobs: FloatArray

    @property
    def sum(self) -> float:
        """Log-prob of the whole completion."""
        return float(np.sum(self.logprobs, dtype=np.float64))


@dataclass(frozen=True)
class Generation:
    """A text that a model wrote.

    Attributes
    ----------
    tokens : ndarray of int32
        An EOS token included.
    logprobs : ndarray of float32
        The log-prob of each token, at temperature 1.
    text : str
        The text that follows the prompt, without special tokens.
    """

    tokens: TokenArray
    logprobs: FloatArray
    text: str


class Session(Handle):
    """A place to compute with a model; for one thread at a time.

    Parameters
    ----------
    model : Model
    adapter : Adapter, optional
        Compute with this adapter.
    dtype : str
        The type that products with the weights compute in: "f32"; "bf16", which is about twice as
        fast and gives log-probs to about two decimals; or "auto", which is bf16 where the processor
        has it and the weights are not stored in F32.
    """

    _destroy = "adpo_session_destroy"

    def __init__(self, model: Model, adapter: Adapter | None = None, *, dtype: str = "f32") -> None:
        pointer = ctypes.c_void_p()
        check(
            library().adpo_session_create(model._pointer, dtype_value(dtype), ctypes.byref(pointer))
        )
        super().__init__(pointer)
        self.model = model
        if adapter is not None:
            self.set_adapter(adapter)

    def set_adapter(self, adapter: Adapter | None) -> None:
        """Compute with this adapter from now on; None for the model alone."""
        pointer = None if adapter is None else adapter._pointer
        check(library().adpo_session_set_adapter(self._pointer, pointer))

    def score(self, tokens: Tokens) -> FloatArray:
        """Log-prob of each token given those before it.

        Returns
        -------
        ndarray of float32, shape (len(tokens),)
            The first is NaN: nothing stands before it.
        """
        ids = _marshal.token_array(tokens)
        logprobs = np.empty(len(ids), np.float32)
        check(
            library().adpo_score(
                self._pointer,
                _marshal.ids_pointer(ids),
                len(ids),
                _marshal.floats_pointer(logprobs),
            )
        )
        return logprobs

    def score_completions(self, prompt: Tokens, completions: Sequence[Tokens]) -> list[FloatArray]:
        """Log-probs of many completions of one prompt, which is computed once.

        Parameters
        ----------
        prompt : sequence of int
            At least one token.
        completions : sequence of sequences of int

        Returns
        -------
        list of ndarray of float32
            For each completion one number a token; views of one array.
        """
        before = _marshal.token_array(prompt)
        parts = [_marshal.token_array(completion) for completion in completions]
        ids = np.concatenate(parts) if parts else np.empty(0, np.int32)
        counts = (ctypes.c_size_t * len(parts))(*map(len, parts))
        logprobs = np.empty(len(ids), np.float32)
        check(
            library().adpo_score_completions(
                self._pointer,
                _marshal.ids_pointer(before),
                len(before),
                _marshal.ids_pointer(ids),
                counts,
                len(parts),
                _marshal.floats_pointer(logprobs),
            )
        )
        ends = np.cumsum([len(part) for part in parts], dtype=np.intp)
        return np.split(logprobs, ends[:-1]) if parts else []

    def score_text(
        self, prompt: str, completion: str, *, add_special: bool = True, parse_special: bool = True
    ) -> Scores:
        """Score a completion given as text; the flags are those of `Model.tokenize`."""
        before, after = _marshal.text_bytes(prompt), _marshal.text_bytes(completion)
        flags = tokenize_flags(add_special, parse_special)
        tokens, logprobs = np.empty(0, np.int32), np.empty(0, np.float32)

        def call(capacity: int, needed: Any) -> int:
            nonlocal tokens, logprobs
            tokens, logprobs = np.empty(capacity, np.int32), np.empty(capacity, np.float32)
            return library().adpo_score_text(
                self._pointer,
                before,
                len(before),
                after,
                len(after),
                flags,
                _marshal.ids_pointer(tokens),
                _marshal.floats_pointer(logprobs),
                capacity,
                needed,
            )

        # A little room more: the border token may take in the prompt's end.
        count = _marshal.fill(call, len(after) + 8)
        return Scores(tokens[:count], logprobs[:count])

    def logits(self, tokens: Tokens) -> FloatArray:
        """Logits that follow each token.

        Returns
        -------
        ndarray of float32, shape (len(tokens), vocabulary)
        """
        ids = _marshal.token_array(tokens)
        logits = np.empty((len(ids), self.model.info.vocabulary), np.float32)
        check(
            library().adpo_logits(
                self._pointer, _marshal.ids_pointer(ids), len(ids), _marshal.floats_pointer(logits)
            )
        )
        return logits

    def generate(
        self,
        prompt: str | Tokens,
        *,
        max_tokens: int | None = None,
        temperature: float | None = None,
        seed: int | None = None,
        on_token: OnToken | None = None,
    ) -> Generation:
        """Continue a prompt until an EOS token or max_tokens.

        Parameters
        ----------
        prompt : str or sequence of int
            At least one token.
        max_tokens : int, optional
            256 when not given.
        temperature : float, optional
            0, the default, takes the likeliest token; otherwise the logits are divided by it and
            a token is drawn.
        seed : int, optional
            The same seed gives the same text.
        on_token : callable, optional
            Called with each token: its id, the text that it completes (none for a special token),
            its log-prob. Generation stops early when it returns true; an exception in it passes
            through.

        Returns
        -------
        Generation

        Raises
        ------
        InvalidArgumentError
            For a prompt without tokens, or an option that is out of range.
        KeyboardInterrupt
            After the token in which Ctrl-C was pressed.
        """
        ids = _marshal.token_array(
            self.model.tokenize(prompt) if isinstance(prompt, str) else prompt
        )
        config = _abi.adpo_generation_config()
        check(library().adpo_generation_config_init(ctypes.byref(config), ctypes.sizeof(config)))
        values = {"max_tokens": max_tokens, "temperature": temperature, "seed": seed}
        _marshal.set_fields(config, values)

        tokens: list[int] = []
        logprobs: list[float] = []
        texts: list[str] = []

        def receive(token: int, data: Any, length: int, logprob: float, _: object) -> Any:
            tokens.append(token)
            logprobs.append(logprob)
            texts.append(ctypes.string_at(data, length).decode() if length else "")
            return on_token(token, texts[-1], logprob) if on_token else False

        callback = Callback(_abi.adpo_token_callback, receive)
        callback.run(
            lambda pointer: library().adpo_generate(
                self._pointer,
                ctypes.byref(config),
                _marshal.ids_pointer(ids),
                len(ids),
                pointer,
                None,
                None,
                0,
                None,
            )
        )
        generated = np.array(tokens, np.int32)
        return Generation(generated, np.array(logprobs, np.float32), "".join(texts))
