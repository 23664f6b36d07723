"""A language model and its tokenizer."""

from __future__ import annotations

import ctypes
import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from adpo import _abi, _marshal
from adpo._handle import Handle
from adpo._library import check, library
from adpo._marshal import PathLike, TokenArray, Tokens
from adpo.adapter import Adapter


def encodings() -> tuple[str, ...]:
    """Give the encodings that exports can have; Hugging Face directories hold the first three."""
    found = (library().adpo_encoding_name(number) for number in itertools.count())
    return tuple(name.decode() for name in itertools.takewhile(bool, found))


@dataclass(frozen=True)
class ModelInfo:
    """The facts of a model.

    Attributes
    ----------
    family : str
        Such as "llama".
    encoding : str
        The encoding of most weights, such as "F32" or "Q4_1".
    layers, width, heads, key_value_heads : int
        The decoder's shape; `width` is that of the hidden states.
    vocabulary : int
        Number of token ids that the head scores.
    context : int
        Positions that the model was trained for.
    parameters, weight_bytes : int
        Number of weights, and their size as stored.
    """

    family: str
    encoding: str
    layers: int
    width: int
    heads: int
    key_value_heads: int
    vocabulary: int
    context: int
    parameters: int
    weight_bytes: int


@dataclass(frozen=True)
class ExportReport:
    """The differences that reading an export back has shown.

    Attributes
    ----------
    weight_bytes : int
        Size of the weights that were written.
    tokens : int
        Number of tokens of a fixed text whose log-probs were compared.
    mean_difference, max_difference : float
        How far the log-probs read back are from those in memory: about 1e-5 where nothing is
        rounded, and otherwise what the encoding costs.
    """

    weight_bytes: int
    tokens: int
    mean_difference: float
    max_difference: float


@dataclass(frozen=True)
class ChatTokens:
    """A conversation as token ids.

    Attributes
    ----------
    ids : ndarray of int32
    is_assistant : ndarray of bool, optional
        Whether the assistant says it, for each token; None when it was not asked for.
    """

    ids: TokenArray
    is_assistant: npt.NDArray[np.bool_] | None


def conversation_bytes(
    messages: Sequence[Mapping[str, Any]],
    tools: Sequence[Mapping[str, Any]] | None,
    variables: Mapping[str, Any],
) -> bytes:
    """Write a conversation as JSON."""
    conversation = {**variables, "messages": list(messages), "tools": tools}
    return _marshal.text_bytes(json.dumps(conversation, ensure_ascii=False))


def chat_flags(add_generation_prompt: bool, continue_final_message: bool) -> int:
    """Combine the two choices into adpo_chat_flags."""
    flags = _abi.ENUMS["ADPO_CHAT_ADD_GENERATION_PROMPT"] if add_generation_prompt else 0
    return flags | (_abi.ENUMS["ADPO_CHAT_CONTINUE_FINAL_MESSAGE"] if continue_final_message else 0)


def tokenize_flags(add_special: bool, parse_special: bool) -> int:
    """Combine the two choices into adpo_tokenize_flags."""
    flags = 0 if add_special else _abi.ENUMS["ADPO_TOKENIZE_NO_SPECIAL"]
    return flags | (0 if parse_special else _abi.ENUMS["ADPO_TOKENIZE_PLAIN_TEXT"])


