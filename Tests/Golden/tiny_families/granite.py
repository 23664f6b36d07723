import gguf
from gguf import MODEL_ARCH
from transformers import PreTrainedConfig

import family_tokenizers
from tiny_families import llama
from tiny_families.family import LLAMA_LIKE, TinyFamily, TinyModel, older_rope, rope


def add_metadata(writer: gguf.GGUFWriter, config: PreTrainedConfig) -> None:
    llama.add_metadata(writer, config)
    writer.add_attention_scale(config.attention_multiplier)
    writer.add_embedding_scale(config.embedding_multiplier)
    writer.add_residual_scale(config.residual_multiplier)
    writer.add_logit_scale(config.logits_scaling)


FAMILY = TinyFamily(
    "granite",
    family_tokenizers.llama,
    {
        **LLAMA_LIKE,
        "rope_parameters": rope(10000.0),
        "embedding_multiplier": 3.0,
        "residual_multiplier": 0.4,
        "attention_multiplier": 0.3,
        "logits_scaling": 1.75,
    },
    [
        TinyModel("granite", 30, has_gguf=True, adapters={"lora": {}}),
        TinyModel(
            "granite-older",
            31,
            {"attention_bias": True, "mlp_bias": True, "tie_word_embeddings": True},
            older_config=older_rope,
        ),
    ],
    MODEL_ARCH.GRANITE,
    add_metadata,
    llama.converted,
)
