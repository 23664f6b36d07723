import gguf
from gguf import MODEL_ARCH
from transformers import PreTrainedConfig

import family_tokenizers
from tiny_families.family import TinyFamily, TinyModel, older_rope, rope


def add_metadata(writer: gguf.GGUFWriter, config: PreTrainedConfig) -> None:
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_eps(config.norm_epsilon)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])


FAMILY = TinyFamily(
    "starcoder2",
    family_tokenizers.gpt2,
    {
        "hidden_size": 36,
        "intermediate_size": 52,
        "num_hidden_layers": 2,
        "num_attention_heads": 6,
        "num_key_value_heads": 2,
        "max_position_embeddings": 512,
        "rope_parameters": rope(100000.0),
        "bos_token_id": 0,
        "eos_token_id": 0,
    },
    [
        TinyModel("starcoder2", 62, has_gguf=True, adapters={"lora": {}}),
        TinyModel(
            "starcoder2-window",
            63,
            {"use_bias": False, "sliding_window": 16, "tie_word_embeddings": False},
            older_config=older_rope,
        ),
    ],
    MODEL_ARCH.STARCODER2,
    add_metadata,
)
