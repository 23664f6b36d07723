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

import family_older
import family_tokenizers
from common import FIXTURES
from family_configs import BASES, rope
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
        older_config=family_older.qwen3,
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
        older_config=family_older.gemma3,
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
        older_config=family_older.gpt_neox,
        older_tensors=family_older.gpt_neox_tensors,
    ),
    TinyFamily("phi3", "phi3", family_tokenizers.phi3, has_gguf=True, adapters={"lora": {}}),
    TinyFamily(
        "phi3-older",
        "phi3",
        family_tokenizers.phi3,
        {"tie_word_embeddings": True, "sliding_window": 50},
        older_config=family_older.phi3,
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
        older_config=family_older.rope,
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
        older_tensors=family_older.gpt2_tensors,
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
