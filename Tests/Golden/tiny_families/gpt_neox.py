import gguf
import numpy as np
import torch
from gguf import MODEL_ARCH
from torch import Tensor
from transformers import PreTrainedConfig

import family_tokenizers
from tiny_families.family import Converted, TinyFamily, TinyModel, head_width, rope


def add_metadata(writer: gguf.GGUFWriter, config: PreTrainedConfig) -> None:
    writer.add_layer_norm_eps(config.layer_norm_eps)
    partial = config.rope_parameters["partial_rotary_factor"]
    writer.add_rope_dimension_count(int(partial * head_width(config)))
    writer.add_parallel_residual(config.use_parallel_residual)


def converted(name: str, values: np.ndarray, config: PreTrainedConfig) -> Converted:
    if ".query_key_value." in name:
        # Of each head its q, k and v -> all q, all k, all v.
        split = values.reshape(config.num_attention_heads, 3, -1, *values.shape[1:])
        values = split.swapaxes(0, 1).reshape(values.shape)
    yield name, values


def older_config(config: dict) -> None:
    parameters = config.pop("rope_parameters")
    config["rotary_emb_base"] = int(parameters["rope_theta"])
    config["rotary_pct"] = parameters["partial_rotary_factor"]
    config["rope_scaling"] = None
    config.pop("attention_bias")


def older_tensors(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """As in Pythia's own: masks and RoPE's frequencies are stored, too."""
    attention = "gpt_neox.layers.0.attention"
    return tensors | {
        f"{attention}.bias": torch.ones(8, 8, dtype=torch.bool).tril().view(1, 1, 8, 8),
        f"{attention}.masked_bias": torch.tensor(-1e9),
        f"{attention}.rotary_emb.inv_freq": torch.ones(6),
    }


FAMILY = TinyFamily(
    "gpt_neox",
    family_tokenizers.gpt_neox,
    {
        "hidden_size": 48,
        "intermediate_size": 72,
        "num_hidden_layers": 2,
        "num_attention_heads": 3,
        "max_position_embeddings": 512,
        "rope_parameters": rope(10000.0, partial_rotary_factor=0.25),
        "bos_token_id": 0,
        "eos_token_id": 0,
    },
    [
        TinyModel("gpt_neox", 6, has_gguf=True, adapters={"lora": {}}),
        TinyModel(
            "gpt_neox-sequential",
            7,
            {
                "use_parallel_residual": False,
                "hidden_act": "gelu_new",
                "tie_word_embeddings": True,
                "num_attention_heads": 2,
                "rope_parameters": rope(25000.0, partial_rotary_factor=0.5),
            },
            older_config=older_config,
            older_tensors=older_tensors,
        ),
    ],
    MODEL_ARCH.GPTNEOX,
    add_metadata,
    converted,
)
