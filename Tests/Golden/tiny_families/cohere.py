import gguf
from gguf import MODEL_ARCH
from transformers import PreTrainedConfig

import family_tokenizers
from tiny_families.family import TinyFamily, TinyModel, older_rope, rope


def add_metadata(writer: gguf.GGUFWriter, config: PreTrainedConfig) -> None:
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_eps(config.layer_norm_eps)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_logit_scale(config.logit_scale)
    writer.add_rope_scaling_type(gguf.RopeScalingType.NONE)


FAMILY = TinyFamily(
    "cohere",
    family_tokenizers.gpt2,
    {
        "hidden_size": 48,
        "intermediate_size": 52,
        "num_hidden_layers": 2,
        "num_attention_heads": 6,
        "num_key_value_heads": 2,
        "logit_scale": 0.375,
        "max_position_embeddings": 512,
        "rope_parameters": rope(75000.0),
        "bos_token_id": 0,
        "eos_token_id": 0,
        "pad_token_id": 0,
    },
    [
        TinyModel("cohere", 64, has_gguf=True, adapters={"lora": {}}),
        TinyModel(
            "cohere-norms",
            65,
            {"use_qk_norm": True, "attention_bias": True},
            older_config=older_rope,
        ),
    ],
    MODEL_ARCH.COMMAND_R,
    add_metadata,
)
