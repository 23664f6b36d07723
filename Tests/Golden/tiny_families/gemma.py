from gguf import MODEL_ARCH

import family_tokenizers
from tiny_families import gemma3
from tiny_families.family import (
    TinyFamily,
    TinyModel,
    add_rms_and_head_sizes,
    older_rope,
    rope,
)


def older_config(config: dict) -> None:
    """As Gemma's first files: "gelu" means the tanh formula."""
    older_rope(config)
    config["hidden_act"] = "gelu"


FAMILY = TinyFamily(
    "gemma",
    family_tokenizers.gemma3,
    {
        "hidden_size": 32,
        "intermediate_size": 40,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 1,
        "head_dim": 12,
        "max_position_embeddings": 512,
        "rope_parameters": rope(10000.0),
        "bos_token_id": 2,
        "eos_token_id": 1,
        "pad_token_id": 0,
    },
    [
        TinyModel("gemma", 26, has_gguf=True, adapters={"lora": {}}),
        TinyModel(
            "gemma-older",
            27,
            {"num_hidden_layers": 1, "attention_bias": True},
            older_config=older_config,
        ),
    ],
    MODEL_ARCH.GEMMA,
    add_rms_and_head_sizes,
    gemma3.converted,
    norm_middle=0.0,
)
