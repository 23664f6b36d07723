"""The tiny random models of each family: configurations, weights, how they are saved."""

import copy
import json
import math
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    Gemma3Config,
    Gemma3ForConditionalGeneration,
    PreTrainedModel,
)

import family_tokenizers
from common import FIXTURES
from family_tokenizers import FamilyTokenizer

FAMILIES = FIXTURES / "families"


@dataclass
class TinyFamily:
    """A fixture: its name, its family, how its configuration differs from the family's base."""

    name: str
    model_type: str
    tokenizer: Callable[[], FamilyTokenizer]
    config: dict[str, Any] = field(default_factory=dict)
    dtype: torch.dtype = torch.bfloat16
    older_config: Callable[[dict[str, Any]], None] | None = None
    older_tensors: Callable[[dict[str, Tensor]], dict[str, Tensor]] | None = None
    has_gguf: bool = False
    # Adapters, by what their names end in, and how their LoraConfigs differ from the base.
    adapters: dict[str, dict[str, Any]] = field(default_factory=dict)


def rope(theta: float, **others: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"rope_type": "default", "rope_theta": theta, **others}


BASES: dict[str, dict[str, Any]] = {
    "qwen3": {
        "hidden_size": 36,
        "intermediate_size": 52,
        "num_hidden_layers": 2,
        "num_attention_heads": 6,
        "num_key_value_heads": 2,
        "head_dim": 10,
        "max_position_embeddings": 512,
        "rope_parameters": rope(1000000.0),
        "eos_token_id": 2,
        "pad_token_id": 0,
    },
    # Seven layers: the sixth attends to everything, the others to the last 8 tokens.
    "gemma3_text": {
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
    "gpt2": {
        "n_embd": 30,
        "n_layer": 2,
        "n_head": 3,
        "n_positions": 256,
        "bos_token_id": 0,
        "eos_token_id": 0,
    },
    "gpt_neox": {
        "hidden_size": 48,
        "intermediate_size": 72,
        "num_hidden_layers": 2,
        "num_attention_heads": 3,
        "max_position_embeddings": 512,
        "rope_parameters": rope(10000.0, partial_rotary_factor=0.25),
        "bos_token_id": 0,
        "eos_token_id": 0,
    },
    # Of each head's 16 dimensions 12 rotate, with six factors.
    "phi3": {
        "hidden_size": 48,
        "intermediate_size": 56,
        "num_hidden_layers": 2,
        "num_attention_heads": 3,
        "num_key_value_heads": 1,
        "max_position_embeddings": 512,
        "original_max_position_embeddings": 64,
        "rope_parameters": {
            "rope_type": "longrope",
            "rope_theta": 10000.0,
            "partial_rotary_factor": 0.75,
            "original_max_position_embeddings": 64,
            "short_factor": [1.0, 1.05, 1.1, 1.3, 1.4, 1.5],
            "long_factor": [1.2, 2.0, 3.5, 5.0, 8.0, 13.0],
        },
        "bos_token_id": 1,
        "eos_token_id": 379,
        "pad_token_id": 379,
    },
    "mixtral": {
        "hidden_size": 36,
        "intermediate_size": 28,
        "num_hidden_layers": 2,
        "num_attention_heads": 6,
        "num_key_value_heads": 2,
        "head_dim": 8,
        "num_local_experts": 4,
        "num_experts_per_tok": 2,
        "max_position_embeddings": 512,
        "rope_parameters": rope(1000000.0),
        "bos_token_id": 1,
        "eos_token_id": 2,
    },
    "llama": {
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
}


def older_rope(config: dict[str, Any]) -> None:
    """As written before transformers 5: rope_theta and rope_scaling beside each other."""
    parameters = config.pop("rope_parameters")
    config["rope_theta"] = parameters.pop("rope_theta")
    config["rope_scaling"] = None if parameters["rope_type"] == "default" else parameters


def older_qwen3(config: dict[str, Any]) -> None:
    older_rope(config)
    config["sliding_window"] = None
    config["max_window_layers"] = 28
    config.pop("layer_types")


def older_gemma3(config: dict[str, Any]) -> None:
    """As Gemma 3's own: a pattern of windows, two bases, scaling of the global layers alone."""
    parameters = config.pop("rope_parameters")
    config["rope_local_base_freq"] = parameters["sliding_attention"]["rope_theta"]
    config["rope_theta"] = parameters["full_attention"].pop("rope_theta")
    config["rope_scaling"] = parameters["full_attention"]
    config["sliding_window_pattern"] = 3
    config.pop("layer_types")


def older_gpt_neox(config: dict[str, Any]) -> None:
    parameters = config.pop("rope_parameters")
    config["rotary_emb_base"] = int(parameters["rope_theta"])
    config["rotary_pct"] = parameters["partial_rotary_factor"]
    config["rope_scaling"] = None
    config.pop("attention_bias")


def older_phi3(config: dict[str, Any]) -> None:
    """As Phi-4-mini's own."""
    parameters = config.pop("rope_parameters")
    config["rope_theta"] = parameters.pop("rope_theta")
    config["partial_rotary_factor"] = parameters.pop("partial_rotary_factor")
    parameters.pop("original_max_position_embeddings")
    parameters["type"] = parameters.pop("rope_type")
    config["rope_scaling"] = parameters


def older_gpt2_tensors(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """As in OpenAI's own: names without "transformer.", and each layer's causal mask."""
    older = {name.removeprefix("transformer."): value for name, value in tensors.items()}
    older["h.0.attn.bias"] = torch.ones(8, 8).tril().view(1, 1, 8, 8)
    return older


def older_gpt_neox_tensors(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """As in Pythia's own: masks and RoPE's frequencies are stored, too."""
    attention = "gpt_neox.layers.0.attention"
    return tensors | {
        f"{attention}.bias": torch.ones(8, 8, dtype=torch.bool).tril().view(1, 1, 8, 8),
        f"{attention}.masked_bias": torch.tensor(-1e9),
        f"{attention}.rotary_emb.inv_freq": torch.ones(6),
    }


TINY_FAMILIES = [
    TinyFamily("qwen3", "qwen3", family_tokenizers.qwen3, has_gguf=True, adapters={"lora": {}}),
    TinyFamily(
        "qwen3-older",
        "qwen3",
        family_tokenizers.qwen3,
        {
            "tie_word_embeddings": True,
            "attention_bias": True,
            "rope_parameters": {
                "rope_type": "yarn",
                "rope_theta": 10000.0,
                "factor": 4.0,
                "original_max_position_embeddings": 128,
            },
        },
        older_config=older_qwen3,
    ),
    TinyFamily(
        "gemma3", "gemma3_text", family_tokenizers.gemma3, has_gguf=True, adapters={"lora": {}}
    ),
    TinyFamily(
        "gemma3-older",
        "gemma3_text",
        family_tokenizers.gemma3,
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
        older_config=older_gemma3,
    ),
    TinyFamily(
        "gpt2",
        "gpt2",
        family_tokenizers.gpt2,
        dtype=torch.float16,
        has_gguf=True,
        adapters={"lora": {}},
    ),
    TinyFamily(
        "gpt2-untied",
        "gpt2",
        family_tokenizers.gpt2,
        {
            "n_inner": 44,
            "tie_word_embeddings": False,
            "activation_function": "gelu",
        },
    ),
    TinyFamily(
        "gpt_neox", "gpt_neox", family_tokenizers.gpt_neox, has_gguf=True, adapters={"lora": {}}
    ),
    TinyFamily(
        "gpt_neox-sequential",
        "gpt_neox",
        family_tokenizers.gpt_neox,
        {
            "use_parallel_residual": False,
            "hidden_act": "gelu_new",
            "tie_word_embeddings": True,
            "num_attention_heads": 2,
            "rope_parameters": rope(25000.0, partial_rotary_factor=0.5),
        },
        older_config=older_gpt_neox,
        older_tensors=older_gpt_neox_tensors,
    ),
    TinyFamily("phi3", "phi3", family_tokenizers.phi3, has_gguf=True, adapters={"lora": {}}),
    TinyFamily(
        "phi3-older",
        "phi3",
        family_tokenizers.phi3,
        {"tie_word_embeddings": True, "sliding_window": 50},
        older_config=older_phi3,
    ),
    TinyFamily(
        "mixtral",
        "mixtral",
        family_tokenizers.llama,
        has_gguf=True,
        adapters={
            "lora": {"target_modules": ["q_proj", "k_proj", "v_proj", "o_proj"]},
            "lora-experts": {},
        },
    ),
    TinyFamily(
        "mixtral-window",
        "mixtral",
        family_tokenizers.llama,
        {"sliding_window": 16, "num_local_experts": 3, "tie_word_embeddings": True},
        older_config=older_rope,
    ),
    TinyFamily(
        "llama-sentencepiece",
        "llama",
        family_tokenizers.llama,
        has_gguf=True,
        adapters={"lora": {}},
    ),
    TinyFamily(
        "gpt2-older",
        "gpt2",
        family_tokenizers.gpt2,
        {"n_layer": 1},
        older_tensors=older_gpt2_tensors,
    ),
]
BY_NAME = {tiny.name: tiny for tiny in TINY_FAMILIES}


def randomize(model: PreTrainedModel, seed: int, dtype: torch.dtype) -> None:
    """Weights of this type; the logits are far from uniform, norms not 1, biases not 0."""
    generator = torch.Generator().manual_seed(seed)
    scale = 1.6 / math.sqrt(model.config.hidden_size)
    # Gemma's norms multiply by 1 + w.
    middle = 0.0 if model.config.model_type == "gemma3_text" else 1.0
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if ("norm" in name or "ln_" in name) and name.endswith("weight"):
                parameter.uniform_(middle - 0.5, middle + 0.5, generator=generator)
            else:
                parameter.normal_(0, scale, generator=generator)
            parameter.copy_(parameter.to(dtype))


def make_model(tiny: TinyFamily, seed: int) -> PreTrainedModel:
    """A random model."""
    vocabulary = len(tiny.tokenizer().tokenizer)
    config = {"vocab_size": vocabulary, "pad_token_id": None} | BASES[tiny.model_type]
    config = AutoConfig.for_model(tiny.model_type, **{**config, **tiny.config})
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    randomize(model, seed, tiny.dtype)
    return model.eval()


def save(tiny: TinyFamily, model: PreTrainedModel) -> Path:
    """Writes the folder: weights, configuration, tokenizer."""
    folder = FAMILIES / tiny.name
    shutil.rmtree(folder, ignore_errors=True)
    copy.deepcopy(model).to(tiny.dtype).save_pretrained(folder)
    tiny.tokenizer().tokenizer.save_pretrained(folder)
    if tiny.older_tensors is not None:
        file = folder / "model.safetensors"
        save_file(tiny.older_tensors(load_file(file)), file, {"format": "pt"})
    if tiny.older_config is not None:
        path = folder / "config.json"
        config = json.loads(path.read_text())
        tiny.older_config(config)
        config["torch_dtype"] = config.pop("dtype")
        config["transformers_version"] = "4.51.0"
        path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    return folder


def save_multimodal(source: Path, folder: Path) -> None:
    """Writes the text model as part of a multimodal one, with a tiny vision tower."""
    text = load_family(source)
    vision = {
        "hidden_size": 8,
        "intermediate_size": 8,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "image_size": 8,
        "patch_size": 4,
    }
    config = Gemma3Config(
        text_config={**text.config.to_dict(), "_name_or_path": "", "dtype": "bfloat16"},
        vision_config=vision,
        mm_tokens_per_image=1,
        image_token_index=4,
        boi_token_index=5,
        eoi_token_index=6,
    )
    torch.manual_seed(0)
    model = Gemma3ForConditionalGeneration(config)
    model.model.language_model.load_state_dict(text.model.state_dict())
    shutil.rmtree(folder, ignore_errors=True)
    model.to(torch.bfloat16).save_pretrained(folder)
    BY_NAME["gemma3"].tokenizer().tokenizer.save_pretrained(folder)


def load_family(path: Path) -> PreTrainedModel:
    """The model in float32 with eager attention, and experts one by one."""
    model = AutoModelForCausalLM.from_pretrained(
        path, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    if model.config.model_type == "mixtral":
        model.set_experts_implementation("eager")
    return model
