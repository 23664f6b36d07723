import gguf
import numpy as np
from gguf import MODEL_ARCH
from transformers import PreTrainedConfig

import family_tokenizers
from tiny_families import llama, mixtral
from tiny_families.family import Converted, TinyFamily, TinyModel, older_rope, rope


def add_metadata(writer: gguf.GGUFWriter, config: PreTrainedConfig) -> None:
    llama.add_metadata(writer, config)
    writer.add_expert_count(config.num_local_experts)
    writer.add_expert_used_count(config.num_experts_per_tok)
    writer.add_attention_scale(config.attention_multiplier)
    writer.add_embedding_scale(config.embedding_multiplier)
    writer.add_residual_scale(config.residual_multiplier)
    writer.add_logit_scale(config.logits_scaling)


def converted(name: str, values: np.ndarray, config: PreTrainedConfig) -> Converted:
    if name.endswith(".router.weight"):
        yield name.replace(".router.weight", ".router.layer.weight"), values
    else:
        name = name.replace("block_sparse_moe.experts", "mlp.experts")
        yield from mixtral.converted(name, values, config)


FAMILY = TinyFamily(
    "granitemoe",
    family_tokenizers.gpt2,
    {
        "hidden_size": 48,
        "intermediate_size": 28,
        "num_hidden_layers": 2,
        "num_attention_heads": 6,
        "num_key_value_heads": 2,
        "num_local_experts": 5,
        "num_experts_per_tok": 2,
        "embedding_multiplier": 12.0,
        "attention_multiplier": 0.25,
        "residual_multiplier": 0.22,
        "logits_scaling": 3.0,
        "max_position_embeddings": 512,
        "rope_parameters": rope(10000.0),
        "bos_token_id": 0,
        "eos_token_id": 0,
        "pad_token_id": 0,
    },
    [
        TinyModel(
            "granitemoe",
            78,
            has_gguf=True,
            adapters={"lora": {"target_modules": ["q_proj", "k_proj", "v_proj", "o_proj"]}},
        ),
        TinyModel(
            "granitemoe-older",
            79,
            {"attention_bias": True, "tie_word_embeddings": True, "num_experts_per_tok": 3},
            older_config=older_rope,
        ),
    ],
    MODEL_ARCH.GRANITE_MOE,
    add_metadata,
    converted,
)
