from gguf import MODEL_ARCH

import family_tokenizers
from tiny_families.family import (
    TinyFamily,
    TinyModel,
    add_rms_and_head_sizes,
    older_rope,
    rope,
)


def older_config(config: dict) -> None:
    older_rope(config)
    config["sliding_window"] = None
    config["max_window_layers"] = 28
    config.pop("layer_types")


FAMILY = TinyFamily(
    "qwen3",
    family_tokenizers.qwen3,
    {
        "hidden_size": 36,
        "intermediate_size": 52,
        "num_hidden_layers": 2,
        "num_attention_heads": 6,
        "num_key_value_heads": 2,
        "head_dim": 10,
        "max_position_embeddings": 512,
        "rope_parameters": rope(1000000.0),
        "eos_token_id": 2,
        "pad_token_id": 0,
    },
    [
        TinyModel("qwen3", 0, has_gguf=True, adapters={"lora": {}}),
        TinyModel(
            "qwen3-older",
            1,
            {
                "tie_word_embeddings": True,
                "attention_bias": True,
                "rope_parameters": {
                    "rope_type": "yarn",
                    "rope_theta": 10000.0,
                    "factor": 4.0,
                    "original_max_position_embeddings": 128,
                },
            },
            older_config=older_config,
        ),
    ],
    MODEL_ARCH.QWEN3,
    add_rms_and_head_sizes,
)
