"""The data and the cost of a run, told before it begins."""

from __future__ import annotations

import ctypes
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from adpo import _marshal
from adpo._config import trainer_config
from adpo._library import library
from adpo.dataset import Dataset
from adpo.model import Model
from adpo.objective import Objective


@dataclass(frozen=True)
class InspectedToken:
    """A token of a sequence.

    Attributes
    ----------
    id : int
    text : str
        A character that several tokens share is the text of the last of them.
    weight : float
        The factor of its log-ratio: 0 in a prompt, 1 in a response without weights.
    """

    id: int
    text: str
    weight: float


@dataclass(frozen=True)
class InspectedResponse:
    """The part of a response that is scored.

    Attributes
    ----------
    segments : list of list of InspectedToken
        Empty where the response has none for a segment of the other.
    removed : str
        The text that truncation removes.
    """

    segments: list[list[InspectedToken]]
    removed: str


@dataclass(frozen=True)
class InspectedPair:
    """A pair, token by token.

    Attributes
    ----------
    pair : int
        Its place in the dataset.
    prompt : list of InspectedToken
        Fed and not scored.
    chosen, rejected : InspectedResponse
    """

    pair: int
    prompt: list[InspectedToken]
    chosen: InspectedResponse
    rejected: InspectedResponse


@dataclass(frozen=True)
class InspectionWarning:
    """A fault that some pairs seem to have.

    Attributes
    ----------
    kind : str
        "boundary", "missing_bos", "doubled_bos", "missing_eos", "doubled_eos", "identical",
        "duplicate", "contradiction", "dropped", "truncated" or "beyond_context".
    message : str
    pairs : list of int
        All that it concerns, counted from 0.
    """

    kind: str
    message: str
    pairs: list[int]


@dataclass(frozen=True)
class CountRange:
    """The range of a count, over the pairs in use."""

    minimum: int
    mean: float
    maximum: int


@dataclass(frozen=True)
class MemoryEstimate:
    """In bytes.

    Attributes
    ----------
    weights : int
        Mapped from the file, and shared with other processes that map it.
    activations : int
        Bytes of the largest pass.
    parameters, gradients, optimizer : int
        Bytes for the adapter.
    references : int
        The reference's log-probs of all pairs.
    total : int
    """

    weights: int
    activations: int
    parameters: int
    gradients: int
    optimizer: int
    references: int
    total: int


@dataclass(frozen=True)
class TimeEstimate:
    """In seconds: one update was made and timed, the rest is scaled by floating-point operations.

    Attributes
    ----------
    measured_tokens : int
        Tokens that were computed in the update that was timed.
    measured : float
    reference : float
        The reference's log-probs of all pairs, computed once.
    epoch : float
    run : float
        Reference and all epochs.
    """

    measured_tokens: int
    measured: float
    reference: float
    epoch: float
    run: float


@dataclass(frozen=True)
class Inspection:
    """The data and the cost of a run.

    Attributes
    ----------
    granularity : str
    max_length : int
    pairs, unpaired : int
        In the dataset.
    dropped : int
        Left out: their prompt alone fills max_length.
    truncated, removed_tokens : int
        Pairs in use with a response that loses its end, and the tokens that those lose.
    prompt_tokens, chosen_tokens, rejected_tokens, segments : CountRange
        Over the pairs in use.
    warnings : list of InspectionWarning
    examples : list of InspectedPair
    memory : MemoryEstimate
    time : TimeEstimate or None
    """

    granularity: str
    max_length: int
    pairs: int
    unpaired: int
    dropped: int
    truncated: int
    removed_tokens: int
    prompt_tokens: CountRange
    chosen_tokens: CountRange
    rejected_tokens: CountRange
    segments: CountRange
    warnings: list[InspectionWarning]
    examples: list[InspectedPair]
    memory: MemoryEstimate
    time: TimeEstimate | None


def inspect(
    model: Model,
    pairs: Dataset,
    objective: Objective | None = None,
    *,
    recipe: str | None = None,
    max_length: int | None = None,
    activation_memory: int | None = None,
    batch_size: int | None = None,
    epochs: int | None = None,
    full_finetuning: bool = False,
    lora_rank: int | None = None,
    lora_alpha: float | None = None,
    lora_dropout: float | None = None,
    target_modules: Sequence[str] | None = None,
    use_rslora: bool = False,
    use_dora: bool = False,
    dtype: str = "f32",
    examples: int = 3,
    measure_time: bool = True,
) -> Inspection:
    """Tell what a run would see of the pairs, and what it would cost.

    Parameters
    ----------
    model : Model
    pairs : Dataset
    objective, recipe, max_length, activation_memory, batch_size, epochs, dtype
        As for `Trainer`.
    full_finetuning, lora_rank, lora_alpha, lora_dropout, target_modules, use_rslora, use_dora
        As for `Trainer`.
    examples : int
        So many pairs are shown token by token: the first ones in use.
    measure_time : bool
        Make two updates on the first pairs, which takes seconds.

    Returns
    -------
    Inspection

    Raises
    ------
    InvalidArgumentError
        As `Trainer` would raise it, and when there are no pairs to inspect.
    """
    config = trainer_config(
        objective,
        recipe,
        dtype=dtype,
        full_finetuning=full_finetuning,
        lora_rank=lora_rank,
        lora_alpha=lora_alpha,
        lora_dropout=lora_dropout,
        target_modules=target_modules,
        use_rslora=use_rslora,
        use_dora=use_dora,
        epochs=epochs,
        batch_size=batch_size,
        max_length=max_length,
        activation_memory=activation_memory,
    )
    text = _marshal.fill_bytes(
        lambda *buffer: library().adpo_dataset_inspect(
            pairs._pointer,
            model._pointer,
            ctypes.byref(config),
            max(examples, 0),
            bool(measure_time),
            *buffer,
        ),
        # The report is another when it is asked for again.
        _capacity(pairs, examples),
    )
    return _inspection(json.loads(text))


def _capacity(pairs: Dataset, examples: int) -> int:
    """Room for the report: the examples' tokens, and the warnings' lists of pairs."""
    count = len(pairs)
    shown = (pairs[index] for index in range(min(max(examples, 0), count)))
    tokens = sum(len(pair.prompt) + len(pair.chosen) + len(pair.rejected) for pair in shown)
    return (1 << 16) + 512 * tokens + 160 * count


def _inspection(values: dict[str, Any]) -> Inspection:
    def tokens(entries: list[Any]) -> list[InspectedToken]:
        return [InspectedToken(**entry) for entry in entries]

    def response(entry: dict[str, Any]) -> InspectedResponse:
        segments = [tokens(segment) for segment in entry["segments"]]
        return InspectedResponse(segments, entry["removed"])

    values = dict(values)
    for name in ("prompt_tokens", "chosen_tokens", "rejected_tokens", "segments"):
        values[name] = CountRange(**values[name])
    values["warnings"] = [InspectionWarning(**warning) for warning in values["warnings"]]
    values["examples"] = [
        InspectedPair(
            example["pair"],
            tokens(example["prompt"]),
            response(example["chosen"]),
            response(example["rejected"]),
        )
        for example in values["examples"]
    ]
    values["memory"] = MemoryEstimate(**values["memory"])
    values["time"] = values["time"] and TimeEstimate(**values["time"])
    return Inspection(**values)
