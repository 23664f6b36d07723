"""Configurations and tensors in the forms that older writers gave them."""

from typing import Any

import torch
from torch import Tensor


def rope(config: dict[str, Any]) -> None:
    """As written before transformers 5: rope_theta and rope_scaling beside each other."""
    parameters = config.pop("rope_parameters")
    config["rope_theta"] = parameters.pop("rope_theta")
    config["rope_scaling"] = None if parameters["rope_type"] == "default" else parameters


def qwen3(config: dict[str, Any]) -> None:
    rope(config)
    config["sliding_window"] = None
    config["max_window_layers"] = 28
    config.pop("layer_types")


def gemma3(config: dict[str, Any]) -> None:
    """As Gemma 3's own: a pattern of windows, two bases, scaling of the global layers alone."""
    parameters = config.pop("rope_parameters")
    config["rope_local_base_freq"] = parameters["sliding_attention"]["rope_theta"]
    config["rope_theta"] = parameters["full_attention"].pop("rope_theta")
    config["rope_scaling"] = parameters["full_attention"]
    config.pop("_sliding_window_pattern")
    config["sliding_window_pattern"] = 3
    config.pop("layer_types")


def gpt_neox(config: dict[str, Any]) -> None:
    parameters = config.pop("rope_parameters")
    config["rotary_emb_base"] = int(parameters["rope_theta"])
    config["rotary_pct"] = parameters["partial_rotary_factor"]
    config["rope_scaling"] = None
    config.pop("attention_bias")


def phi3(config: dict[str, Any]) -> None:
    """As Phi-4-mini's own."""
    parameters = config.pop("rope_parameters")
    config["rope_theta"] = parameters.pop("rope_theta")
    config["partial_rotary_factor"] = parameters.pop("partial_rotary_factor")
    parameters.pop("original_max_position_embeddings")
    parameters["type"] = parameters.pop("rope_type")
    config["rope_scaling"] = parameters


def gpt2_tensors(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """As in OpenAI's own: names without "transformer.", and each layer's causal mask."""
    older = {name.removeprefix("transformer."): value for name, value in tensors.items()}
    older["h.0.attn.bias"] = torch.ones(8, 8).tril().view(1, 1, 8, 8)
    return older


def gpt_neox_tensors(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """As in Pythia's own: masks and RoPE's frequencies are stored, too."""
    attention = "gpt_neox.layers.0.attention"
    return tensors | {
        f"{attention}.bias": torch.ones(8, 8, dtype=torch.bool).tril().view(1, 1, 8, 8),
        f"{attention}.masked_bias": torch.tensor(-1e9),
        f"{attention}.rotary_emb.inv_freq": torch.ones(6),
    }
