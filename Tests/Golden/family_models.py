"""The tiny random models of each family: configurations, weights, how they are saved."""

import copy
import json
import math
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForImageTextToText,
    PreTrainedModel,
)

from common import FIXTURES
from tiny_families import TinyFamily, TinyModel

FOLDER = FIXTURES / "families"


def randomize(model: PreTrainedModel, family: TinyFamily, tiny: TinyModel) -> None:
    """The logits are far from uniform, norms not 1, biases not 0."""
    generator = torch.Generator().manual_seed(tiny.seed)
    scale = 1.6 / math.sqrt(model.config.hidden_size)
    middle = family.norm_middle
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if ("norm" in name or "ln_" in name) and name.endswith("weight"):
                parameter.uniform_(middle - 0.5, middle + 0.5, generator=generator)
            else:
                parameter.normal_(0, scale, generator=generator)
            parameter.copy_(parameter.to(tiny.dtype))


def make_model(family: TinyFamily, tiny: TinyModel) -> PreTrainedModel:
    """A random model."""
    vocabulary = len(family.tokenizer().tokenizer)
    config = {"vocab_size": vocabulary, "pad_token_id": None} | family.base
    config = AutoConfig.for_model(family.model_type, **{**config, **tiny.config})
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    randomize(model, family, tiny)
    return model.eval()


def save(family: TinyFamily, tiny: TinyModel, model: PreTrainedModel) -> Path:
    """Writes the folder: weights, configuration, tokenizer."""
    folder = FOLDER / tiny.name
    shutil.rmtree(folder, ignore_errors=True)
    copy.deepcopy(model).to(tiny.dtype).save_pretrained(folder)
    family.tokenizer().tokenizer.save_pretrained(folder)
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


def save_multimodal(family: TinyFamily, source: Path, folder: Path) -> None:
    """Writes the text model as part of a multimodal one, with a tiny vision tower."""
    if family.multimodal is None:
        raise ValueError(f"{family.model_type} has no multimodal model")
    text = load_family(source)
    vision = {
        "hidden_size": 8,
        "intermediate_size": 8,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "image_size": 8,
        "patch_size": 4,
    }
    config = family.multimodal(
        {**text.config.to_dict(), "_name_or_path": "", "dtype": "bfloat16"}, vision
    )
    torch.manual_seed(0)
    model = AutoModelForImageTextToText.from_config(config)
    model.model.language_model.load_state_dict(text.model.state_dict())
    model.lm_head.load_state_dict(text.lm_head.state_dict())
    shutil.rmtree(folder, ignore_errors=True)
    model.to(torch.bfloat16).save_pretrained(folder)
    family.tokenizer().tokenizer.save_pretrained(folder)


def load_family(path: Path, kind: type = AutoModelForCausalLM) -> PreTrainedModel:
    """The model in float32 with eager attention, and experts one by one."""
    model = kind.from_pretrained(path, dtype=torch.float32, attn_implementation="eager").eval()
    if any(name.endswith(".experts") for name, _ in model.named_modules()):
        model.set_experts_implementation("eager")
    return model
