import gguf
import numpy as np
from gguf import MODEL_ARCH
from transformers import PreTrainedConfig

import family_tokenizers
from llama_gguf import permute
from tiny_families.family import (
    Converted,
    TinyFamily,
    TinyModel,
    add_rms_and_head_sizes,
    head_width,
    rope,
)


def add_metadata(writer: gguf.GGUFWriter, config: PreTrainedConfig) -> None:
    add_rms_and_head_sizes(writer, config)
    writer.add_vocab_size(config.vocab_size)
    writer.add_rope_dimension_count(head_width(config))


def converted(name: str, values: np.ndarray, config: PreTrainedConfig) -> Converted:
    """The rows of queries and keys in the order of rotary pairs."""
    if ".q_proj." in name:
        values = permute(values, config.num_attention_heads)
    if ".k_proj." in name:
        values = permute(values, config.num_key_value_heads)
    yield name, values


FAMILY = TinyFamily(
    "llama",
    family_tokenizers.llama,
    {
        "hidden_size": 36,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 6,
        "num_key_value_heads": 2,
        "head_dim": 8,
        "max_position_embeddings": 512,
        "rope_parameters": rope(10000.0),
        "bos_token_id": 1,
        "eos_token_id": 2,
    },
    [TinyModel("llama-sentencepiece", 12, has_gguf=True, adapters={"lora": {}})],
    MODEL_ARCH.LLAMA,
    add_metadata,
    converted,
)
