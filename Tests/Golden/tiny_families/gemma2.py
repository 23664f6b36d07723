import gguf
from gguf import MODEL_ARCH
from transformers import PreTrainedConfig

import family_tokenizers
from tiny_families import gemma3
from tiny_families.family import (
    TinyFamily,
    TinyModel,
    add_rms_and_head_sizes,
    older_rope,
    rope,
)


def add_metadata(writer: gguf.GGUFWriter, config: PreTrainedConfig) -> None:
    add_rms_and_head_sizes(writer, config)
    writer.add_attn_logit_softcapping(config.attn_logit_softcapping)
    writer.add_final_logit_softcapping(config.final_logit_softcapping)
    writer.add_sliding_window(config.sliding_window)


def older_config(config: dict) -> None:
    older_rope(config)
    config.pop("layer_types")


# Every second layer sees all, the others 8 tokens; the caps are low, so that they matter.
FAMILY = TinyFamily(
    "gemma2",
    family_tokenizers.gemma3,
    {
        "hidden_size": 32,
        "intermediate_size": 40,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 12,
        "query_pre_attn_scalar": 12,
        "sliding_window": 8,
        "attn_logit_softcapping": 3.0,
        "final_logit_softcapping": 6.0,
        "max_position_embeddings": 512,
        "rope_parameters": rope(10000.0),
        "bos_token_id": 2,
        "eos_token_id": 1,
        "pad_token_id": 0,
    },
    [
        TinyModel("gemma2", 24, has_gguf=True, adapters={"lora": {}}),
        TinyModel(
            "gemma2-older",
            25,
            {
                "num_hidden_layers": 2,
                "query_pre_attn_scalar": 20,
                "attn_logit_softcapping": None,
                "final_logit_softcapping": None,
                "attention_bias": True,
            },
            older_config=older_config,
        ),
    ],
    MODEL_ARCH.GEMMA2,
    add_metadata,
    gemma3.converted,
    norm_middle=0.0,
)
