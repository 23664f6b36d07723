import gguf
from gguf import MODEL_ARCH
from transformers import PreTrainedConfig

import family_tokenizers
from tiny_families.family import TinyFamily, TinyModel, add_rms_sizes, older_rope, rope


def add_metadata(writer: gguf.GGUFWriter, config: PreTrainedConfig) -> None:
    add_rms_sizes(writer, config)


FAMILY = TinyFamily(
    "olmo2",
    family_tokenizers.gpt_neox,
    {
        "hidden_size": 36,
        "intermediate_size": 52,
        "num_hidden_layers": 2,
        "num_attention_heads": 6,
        "num_key_value_heads": 2,
        "max_position_embeddings": 512,
        "rope_parameters": rope(500000.0),
        "eos_token_id": 0,
        "pad_token_id": 1,
    },
    [
        TinyModel("olmo2", 56, has_gguf=True, adapters={"lora": {}}),
        TinyModel(
            "olmo2-older",
            57,
            {"tie_word_embeddings": True, "attention_bias": True},
            older_config=older_rope,
        ),
    ],
    MODEL_ARCH.OLMO2,
    add_metadata,
)
