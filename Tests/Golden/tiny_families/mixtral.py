import gguf
import numpy as np
from gguf import MODEL_ARCH
from transformers import PreTrainedConfig

import family_tokenizers
from tiny_families import llama
from tiny_families.family import Converted, TinyFamily, TinyModel, older_rope, rope


def add_metadata(writer: gguf.GGUFWriter, config: PreTrainedConfig) -> None:
    llama.add_metadata(writer, config)
    writer.add_expert_count(config.num_local_experts)
    writer.add_expert_used_count(config.num_experts_per_tok)


def split_experts(name: str, values: np.ndarray, _: PreTrainedConfig) -> Converted:
    """Gate and up of all experts apart."""
    if name.endswith(".experts.gate_up_proj"):
        gate, up = np.split(values, 2, axis=1)
        experts = name.removesuffix("gate_up_proj")
        yield experts + "gate_proj.weight", gate
        yield experts + "up_proj.weight", up
    elif name.endswith(".experts.down_proj"):
        yield name + ".weight", values
    else:
        yield name, values


def converted(name: str, values: np.ndarray, config: PreTrainedConfig) -> Converted:
    for part, array in split_experts(name, values, config):
        yield from llama.converted(part, array, config)


FAMILY = TinyFamily(
    "mixtral",
    family_tokenizers.llama,
    {
        "hidden_size": 36,
        "intermediate_size": 28,
        "num_hidden_layers": 2,
        "num_attention_heads": 6,
        "num_key_value_heads": 2,
        "head_dim": 8,
        "num_local_experts": 4,
        "num_experts_per_tok": 2,
        "max_position_embeddings": 512,
        "rope_parameters": rope(1000000.0),
        "bos_token_id": 1,
        "eos_token_id": 2,
    },
    [
        TinyModel(
            "mixtral",
            10,
            has_gguf=True,
            adapters={
                "lora": {"target_modules": ["q_proj", "k_proj", "v_proj", "o_proj"]},
                "lora-experts": {},
            },
        ),
        TinyModel(
            "mixtral-window",
            11,
            {"sliding_window": 16, "num_local_experts": 3, "tie_word_embeddings": True},
            older_config=older_rope,
        ),
    ],
    MODEL_ARCH.LLAMA,
    add_metadata,
    converted,
)
