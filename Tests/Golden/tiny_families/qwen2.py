from gguf import MODEL_ARCH

import family_tokenizers
from tiny_families.family import TinyFamily, TinyModel, add_rms_sizes, older_rope, rope


def older_config(config: dict) -> None:
    older_rope(config)
    config.pop("layer_types")


FAMILY = TinyFamily(
    "qwen2",
    family_tokenizers.qwen3,
    {
        "hidden_size": 36,
        "intermediate_size": 52,
        "num_hidden_layers": 2,
        "num_attention_heads": 6,
        "num_key_value_heads": 2,
        "max_position_embeddings": 512,
        "rope_parameters": rope(1000000.0),
        "eos_token_id": 2,
        "pad_token_id": 0,
    },
    [
        TinyModel("qwen2", 20, has_gguf=True, adapters={"lora": {}}),
        # The layers from the second on see 10 tokens.
        TinyModel(
            "qwen2-window",
            21,
            {
                "num_hidden_layers": 3,
                "use_sliding_window": True,
                "sliding_window": 10,
                "max_window_layers": 1,
                "tie_word_embeddings": True,
            },
            older_config=older_config,
        ),
    ],
    MODEL_ARCH.QWEN2,
    add_rms_sizes,
)
