import gguf
from gguf import MODEL_ARCH
from transformers import PreTrainedConfig

import family_tokenizers
from tiny_families.family import TinyFamily, TinyModel, add_rms_sizes, rope


def add_metadata(writer: gguf.GGUFWriter, config: PreTrainedConfig) -> None:
    add_rms_sizes(writer, config)
    writer.add_sliding_window(config.sliding_window)
    writer.add_sliding_window_pattern([kind == "sliding_attention" for kind in config.layer_types])
    scaling = config.rope_parameters["full_attention"]
    writer.add_rope_scaling_type(gguf.RopeScalingType.YARN)
    writer.add_rope_scaling_factor(scaling["factor"])
    writer.add_rope_scaling_orig_ctx_len(scaling["original_max_position_embeddings"])


def older_config(config: dict) -> None:
    parameters = config.pop("rope_parameters")["full_attention"]
    config["rope_theta"] = parameters.pop("rope_theta")
    config["rope_scaling"] = parameters
    config.pop("layer_types")


YARN = {
    "rope_type": "yarn",
    "rope_theta": 500000.0,
    "factor": 4.0,
    "original_max_position_embeddings": 128,
}

# Every fourth layer attends to everything, with YaRN, the others to the last 8 tokens.
FAMILY = TinyFamily(
    "olmo3",
    family_tokenizers.gpt_neox,
    {
        "hidden_size": 36,
        "intermediate_size": 28,
        "num_hidden_layers": 5,
        "num_attention_heads": 6,
        "num_key_value_heads": 2,
        "sliding_window": 8,
        "max_position_embeddings": 512,
        "rope_parameters": {"full_attention": YARN, "sliding_attention": rope(500000.0)},
        "eos_token_id": 0,
        "pad_token_id": 1,
    },
    [
        TinyModel("olmo3", 58, has_gguf=True, adapters={"lora": {}}),
        TinyModel("olmo3-older", 59, {"num_hidden_layers": 4}, older_config=older_config),
    ],
    MODEL_ARCH.OLMO2,
    add_metadata,
)
