import gguf
from gguf import MODEL_ARCH
from transformers import PreTrainedConfig

import family_tokenizers
from tiny_families import mixtral
from tiny_families.family import (
    TinyFamily,
    TinyModel,
    add_head_width,
    add_rms_sizes,
    older_rope,
    rope,
)


def add_metadata(writer: gguf.GGUFWriter, config: PreTrainedConfig) -> None:
    add_rms_sizes(writer, config)
    add_head_width(writer, config)
    writer.add_expert_count(config.num_experts)
    writer.add_expert_used_count(config.num_experts_per_tok)
    writer.add_expert_feed_forward_length(config.moe_intermediate_size)


def older_config(config: dict) -> None:
    older_rope(config)
    config["num_experts"] = config.pop("num_local_experts", config.get("num_experts"))
    config["max_window_layers"] = 28


FAMILY = TinyFamily(
    "qwen3_moe",
    family_tokenizers.qwen3,
    {
        "hidden_size": 36,
        "intermediate_size": 44,
        "moe_intermediate_size": 20,
        "num_hidden_layers": 2,
        "num_attention_heads": 6,
        "num_key_value_heads": 2,
        "head_dim": 10,
        "num_experts": 5,
        "num_experts_per_tok": 2,
        "norm_topk_prob": True,
        "max_position_embeddings": 512,
        "rope_parameters": rope(1000000.0),
        "eos_token_id": 2,
        "pad_token_id": 0,
    },
    [
        TinyModel(
            "qwen3_moe",
            50,
            has_gguf=True,
            adapters={
                "lora": {"target_modules": ["q_proj", "k_proj", "v_proj", "o_proj"]},
                "lora-experts": {},
            },
        ),
        TinyModel(
            "qwen3_moe-sparse",
            51,
            {
                "num_hidden_layers": 4,
                "norm_topk_prob": False,
                "decoder_sparse_step": 2,
                "mlp_only_layers": [3],
                "attention_bias": True,
                "num_experts_per_tok": 3,
            },
            older_config=older_config,
        ),
    ],
    MODEL_ARCH.QWEN3MOE,
    add_metadata,
    mixtral.split_experts,
)
