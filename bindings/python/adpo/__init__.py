"""Load a causal language model, score and generate text, and tune it on preference pairs.

>>> import adpo
>>> model = adpo.Model("model.gguf")
>>> session = adpo.Session(model)
>>> session.score_text("The sky is", " blue.").logprobs
"""

from adpo._library import build_info, set_num_threads, version
from adpo.adapter import Adapter
from adpo.dataset import Dataset, Pair
from adpo.description import EncodingShare, FileDescription, describe
from adpo.errors import (
    AdpoError,
    BufferTooSmallError,
    BusyError,
    CancelledError,
    FormatError,
    InternalError,
    InvalidArgumentError,
    NotFoundError,
    NumericError,
    OutOfMemoryError,
    ReadWriteError,
    UnsupportedError,
)
from adpo.inspection import (
    CountRange,
    InspectedPair,
    InspectedResponse,
    InspectedToken,
    Inspection,
    InspectionWarning,
    MemoryEstimate,
    TimeEstimate,
    inspect,
)
from adpo.metrics import Metrics
from adpo.model import ChatTokens, ExportReport, Model, ModelInfo, encodings
from adpo.objective import Loss, Objective, loss
from adpo.session import Generation, Scores, Session
from adpo.trainer import Trainer, TrainerInfo

__all__ = [
    "Adapter",
    "AdpoError",
    "BufferTooSmallError",
    "BusyError",
    "CancelledError",
    "ChatTokens",
    "CountRange",
    "Dataset",
    "EncodingShare",
    "ExportReport",
    "FileDescription",
    "FormatError",
    "Generation",
    "InspectedPair",
    "InspectedResponse",
    "InspectedToken",
    "Inspection",
    "InspectionWarning",
    "InternalError",
    "InvalidArgumentError",
    "Loss",
    "MemoryEstimate",
    "Metrics",
    "Model",
    "ModelInfo",
    "NotFoundError",
    "NumericError",
    "Objective",
    "OutOfMemoryError",
    "Pair",
    "ReadWriteError",
    "Scores",
    "Session",
    "TimeEstimate",
    "Trainer",
    "TrainerInfo",
    "UnsupportedError",
    "build_info",
    "describe",
    "encodings",
    "inspect",
    "loss",
    "set_num_threads",
    "version",
]
