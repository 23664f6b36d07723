from gguf import MODEL_ARCH

import family_tokenizers
from tiny_families.family import (
    LLAMA_LIKE,
    TinyFamily,
    TinyModel,
    add_rms_and_head_sizes,
    older_rope,
    rope,
)

FAMILY = TinyFamily(
    "ernie4_5",
    family_tokenizers.llama,
    {
        **LLAMA_LIKE,
        "head_dim": 8,
        "rope_parameters": rope(500000.0),
    },
    [
        TinyModel("ernie4_5", 34, has_gguf=True, adapters={"lora": {}}),
        TinyModel(
            "ernie4_5-older",
            35,
            {"use_bias": True, "tie_word_embeddings": False},
            older_config=older_rope,
        ),
    ],
    MODEL_ARCH.ERNIE4_5,
    add_rms_and_head_sizes,
)
