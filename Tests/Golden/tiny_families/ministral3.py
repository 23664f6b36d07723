import gguf
from gguf import MODEL_ARCH
from transformers import Mistral3Config, PreTrainedConfig

import family_tokenizers
from tiny_families import llama
from tiny_families.family import LLAMA_LIKE, TinyFamily, TinyModel


def add_metadata(writer: gguf.GGUFWriter, config: PreTrainedConfig) -> None:
    llama.add_metadata(writer, config)
    parameters = config.rope_parameters
    writer.add_rope_scaling_type(gguf.RopeScalingType.YARN)
    writer.add_rope_scaling_factor(parameters["factor"])
    writer.add_rope_scaling_orig_ctx_len(parameters["original_max_position_embeddings"])
    writer.add_rope_scaling_yarn_beta_fast(parameters["beta_fast"])
    writer.add_rope_scaling_yarn_beta_slow(parameters["beta_slow"])
    writer.add_rope_scaling_yarn_log_mul(parameters["mscale_all_dim"])
    writer.add_attn_temperature_scale(parameters["llama_4_scaling_beta"])


def multimodal(text: dict, vision: dict) -> PreTrainedConfig:
    vision = vision | {"model_type": "pixtral", "head_dim": 4}
    return Mistral3Config(
        text_config=text,
        vision_config=vision,
        image_token_index=4,
        tie_word_embeddings=text["tie_word_embeddings"],
    )


# Queries are scaled otherwise from each 32nd position on.
FAMILY = TinyFamily(
    "ministral3",
    family_tokenizers.llama,
    {
        **LLAMA_LIKE,
        "head_dim": 8,
        "rope_parameters": {
            "rope_type": "yarn",
            "rope_theta": 1000000.0,
            "factor": 16.0,
            "original_max_position_embeddings": 32,
            "beta_fast": 32.0,
            "beta_slow": 1.0,
            "mscale": 1.0,
            "mscale_all_dim": 1.0,
            "llama_4_scaling_beta": 0.3,
        },
    },
    [
        TinyModel("ministral3", 32, has_gguf=True, adapters={"lora": {}}),
        TinyModel("ministral3-window", 33, {"sliding_window": 20, "tie_word_embeddings": True}),
    ],
    MODEL_ARCH.MISTRAL3,
    add_metadata,
    llama.converted,
    multimodal=multimodal,
)
