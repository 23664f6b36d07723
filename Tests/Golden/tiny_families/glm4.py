import gguf
from gguf import MODEL_ARCH
from transformers import PreTrainedConfig

import family_tokenizers
from tiny_families.family import (
    TinyFamily,
    TinyModel,
    add_head_width,
    add_rms_sizes,
    head_width,
    rope,
)


def add_metadata(writer: gguf.GGUFWriter, config: PreTrainedConfig) -> None:
    add_rms_sizes(writer, config)
    add_head_width(writer, config)
    partial = config.rope_parameters["partial_rotary_factor"]
    writer.add_rope_dimension_count(int(partial * head_width(config)))


def older_config(config: dict) -> None:
    parameters = config.pop("rope_parameters")
    config["rope_theta"] = parameters["rope_theta"]
    config["partial_rotary_factor"] = parameters["partial_rotary_factor"]
    config["rope_scaling"] = None


FAMILY = TinyFamily(
    "glm4",
    family_tokenizers.qwen3,
    {
        "hidden_size": 36,
        "intermediate_size": 44,
        "num_hidden_layers": 2,
        "num_attention_heads": 6,
        "num_key_value_heads": 2,
        "head_dim": 12,
        "max_position_embeddings": 512,
        "rope_parameters": rope(10000.0, partial_rotary_factor=0.5),
        "eos_token_id": 2,
        "pad_token_id": 0,
    },
    [
        TinyModel("glm4", 70, has_gguf=True, adapters={"lora": {}}),
        TinyModel(
            "glm4-older",
            71,
            {
                "attention_bias": False,
                "tie_word_embeddings": True,
                "rope_parameters": rope(20000.0, partial_rotary_factor=1.0),
            },
            older_config=older_config,
        ),
    ],
    MODEL_ARCH.GLM4,
    add_metadata,
)
