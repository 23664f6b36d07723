import gguf
import numpy as np
import torch
from gguf import MODEL_ARCH
from torch import Tensor
from transformers import PreTrainedConfig

import family_tokenizers
from tiny_families.family import Converted, TinyFamily, TinyModel

TRANSPOSED = ("attn.c_attn.weight", "attn.c_proj.weight", "mlp.c_fc.weight", "mlp.c_proj.weight")


def add_metadata(writer: gguf.GGUFWriter, config: PreTrainedConfig) -> None:
    writer.add_layer_norm_eps(config.layer_norm_epsilon)


def converted(name: str, values: np.ndarray, _: PreTrainedConfig) -> Converted:
    yield name, values.T if name.endswith(TRANSPOSED) else values


def older_tensors(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """As in OpenAI's own: names without "transformer.", and each layer's causal mask."""
    older = {name.removeprefix("transformer."): value for name, value in tensors.items()}
    older["h.0.attn.bias"] = torch.ones(8, 8).tril().view(1, 1, 8, 8)
    return older


FAMILY = TinyFamily(
    "gpt2",
    family_tokenizers.gpt2,
    {
        "n_embd": 30,
        "n_layer": 2,
        "n_head": 3,
        "n_positions": 256,
        "bos_token_id": 0,
        "eos_token_id": 0,
    },
    [
        TinyModel("gpt2", 4, dtype=torch.float16, has_gguf=True, adapters={"lora": {}}),
        TinyModel(
            "gpt2-untied",
            5,
            {"n_inner": 44, "tie_word_embeddings": False, "activation_function": "gelu"},
        ),
        TinyModel("gpt2-older", 13, {"n_layer": 1}, older_tensors=older_tensors),
    ],
    MODEL_ARCH.GPT2,
    add_metadata,
    converted,
    lora={"fan_in_fan_out": True},
)
