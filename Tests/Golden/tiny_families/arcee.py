from gguf import MODEL_ARCH

import family_tokenizers
from tiny_families import llama
from tiny_families.family import TinyFamily, TinyModel, older_rope, rope

FAMILY = TinyFamily(
    "arcee",
    family_tokenizers.llama,
    {
        "hidden_size": 36,
        "intermediate_size": 52,
        "num_hidden_layers": 2,
        "num_attention_heads": 6,
        "num_key_value_heads": 2,
        "head_dim": 8,
        "max_position_embeddings": 512,
        "rope_parameters": rope(10000.0),
        "bos_token_id": 1,
        "eos_token_id": 2,
    },
    [
        TinyModel("arcee", 72, has_gguf=True, adapters={"lora": {}}),
        TinyModel(
            "arcee-older",
            73,
            {"tie_word_embeddings": True, "attention_bias": True, "mlp_bias": True},
            older_config=older_rope,
        ),
    ],
    MODEL_ARCH.ARCEE,
    llama.add_metadata,
    llama.converted,
)
