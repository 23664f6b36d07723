import gguf
import numpy as np
from gguf import MODEL_ARCH
from transformers import PreTrainedConfig

import family_tokenizers
from tiny_families.family import Converted, TinyFamily, TinyModel, head_width, rope


def add_metadata(writer: gguf.GGUFWriter, config: PreTrainedConfig) -> None:
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_vocab_size(config.vocab_size)
    writer.add_layer_norm_eps(config.norm_eps)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    partial = config.rope_parameters["partial_rotary_factor"]
    writer.add_rope_dimension_count(int(partial * head_width(config)))
    writer.add_rope_scaling_type(gguf.RopeScalingType.NONE)


def converted(name: str, values: np.ndarray, _: PreTrainedConfig) -> Converted:
    yield name, values + 1 if name.endswith("norm.weight") else values


def older_config(config: dict) -> None:
    parameters = config.pop("rope_parameters")
    config["rope_theta"] = parameters["rope_theta"]
    config["partial_rotary_factor"] = parameters["partial_rotary_factor"]
    config["rope_scaling"] = None


FAMILY = TinyFamily(
    "nemotron",
    family_tokenizers.llama,
    {
        "hidden_size": 48,
        "intermediate_size": 52,
        "num_hidden_layers": 2,
        "num_attention_heads": 6,
        "num_key_value_heads": 2,
        "max_position_embeddings": 512,
        "rope_parameters": rope(10000.0, partial_rotary_factor=0.5),
        "bos_token_id": 1,
        "eos_token_id": 2,
    },
    [
        TinyModel("nemotron", 74, has_gguf=True, adapters={"lora": {}}),
        TinyModel(
            "nemotron-older",
            75,
            {
                "attention_bias": True,
                "mlp_bias": True,
                "tie_word_embeddings": True,
                "head_dim": 12,
                "rope_parameters": rope(20000.0, partial_rotary_factor=1.0),
            },
            older_config=older_config,
        ),
    ],
    MODEL_ARCH.NEMOTRON,
    add_metadata,
    converted,
    norm_middle=0.0,
)
