import gguf
from gguf import MODEL_ARCH
from transformers import PreTrainedConfig

import family_tokenizers
from tiny_families.family import TinyFamily, TinyModel, head_width, rope


def add_metadata(writer: gguf.GGUFWriter, config: PreTrainedConfig) -> None:
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_eps(config.layer_norm_eps)
    partial = config.rope_parameters["partial_rotary_factor"]
    writer.add_rope_dimension_count(int(partial * head_width(config)))


def older_config(config: dict) -> None:
    parameters = config.pop("rope_parameters")
    config["rope_theta"] = parameters["rope_theta"]
    config["partial_rotary_factor"] = parameters["partial_rotary_factor"]
    config["rope_scaling"] = None
    config.pop("tie_word_embeddings")


FAMILY = TinyFamily(
    "phi",
    family_tokenizers.gpt2,
    {
        "hidden_size": 48,
        "intermediate_size": 192,
        "num_hidden_layers": 2,
        "num_attention_heads": 3,
        "max_position_embeddings": 512,
        "rope_parameters": rope(10000.0, partial_rotary_factor=0.375),
        "bos_token_id": 0,
        "eos_token_id": 0,
    },
    [
        TinyModel("phi", 60, has_gguf=True, adapters={"lora": {}}),
        TinyModel(
            "phi-older",
            61,
            {
                "num_attention_heads": 6,
                "num_key_value_heads": 2,
                "hidden_act": "gelu",
                "intermediate_size": 60,
                "rope_parameters": rope(5000.0, partial_rotary_factor=0.5),
            },
            older_config=older_config,
        ),
    ],
    MODEL_ARCH.PHI2,
    add_metadata,
)
