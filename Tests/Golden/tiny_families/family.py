"""How the tiny models of a family are described."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import gguf
import numpy as np
import torch
from gguf import MODEL_ARCH
from torch import Tensor
from transformers import PreTrainedConfig

from family_tokenizers import FamilyTokenizer

# A tensor as llama.cpp lays it out, under transformers' name or that of a part of it; those of one
# name are stacked.
Converted = Iterator[tuple[str, np.ndarray]]


@dataclass
class TinyModel:
    """A fixture: its name, and how its configuration differs from the family's base."""

    name: str
    seed: int
    config: dict[str, Any] = field(default_factory=dict)
    dtype: torch.dtype = torch.bfloat16
    older_config: Callable[[dict[str, Any]], None] | None = None
    older_tensors: Callable[[dict[str, Tensor]], dict[str, Tensor]] | None = None
    has_gguf: bool = False
    # Adapters, by what their names end in, and how their LoraConfigs differ from the base.
    adapters: dict[str, dict[str, Any]] = field(default_factory=dict)


# The sizes of families like Llama, as unusual as they may be.
LLAMA_LIKE: dict[str, Any] = {
    "hidden_size": 36,
    "intermediate_size": 44,
    "num_hidden_layers": 2,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
    "bos_token_id": 1,
    "eos_token_id": 2,
}


def as_it_is(name: str, values: np.ndarray, _: PreTrainedConfig) -> Converted:
    yield name, values


def add_no_metadata(_: gguf.GGUFWriter, __: PreTrainedConfig) -> None:
    pass


@dataclass
class TinyFamily:
    """A family: its base configuration, as small as its peculiarities allow, how llama.cpp's
    convert_hf_to_gguf writes it, and its models."""

    model_type: str
    tokenizer: Callable[[], FamilyTokenizer]
    base: dict[str, Any]
    models: list[TinyModel]
    architecture: MODEL_ARCH | None = None
    # Adds what the architecture has beside the sizes; what a converter leaves out is left out.
    metadata: Callable[[gguf.GGUFWriter, PreTrainedConfig], None] = add_no_metadata
    converted: Callable[[str, np.ndarray, PreTrainedConfig], Converted] = as_it_is
    # The middle of random weights of norms: Gemma's multiply by 1 + w.
    norm_middle: float = 1.0
    # A multimodal model with this text part and vision tower; the first model is made one.
    multimodal: Callable[[dict[str, Any], dict[str, Any]], PreTrainedConfig] | None = None
    # How LoraConfigs of the family's adapters differ from the others'.
    lora: dict[str, Any] = field(default_factory=dict)


def rope(theta: float, **others: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"rope_type": "default", "rope_theta": theta, **others}


def older_rope(config: dict[str, Any]) -> None:
    """As written before transformers 5: rope_theta and rope_scaling beside each other."""
    parameters = config.pop("rope_parameters")
    config["rope_theta"] = parameters.pop("rope_theta")
    config["rope_scaling"] = None if parameters["rope_type"] == "default" else parameters


def head_width(config: PreTrainedConfig) -> int:
    return getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads


def add_rms_sizes(writer: gguf.GGUFWriter, config: PreTrainedConfig) -> None:
    """What most families with RMSNorm and RoPE have beside the sizes of all."""
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    parameters = config.rope_parameters
    writer.add_rope_freq_base(parameters.get("full_attention", parameters)["rope_theta"])


def add_head_width(writer: gguf.GGUFWriter, config: PreTrainedConfig) -> None:
    writer.add_key_length(head_width(config))
    writer.add_value_length(head_width(config))


def add_rms_and_head_sizes(writer: gguf.GGUFWriter, config: PreTrainedConfig) -> None:
    """The same of families whose heads may be wider than their share of the width."""
    add_rms_sizes(writer, config)
    add_head_width(writer, config)
