import gguf
from gguf import MODEL_ARCH
from transformers import PreTrainedConfig

import family_tokenizers
from tiny_families import mixtral
from tiny_families.family import TinyFamily, TinyModel, add_rms_sizes, older_rope, rope


def add_metadata(writer: gguf.GGUFWriter, config: PreTrainedConfig) -> None:
    add_rms_sizes(writer, config)
    writer.add_expert_count(config.num_experts)
    writer.add_expert_used_count(config.num_experts_per_tok)
    writer.add_expert_feed_forward_length(config.moe_intermediate_size)
    writer.add_expert_shared_feed_forward_length(config.shared_expert_intermediate_size)


def older_config(config: dict) -> None:
    older_rope(config)
    config.pop("layer_types")
    config.pop("qkv_bias")


FAMILY = TinyFamily(
    "qwen2_moe",
    family_tokenizers.qwen3,
    {
        "hidden_size": 48,
        "intermediate_size": 44,
        "moe_intermediate_size": 20,
        "shared_expert_intermediate_size": 28,
        "num_hidden_layers": 2,
        "num_attention_heads": 6,
        "num_key_value_heads": 2,
        "num_experts": 4,
        "num_experts_per_tok": 2,
        "max_position_embeddings": 512,
        "rope_parameters": rope(1000000.0),
        "eos_token_id": 2,
        "pad_token_id": 0,
    },
    [
        TinyModel(
            "qwen2_moe",
            52,
            has_gguf=True,
            adapters={"lora": {}},
        ),
        TinyModel(
            "qwen2_moe-sparse",
            53,
            {
                "num_hidden_layers": 3,
                "norm_topk_prob": True,
                "mlp_only_layers": [1],
                "tie_word_embeddings": True,
            },
            older_config=older_config,
        ),
    ],
    MODEL_ARCH.QWEN2MOE,
    add_metadata,
    mixtral.split_experts,
)
