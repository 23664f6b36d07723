import gguf
from gguf import MODEL_ARCH
from transformers import PreTrainedConfig

import family_tokenizers
from tiny_families.family import (
    TinyFamily,
    TinyModel,
    add_rms_sizes,
    older_rope,
    rope,
)


def add_metadata(writer: gguf.GGUFWriter, config: PreTrainedConfig) -> None:
    add_rms_sizes(writer, config)


# llama.cpp knows windows in the model of 64 layers alone.
FAMILY = TinyFamily(
    "exaone4",
    family_tokenizers.qwen3,
    {
        "hidden_size": 36,
        "intermediate_size": 44,
        "num_hidden_layers": 2,
        "num_attention_heads": 6,
        "num_key_value_heads": 2,
        "sliding_window": None,
        "layer_types": ["full_attention", "full_attention"],
        "max_position_embeddings": 512,
        "rope_parameters": rope(1000000.0),
        "eos_token_id": 2,
        "pad_token_id": 0,
    },
    [
        TinyModel("exaone4", 76, has_gguf=True, adapters={"lora": {}}),
        TinyModel(
            "exaone4-hybrid",
            77,
            {
                "num_hidden_layers": 3,
                "head_dim": 10,
                "sliding_window": 16,
                "layer_types": ["sliding_attention", "full_attention", "sliding_attention"],
                "tie_word_embeddings": True,
            },
            older_config=older_rope,
        ),
    ],
    MODEL_ARCH.EXAONE4,
    add_metadata,
)
