from gguf import MODEL_ARCH

import family_tokenizers
from tiny_families import llama
from tiny_families.family import LLAMA_LIKE, TinyFamily, TinyModel, older_rope, rope

# llama.cpp's converter writes it as a llama.
FAMILY = TinyFamily(
    "mistral",
    family_tokenizers.llama,
    {
        **LLAMA_LIKE,
        "head_dim": 8,
        "sliding_window": None,
        "rope_parameters": rope(1000000.0),
    },
    [
        TinyModel("mistral", 22, has_gguf=True, adapters={"lora": {}}),
        TinyModel(
            "mistral-window",
            23,
            {"sliding_window": 16, "head_dim": None},
            older_config=older_rope,
        ),
    ],
    MODEL_ARCH.LLAMA,
    llama.add_metadata,
    llama.converted,
)