class Model(Handle):
    """A language model: its weights, mapped from the file, and its tokenizer.

    `Trainer.model` gives one whose weights are in memory. Any number of threads may use one.

    Parameters
    ----------
    path : path-like
        A Hugging Face directory or a GGUF file, which must stay as it is while the model lives.

    Raises
    ------
    NotFoundError
        When there is no such file or directory: nothing is downloaded.
    FormatError
        For a file that is damaged or of another kind.
    UnsupportedError
        For an architecture, encoding or tokenizer that this version does not know.
    """

    _destroy = "adpo_model_destroy"

    def __init__(self, path: PathLike) -> None:
        pointer = ctypes.c_void_p()
        check(library().adpo_model_load(_marshal.path_bytes(path), ctypes.byref(pointer)))
        super().__init__(pointer)

    @classmethod
    def _of(cls, pointer: ctypes.c_void_p) -> Model:
        """Take over a model of the library."""
        model = cls.__new__(cls)
        Handle.__init__(model, pointer)
        return model

    @property
    def info(self) -> ModelInfo:
        """Family, shape and size."""
        info = _marshal.sized(_abi.adpo_model_info)
        check(library().adpo_model_get_info(self._pointer, ctypes.byref(info)))
        return ModelInfo(**_marshal.fields(info))

    def metadata(self, key: str | None = None) -> Any:
        """Give what else the model's file says of it.

        Parameters
        ----------
        key : str, optional
            A key of a GGUF file's metadata, such as "general.name", or of config.json, such as
            "architectures". None gives all of them, as a dict.

        Raises
        ------
        NotFoundError
            If there is no such key.
        """
        data = None if key is None else _marshal.text_bytes(key)
        text = _marshal.fill_bytes(
            lambda *buffer: library().adpo_model_metadata(self._pointer, data, *buffer), 1024
        )
        return json.loads(text)

    def tokenize(
        self, text: str, *, add_special: bool = True, parse_special: bool = True
    ) -> TokenArray:
        """Text to token ids, as transformers does it.

        Parameters
        ----------
        text : str
        add_special : bool
            Add the BOS (or other) tokens that the tokenizer's configuration asks for.
        parse_special : bool
            Read text such as "<|im_end|>" as a special token; turn off for untrusted text.

        Returns
        -------
        ndarray of int32
        """
        data = _marshal.text_bytes(text)
        flags = tokenize_flags(add_special, parse_special)
        ids = np.empty(0, np.int32)

        def call(capacity: int, needed: Any) -> int:
            nonlocal ids
            ids = np.empty(capacity, np.int32)
            return library().adpo_tokenize(
                self._pointer, data, len(data), flags, _marshal.ids_pointer(ids), capacity, needed
            )

        count = _marshal.fill(call, len(data) + 8)
        return ids[:count]

    def tokenize_completion(
        self, prompt: str, completion: str, *, add_special: bool = True, parse_special: bool = True
    ) -> tuple[TokenArray, TokenArray]:
        """Token ids of a prompt and of what follows it, split where the completion begins.

        Returns
        -------
        prompt_ids, completion_ids : ndarray of int32
            Together the ids of prompt + completion. The first are the common prefix of these
            and the prompt's own.
        """
        before, after = _marshal.text_bytes(prompt), _marshal.text_bytes(completion)
        flags = tokenize_flags(add_special, parse_special)
        prompt_count = ctypes.c_size_t()
        ids = np.empty(0, np.int32)

        def call(capacity: int, needed: Any) -> int:
            nonlocal ids
            ids = np.empty(capacity, np.int32)
            return library().adpo_tokenize_completion(
                self._pointer,
                before,
                len(before),
                after,
                len(after),
                flags,
                _marshal.ids_pointer(ids),
                capacity,
                needed,
                ctypes.byref(prompt_count),
            )

        count = _marshal.fill(call, len(before) + len(after) + 8)
        return ids[: prompt_count.value], ids[prompt_count.value : count]

    def detokenize(
        self, ids: Tokens, *, skip_special: bool = False, continues: bool = False
    ) -> str:
        """Token ids to text; bytes that are no UTF-8 become U+FFFD.

        Parameters
        ----------
        ids : sequence of int
        skip_special : bool
            Leave special tokens out.
        continues : bool
            The tokens go on from others, such as a prompt's: a space before their first word
            stays, which tokenizers of SentencePiece's kind leave out at the beginning of a text.
        """
        text = self.detokenize_bytes(ids, skip_special=skip_special, continues=continues)
        return text.decode("utf-8", "replace")

    def detokenize_bytes(
        self, ids: Tokens, *, skip_special: bool = False, continues: bool = False
    ) -> bytes:
        """Token ids to bytes: a token can begin or end within a UTF-8 sequence."""
        tokens = _marshal.token_array(ids)
        flags = _abi.ENUMS["ADPO_DETOKENIZE_SKIP_SPECIAL"] if skip_special else 0
        flags |= _abi.ENUMS["ADPO_DETOKENIZE_CONTINUES"] if continues else 0
        return _marshal.fill_bytes(
            lambda *buffer: library().adpo_detokenize(
                self._pointer, _marshal.ids_pointer(tokens), len(tokens), flags, *buffer
            ),
            8 * len(tokens) + 8,
        )

    def render_chat(
        self,
        messages: Sequence[Mapping[str, Any]],
        *,
        add_generation_prompt: bool | None = None,
        continue_final_message: bool = False,
        tools: Sequence[Mapping[str, Any]] | None = None,
        **variables: Any,
    ) -> str:
        """Write a conversation as the text that the model was trained on, by its chat template.

        The text has its special tokens in it, BOS included: tokenize it with `add_special=False`.

        Parameters
        ----------
        messages : sequence of dict
            Such as ``{"role": "user", "content": "Hi."}``.
        add_generation_prompt : bool, optional
            End with what begins the assistant's answer; so it is unless the last message goes on.
        continue_final_message : bool
            End with the last message, which the model is to go on with.
        tools : sequence of dict, optional
            JSON schemas of the functions that the model may call.
        **variables
            Whatever else the template knows, such as ``enable_thinking=False``.

        Raises
        ------
        UnsupportedError
            When the model has no chat template.
        InvalidArgumentError
            When the template refuses the conversation; the message gives its line.
        """
        if add_generation_prompt is None:
            add_generation_prompt = not continue_final_message
        data = conversation_bytes(messages, tools, variables)
        flags = chat_flags(add_generation_prompt, continue_final_message)
        text = _marshal.fill_bytes(
            lambda *buffer: library().adpo_chat_render(
                self._pointer, data, len(data), flags, *buffer
            ),
            2 * len(data) + 256,
        )
        return text.decode("utf-8", "replace")

    def tokenize_chat(
        self,
        messages: Sequence[Mapping[str, Any]],
        *,
        add_generation_prompt: bool = False,
        continue_final_message: bool = False,
        mark_assistant: bool = False,
        tools: Sequence[Mapping[str, Any]] | None = None,
        **variables: Any,
    ) -> ChatTokens:
        """Give the token ids of a conversation, and which of them the assistant says.

        Parameters
        ----------
        messages, add_generation_prompt, continue_final_message, tools, **variables
            As of `render_chat`.
        mark_assistant : bool
            Tell which tokens the assistant says: those in what the template marks by
            ``{% generation %}``.

        Raises
        ------
        UnsupportedError, InvalidArgumentError
            As of `render_chat`. UnsupportedError also where `mark_assistant` is asked for and the
            template marks nothing.
        """
        data = conversation_bytes(messages, tools, variables)
        flags = chat_flags(add_generation_prompt, continue_final_message)
        ids, marks = np.empty(0, np.int32), np.empty(0, np.uint8)

        def call(capacity: int, needed: Any) -> int:
            nonlocal ids, marks
            ids, marks = np.empty(capacity, np.int32), np.empty(capacity, np.uint8)
            pointer = marks.ctypes.data_as(_abi.marks) if mark_assistant else None
            return library().adpo_chat_tokenize(
                self._pointer,
                data,
                len(data),
                flags,
                _marshal.ids_pointer(ids),
                pointer,
                capacity,
                needed,
            )

        count = _marshal.fill(call, len(data) + 256)
        return ChatTokens(ids[:count], marks[:count].astype(bool) if mark_assistant else None)

    @property
    def bos(self) -> int | None:
        """The token that begins a text, or None."""
        return self._special("BOS")

    @property
    def eos(self) -> int | None:
        """The token that ends a response, or None."""
        return self._special("EOS")

    @property
    def pad(self) -> int | None:
        """The token that pads a batch, or None."""
        return self._special("PAD")

    @property
    def unknown(self) -> int | None:
        """The token that stands for unknown text, or None."""
        return self._special("UNKNOWN")

    def _special(self, name: str) -> int | None:
        token = ctypes.c_int32()
        which = _abi.ENUMS[f"ADPO_SPECIAL_TOKEN_{name}"]
        check(library().adpo_token_special(self._pointer, which, ctypes.byref(token)))
        return None if token.value < 0 else token.value

    def load_adapter(self, path: PathLike) -> Adapter:
        """Read a PEFT directory, or the adapter file of llama.cpp when the path ends in ".gguf".

        Raises
        ------
        NotFoundError, FormatError
            When there is no adapter, or one that is damaged or for another model.
        """
        pointer = ctypes.c_void_p()
        check(
            library().adpo_adapter_load(
                self._pointer, _marshal.path_bytes(path), ctypes.byref(pointer)
            )
        )
        return Adapter(pointer)

    def export(
        self, path: PathLike, *, adapter: Adapter | None = None, encoding: str | None = None
    ) -> ExportReport:
        """Write the model, with an adapter merged into its weights if one is given.

        The result is loaded again and compared before it takes its place; otherwise the path is
        as it was.

        Parameters
        ----------
        path : path-like
            Ending in ".gguf": a GGUF file. Otherwise a Hugging Face directory, which must be new
            or empty.
        adapter : Adapter, optional
        encoding : str, optional
            The encoding of the matrices, one of `encodings()`. None leaves them as they are, but
            makes quantized ones F16 in a directory.

        Returns
        -------
        ExportReport
            How far the log-probs are from those in memory.

        Raises
        ------
        InvalidArgumentError
            For an adapter of another model, or an encoding that the file cannot hold.
        ReadWriteError
            When the path cannot be written, or is a directory that is not empty.
        NumericError
            When the log-probs differ by more than the encoding explains.
        """
        report = _marshal.sized(_abi.adpo_export_report)
        check(
            library().adpo_model_export(
                self._pointer,
                adapter._pointer if adapter else None,
                _marshal.path_bytes(path),
                _marshal.text_bytes(encoding) if encoding is not None else None,
                ctypes.byref(report),
            )
        )
        return ExportReport(**_marshal.fields(report))
