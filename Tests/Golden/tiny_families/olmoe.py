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


FAMILY = TinyFamily(
    "olmoe",
    family_tokenizers.gpt_neox,
    {
        "hidden_size": 36,
        "intermediate_size": 20,
        "num_hidden_layers": 2,
        "num_attention_heads": 6,
        "num_key_value_heads": 6,
        "num_experts": 5,
        "num_experts_per_tok": 2,
        "max_position_embeddings": 512,
        "rope_parameters": rope(10000.0),
        "eos_token_id": 0,
        "pad_token_id": 1,
    },
    [
        TinyModel(
            "olmoe",
            54,
            has_gguf=True,
            adapters={"lora": {"target_modules": ["q_proj", "k_proj", "v_proj", "o_proj"]}},
        ),
        TinyModel(
            "olmoe-older",
            55,
            {"norm_topk_prob": True, "num_key_value_heads": 2, "attention_bias": True},
            older_config=older_rope,
        ),
    ],
    MODEL_ARCH.OLMOE,
    add_metadata,
    mixtral.split_experts,
)
