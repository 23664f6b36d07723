import gguf
from gguf import MODEL_ARCH
from transformers import PreTrainedConfig

import family_tokenizers
from tiny_families.family import (
    LLAMA_LIKE,
    TinyFamily,
    TinyModel,
    add_head_width,
    older_rope,
    rope,
)


def add_metadata(writer: gguf.GGUFWriter, config: PreTrainedConfig) -> None:
    """The base is the one that alpha makes."""
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    add_head_width(writer, config)
    parameters = config.rope_parameters
    exponent = config.head_dim / (config.head_dim - 2)
    writer.add_rope_freq_base(parameters["rope_theta"] * parameters["alpha"] ** exponent)
    writer.add_rope_scaling_type(gguf.RopeScalingType.NONE)
    writer.add_rope_scaling_factor(1)
    writer.add_rope_scaling_orig_ctx_len(config.max_position_embeddings)


FAMILY = TinyFamily(
    "hunyuan_v1_dense",
    family_tokenizers.llama,
    {
        **LLAMA_LIKE,
        "head_dim": 8,
        "rope_parameters": {
            "rope_type": "dynamic",
            "rope_theta": 10000.0,
            "alpha": 50.0,
            "factor": 1.0,
        },
        "tie_word_embeddings": True,
    },
    [
        TinyModel("hunyuan_v1_dense", 38, has_gguf=True, adapters={"lora": {}}),
        TinyModel(
            "hunyuan_v1_dense-older",
            39,
            {
                "num_hidden_layers": 1,
                "attention_bias": True,
                "tie_word_embeddings": False,
                "rope_parameters": rope(10000.0),
            },
            older_config=older_rope,
        ),
    ],
    MODEL_ARCH.HUNYUAN_DENSE,
    add_metadata,
)
