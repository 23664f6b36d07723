"""What a file is, before it is loaded."""

from __future__ import annotations

import json
from dataclasses import dataclass

from adpo import _marshal
from adpo._library import library
from adpo._marshal import PathLike
from adpo.model import ModelInfo


@dataclass(frozen=True)
class EncodingShare:
    """How much of a file is in an encoding."""

    encoding: str
    tensors: int
    bytes: int


@dataclass(frozen=True)
class FileDescription:
    """What a file or directory is, and what can be done with it.

    Attributes
    ----------
    format : str
        "gguf" or "safetensors".
    architecture : str
        As the file names it.
    encodings : list of EncodingShare
        Those of the tensors that can be decoded, the largest share first.
    model : ModelInfo, optional
        None where it cannot be loaded.
    has_chat_template : bool
    loading_problem : str, optional
        Why it cannot be loaded, and so not scored, generated with, or tuned by an adapter; None
        where it can. The same holds for the next three.
    full_tuning_problem : str, optional
    directory_export_problem : str, optional
    gguf_export_problem : str, optional
    """

    format: str
    architecture: str
    encodings: list[EncodingShare]
    model: ModelInfo | None
    has_chat_template: bool
    loading_problem: str | None
    full_tuning_problem: str | None
    directory_export_problem: str | None
    gguf_export_problem: str | None


def describe(path: PathLike) -> FileDescription:
    """Tell what a file or directory is and what can be done with it, also if it cannot be loaded.

    Raises
    ------
    NotFoundError, FormatError
        When there is no model of either kind.
    """
    data = _marshal.path_bytes(path)
    text = _marshal.fill_bytes(lambda *buffer: library().adpo_model_describe(data, *buffer), 4096)
    values = json.loads(text)
    values["encodings"] = [EncodingShare(**share) for share in values["encodings"]]
    values["model"] = ModelInfo(**values["model"]) if values["model"] else None
    return FileDescription(**values)
