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
    "seed_oss",
    family_tokenizers.llama,
    {
        **LLAMA_LIKE,
        "head_dim": 8,
        "rope_parameters": rope(10000.0),
    },
    [
        TinyModel("seed_oss", 36, has_gguf=True, adapters={"lora": {}}),
        TinyModel(
            "seed_oss-older",
            37,
            {
                "num_hidden_layers": 1,
                "attention_bias": False,
                "attention_out_bias": True,
                "mlp_bias": True,
            },
            older_config=older_rope,
        ),
    ],
    MODEL_ARCH.SEED_OSS,
    add_rms_and_head_sizes,
)
