import gguf
import numpy as np
from gguf import MODEL_ARCH
from transformers import PreTrainedConfig

import family_tokenizers
from tiny_families.family import Converted, TinyFamily, TinyModel, head_width, rope


def add_metadata(writer: gguf.GGUFWriter, config: PreTrainedConfig) -> None:
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_eps(config.layer_norm_eps)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    partial = config.rope_parameters["partial_rotary_factor"]
    writer.add_rope_dimension_count(int(partial * head_width(config)))
    writer.add_parallel_residual(config.use_parallel_residual)


def converted(name: str, values: np.ndarray, _: PreTrainedConfig) -> Converted:
    """The norms of all heads in one tensor."""
    stem, _, head = name.partition(".norms.")
    yield f"{stem}.weight" if head else name, values


def older_config(config: dict) -> None:
    parameters = config.pop("rope_parameters")
    config["rope_theta"] = parameters["rope_theta"]
    config["partial_rotary_factor"] = parameters["partial_rotary_factor"]
    config["rope_scaling"] = None


FAMILY = TinyFamily(
    "stablelm",
    family_tokenizers.gpt_neox,
    {
        "hidden_size": 48,
        "intermediate_size": 52,
        "num_hidden_layers": 2,
        "num_attention_heads": 6,
        "num_key_value_heads": 2,
        "use_qkv_bias": True,
        "max_position_embeddings": 512,
        "rope_parameters": rope(10000.0, partial_rotary_factor=0.25),
        "bos_token_id": 0,
        "eos_token_id": 0,
    },
    [
        TinyModel("stablelm", 68, has_gguf=True, adapters={"lora": {}}),
        TinyModel(
            "stablelm-norms",
            69,
            {
                "use_qkv_bias": False,
                "qk_layernorm": True,
                "use_parallel_residual": True,
                "rope_parameters": rope(20000.0, partial_rotary_factor=0.5),
            },
            older_config=older_config,
            has_gguf=True,
        ),
    ],
    MODEL_ARCH.STABLELM,
    add_metadata,
    converted,
)
