import gguf
import numpy as np
from gguf import MODEL_ARCH
from transformers import Gemma3Config, PreTrainedConfig

import family_tokenizers
from tiny_families.family import (
    Converted,
    TinyFamily,
    TinyModel,
    add_rms_and_head_sizes,
    rope,
)


def add_metadata(writer: gguf.GGUFWriter, config: PreTrainedConfig) -> None:
    add_rms_and_head_sizes(writer, config)
    writer.add_sliding_window(config.sliding_window)


def converted(name: str, values: np.ndarray, _: PreTrainedConfig) -> Converted:
    yield name, values + 1 if name.endswith("norm.weight") else values


def older_config(config: dict) -> None:
    """As Gemma 3's own: a pattern of windows, two bases, scaling of the global layers alone."""
    parameters = config.pop("rope_parameters")
    config["rope_local_base_freq"] = parameters["sliding_attention"]["rope_theta"]
    config["rope_theta"] = parameters["full_attention"].pop("rope_theta")
    config["rope_scaling"] = parameters["full_attention"]
    config.pop("_sliding_window_pattern")
    config["sliding_window_pattern"] = 3
    config.pop("layer_types")


def multimodal(text: dict, vision: dict) -> PreTrainedConfig:
    return Gemma3Config(
        text_config=text,
        vision_config=vision,
        mm_tokens_per_image=1,
        image_token_index=4,
        boi_token_index=5,
        eoi_token_index=6,
    )


# Seven layers: the sixth attends to everything, the others to the last 8 tokens.
FAMILY = TinyFamily(
    "gemma3_text",
    family_tokenizers.gemma3,
    {
        "hidden_size": 32,
        "intermediate_size": 40,
        "num_hidden_layers": 7,
        "num_attention_heads": 4,
        "num_key_value_heads": 1,
        "head_dim": 12,
        "query_pre_attn_scalar": 12,
        "sliding_window": 8,
        "max_position_embeddings": 512,
        "bos_token_id": 2,
        "eos_token_id": 1,
        "pad_token_id": 0,
        "rope_parameters": {
            "full_attention": rope(1000000.0),
            "sliding_attention": rope(10000.0),
        },
    },
    [
        TinyModel("gemma3", 2, has_gguf=True, adapters={"lora": {}}),
        TinyModel(
            "gemma3-older",
            3,
            {
                "num_hidden_layers": 4,
                "query_pre_attn_scalar": 20,
                "layer_types": [
                    "sliding_attention",
                    "sliding_attention",
                    "full_attention",
                    "sliding_attention",
                ],
                "rope_parameters": {
                    "full_attention": {
                        "rope_type": "linear",
                        "rope_theta": 500000.0,
                        "factor": 8.0,
                    },
                    "sliding_attention": rope(20000.0),
                },
            },
            older_config=older_config,
        ),
    ],
    MODEL_ARCH.GEMMA3,
    add_metadata,
    converted,
    norm_middle=0.0,
    multimodal=multimodal,
)
