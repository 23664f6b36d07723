import gguf
from gguf import MODEL_ARCH
from transformers import PreTrainedConfig

import family_tokenizers
from tiny_families.family import TinyFamily, TinyModel, head_width, older_rope, rope


def add_metadata(writer: gguf.GGUFWriter, config: PreTrainedConfig) -> None:
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_eps(config.layer_norm_eps)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_logit_scale(config.logit_scale)
    writer.add_sliding_window(config.sliding_window)
    writer.add_vocab_size(config.vocab_size)
    writer.add_rope_dimension_count(head_width(config))
    writer.add_rope_scaling_type(gguf.RopeScalingType.NONE)


def older_config(config: dict) -> None:
    older_rope(config)
    config.pop("layer_types")
    config.pop("head_dim", None)
    config["sliding_window_pattern"] = 2


# Every fourth layer attends to everything, without positions, the others to the last 8 tokens.
FAMILY = TinyFamily(
    "cohere2",
    family_tokenizers.gpt2,
    {
        "hidden_size": 36,
        "intermediate_size": 28,
        "num_hidden_layers": 5,
        "num_attention_heads": 6,
        "num_key_value_heads": 2,
        "logit_scale": 0.375,
        "sliding_window": 8,
        "max_position_embeddings": 512,
        "rope_parameters": rope(50000.0),
        "bos_token_id": 0,
        "eos_token_id": 0,
        "pad_token_id": 0,
    },
    [
        TinyModel("cohere2", 66, has_gguf=True, adapters={"lora": {}}),
        TinyModel(
            "cohere2-older",
            67,
            {
                "num_hidden_layers": 3,
                "sliding_window": 11,
                "layer_types": ["sliding_attention", "full_attention", "sliding_attention"],
            },
            older_config=older_config,
        ),
    ],
    MODEL_ARCH.COHERE2,
    add_metadata,
)
