from gguf import MODEL_ARCH

import family_tokenizers
from tiny_families import llama
from tiny_families.family import LLAMA_LIKE, TinyFamily, TinyModel, older_rope, rope

# Every fourth layer has no positions.
FAMILY = TinyFamily(
    "smollm3",
    family_tokenizers.llama,
    {
        **LLAMA_LIKE,
        "num_hidden_layers": 4,
        "rope_parameters": rope(2000000.0),
    },
    [
        TinyModel("smollm3", 28, has_gguf=True, adapters={"lora": {}}),
        # A bias of keys would shift all scores of a layer without positions alike.
        TinyModel(
            "smollm3-window",
            29,
            {
                "num_hidden_layers": 2,
                "no_rope_layers": [0, 1],
                "use_sliding_window": True,
                "sliding_window": 12,
                "mlp_bias": True,
                "tie_word_embeddings": False,
            },
            older_config=older_rope,
        ),
    ],
    MODEL_ARCH.SMOLLM3,
    llama.add_metadata,
    llama.converted,
)
