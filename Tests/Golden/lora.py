"""Random LoRA adapters, made and saved by peft."""

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from torch import Tensor

from common import MODELS, load_model


@dataclass
class TinyAdapter:
    """A fixture: its name, its model, and how its LoraConfig differs from the base."""

    name: str
    model: str
    config: dict[str, Any] = field(default_factory=dict)


def save_adapter(model: PeftModel, folder: Path) -> None:
    """Saves the adapter without peft's model card, its sets in order."""
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder, save_embedding_layers=False)
    (folder / "README.md").unlink()
    path = folder / "adapter_config.json"
    config = json.loads(path.read_text())
    for key in ("target_modules", "target_parameters"):
        if config[key] is not None:
            config[key] = sorted(config[key])
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


def make_adapter(tiny: TinyAdapter, seed: int, zero_b: bool = False) -> PeftModel:
    """A model with a random adapter."""
    base = load_model(MODELS / tiny.model)
    config = {"r": 4, "lora_alpha": 8, "target_modules": "all-linear", "task_type": "CAUSAL_LM"}
    model = get_peft_model(base, LoraConfig(**{**config, **tiny.config}))
    model.peft_config["default"].base_model_name_or_path = tiny.model
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in lora_parameters(model).items():
            if "lora_A" in name:
                bound = parameter.shape[1] ** -0.5
                parameter.uniform_(-bound, bound, generator=generator)
            elif "magnitude" in name:
                parameter.mul_(1 + 0.2 * torch.randn(parameter.shape, generator=generator))
            elif not zero_b:
                parameter.normal_(0, 0.1, generator=generator)
    return model


def lora_parameters(model: PeftModel) -> dict[str, Tensor]:
    """The trainable parameters, by the names that they have in an adapter file."""
    return {
        name.replace("vector.default.weight", "vector").replace(".default.", "."): parameter
        for name, parameter in model.named_parameters()
        if parameter.requires_grad
    }
