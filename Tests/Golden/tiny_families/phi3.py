import math

import gguf
from gguf import MODEL_ARCH
from transformers import PreTrainedConfig

import family_tokenizers
from tiny_families.family import TinyFamily, TinyModel, add_rms_sizes, head_width


def add_metadata(writer: gguf.GGUFWriter, config: PreTrainedConfig) -> None:
    add_rms_sizes(writer, config)
    original = config.original_max_position_embeddings
    scale = config.max_position_embeddings / original
    partial = config.rope_parameters["partial_rotary_factor"]
    writer.add_rope_dimension_count(int(partial * head_width(config)))
    writer.add_rope_scaling_orig_ctx_len(original)
    writer.add_rope_scaling_attn_factors(math.sqrt(1 + math.log(scale) / math.log(original)))
    writer.add_sliding_window(config.sliding_window or 0)


def older_config(config: dict) -> None:
    """As Phi-4-mini's own."""
    parameters = config.pop("rope_parameters")
    config["rope_theta"] = parameters.pop("rope_theta")
    config["partial_rotary_factor"] = parameters.pop("partial_rotary_factor")
    parameters.pop("original_max_position_embeddings")
    parameters["type"] = parameters.pop("rope_type")
    config["rope_scaling"] = parameters


# Of each head's 16 dimensions 12 rotate, with six factors.
FAMILY = TinyFamily(
    "phi3",
    family_tokenizers.phi3,
    {
        "hidden_size": 48,
        "intermediate_size": 56,
        "num_hidden_layers": 2,
        "num_attention_heads": 3,
        "num_key_value_heads": 1,
        "max_position_embeddings": 512,
        "original_max_position_embeddings": 64,
        "rope_parameters": {
            "rope_type": "longrope",
            "rope_theta": 10000.0,
            "partial_rotary_factor": 0.75,
            "original_max_position_embeddings": 64,
            "short_factor": [1.0, 1.05, 1.1, 1.3, 1.4, 1.5],
            "long_factor": [1.2, 2.0, 3.5, 5.0, 8.0, 13.0],
        },
        "bos_token_id": 1,
        "eos_token_id": 379,
        "pad_token_id": 379,
    },
    [
        TinyModel("phi3", 8, has_gguf=True, adapters={"lora": {}}),
        TinyModel(
            "phi3-older",
            9,
            {"tie_word_embeddings": True, "sliding_window": 50},
            older_config=older_config,
        ),
    ],
    MODEL_ARCH.PHI3,
    add_metadata,
)
