"""Makes the tiny models of each family in Fixtures/families, and their goldens.

Usage: make_families.py [NAME...]
"""

import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import AutoModelForImageTextToText, PreTrainedModel

from adpo_loss import Granularity
from common import GOLDEN, all_logits, random_tokens, score, versions, write_json
from family_gguf import check_tokenizer, llama_cpp_differences, write_gguf
from family_models import FOLDER, load_family, make_model, save, save_multimodal
from lora import lora_parameters, save_adapter
from make_adapter import BETA, CHOSEN, PROMPT, REJECTED, gradient_case
from make_full import LEARNING_RATE, SAMPLE, step
from make_models import PROSE
from tiny_families import FAMILIES, TinyFamily, TinyModel

PACKAGES = ("torch", "transformers", "peft", "safetensors", "gguf", "llama_cpp_python")
LONG = 210
# llama.cpp's distance in log-probs from the goldens, with F32 weights and cache.
TOLERANCE = 1e-3
TEXTS = [PROSE, "Where  is the station?\nThe sum of 12 and 30 is 42. Naïve café: 日本 🦊"]


def sequences(family: TinyFamily) -> list[list[int]]:
    """What every model scores: long, short, text."""
    tokenizer = family.tokenizer().tokenizer
    return [
        random_tokens(seed=31, count=LONG, vocabulary=len(tokenizer)),
        random_tokens(seed=11, count=40, vocabulary=len(tokenizer)),
        tokenizer.encode(PROSE),
    ]


def make_lora(folder: Path, seed: int, **config: Any) -> PeftModel:  # noqa: ANN401
    """A random adapter of all linear layers of the decoder, or of what config says."""
    base = load_family(folder)
    settings = {
        "r": 3,
        "lora_alpha": 7,
        "target_modules": "all-linear",
        "task_type": "CAUSAL_LM",
    }
    model = get_peft_model(base, LoraConfig(**{**settings, **config}))
    model.peft_config["default"].base_model_name_or_path = folder.name
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in lora_parameters(model).items():
            scale = parameter.shape[1] ** -0.5 if "lora_A" in name else 0.1
            parameter.normal_(0, scale, generator=generator)
    return model


def adapter_golden(
    family: TinyFamily, tiny: TinyModel, name: str, config: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Writes the adapter; its log-probs, ADPO losses with it, the gradients of its matrices."""
    folder = FOLDER / name
    made = make_lora(FOLDER / tiny.name, tiny.seed, **{**family.lora, **config})
    save_adapter(made, folder)
    model = load_adapter(tiny, folder)
    loaded = lora_parameters(model)
    for key, parameter in lora_parameters(made).items():
        assert torch.equal(parameter, loaded[key]), f"{name}: {key} was not read back"
    scored = {"adapter": f"families/{name}", "sequences": score(model, sequences(family)[1:])}
    case, gradients = gradient_case(name, model)
    return scored | case, gradients


def load_adapter(tiny: TinyModel, folder: Path) -> PeftModel:
    base = load_family(FOLDER / tiny.name)
    return PeftModel.from_pretrained(base, folder, is_trainable=True).eval()


def older_adapter_golden(family: TinyFamily, tiny: TinyModel, name: str) -> dict[str, Any]:
    """Writes a Mixtral adapter as peft did with transformers 4, where each expert had linear layers
    of its own; its log-probs, since peft still reads it."""
    folder = FOLDER / name
    config = json.loads((FOLDER / f"{tiny.name}-lora" / "adapter_config.json").read_text())
    config["target_modules"] = ["gate", "k_proj", "o_proj", "q_proj", "v_proj", "w1", "w2", "w3"]
    weights = load_file(FOLDER / tiny.name / "model.safetensors")
    generator = torch.Generator().manual_seed(tiny.seed)
    tensors = {}
    for key, weight in sorted(weights.items()):
        module = key.removesuffix(".weight")
        if module.rpartition(".")[2] in config["target_modules"]:
            out_features, in_features = weight.shape
            a = torch.randn(config["r"], in_features, generator=generator) * in_features**-0.5
            b = torch.randn(out_features, config["r"], generator=generator) * 0.1
            tensors[f"base_model.model.{module}.lora_A.weight"] = a
            tensors[f"base_model.model.{module}.lora_B.weight"] = b
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    text = json.dumps(config, indent=2, sort_keys=True)
    (folder / "adapter_config.json").write_text(text + "\n")
    save_file(tensors, folder / "adapter_model.safetensors", {"format": "pt"})
    model = load_adapter(tiny, folder)
    loaded = lora_parameters(model)
    # peft starts B at zero, so that a matrix which it did not find would stay so.
    assert all(parameter.abs().sum() > 0 for parameter in loaded.values()), name
    return {"adapter": f"families/{name}", "sequences": score(model, sequences(family)[1:])}


def full_golden(folder: Path) -> tuple[list[dict[str, Any]], dict[str, Tensor]]:
    """Two updates of every weight, as in make_full.py."""
    cases = []
    sampled = {}
    for granularity in (Granularity("response"), Granularity("token")):
        steps, gradients = step(load_family(folder), granularity)
        cases.append({"granularity": granularity.name, "size": granularity.size, "steps": steps})
        if granularity.name == "token":
            sampled = {
                f"full/{key}": value.flatten()[::SAMPLE].contiguous()
                for key, value in gradients.items()
            }
    return cases, sampled


def assert_near(ours: Tensor, theirs: Tensor) -> None:
    """Sees that two sets of logits differ by no more than float32 rounds."""
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=0)


def check_llama_cpp(family: TinyFamily, path: Path, model: PreTrainedModel) -> None:
    """Sees that llama.cpp reads the GGUF file as transformers the folder."""
    own, table = llama_cpp_differences(path, model, sequences(family))
    print(f"{path.name}: llama.cpp differs by {own:.1e}, with its table of GELU by {table:.1e}")
    if not table < TOLERANCE:
        raise ValueError(f"{path.name}: llama.cpp differs by {table}")
    check_tokenizer(path, family.tokenizer(), TEXTS)


def write_model(family: TinyFamily, tiny: TinyModel) -> None:
    """Makes everything of one fixture."""
    made = make_model(family, tiny)
    folder = save(family, tiny, made)
    model = load_family(folder)
    tokens = sequences(family)[0]
    # An older config.json has to say the same.
    assert_near(all_logits(made, tokens), all_logits(model, tokens))
    golden = {
        "made_by": "make_families.py",
        "versions": versions(*PACKAGES),
        "model": f"families/{tiny.name}",
        "gguf": f"families/{tiny.name}.gguf" if tiny.has_gguf else None,
        "sequences": score(model, sequences(family)),
        "prompt": PROMPT,
        "chosen": CHOSEN,
        "rejected": REJECTED,
        "beta": BETA,
        "learning_rate": LEARNING_RATE,
        "sample": SAMPLE,
    }
    if tiny.has_gguf:
        path = FOLDER / f"{tiny.name}.gguf"
        write_gguf(path, model, family, tiny.name)
        check_llama_cpp(family, path, model)
    golden["full"], tensors = full_golden(folder)
    golden["adapters"] = []
    for suffix, config in tiny.adapters.items():
        adapter, gradients = adapter_golden(family, tiny, f"{tiny.name}-{suffix}", config)
        golden["adapters"].append(adapter)
        tensors |= gradients
    if tiny.name == "mixtral":
        golden["adapters"].append(older_adapter_golden(family, tiny, "mixtral-lora-older"))
    write_json(GOLDEN / "families" / f"{tiny.name}.json", golden)
    save_file(tensors, GOLDEN / "families" / f"{tiny.name}.safetensors")


def write_multimodal(family: TinyFamily, name: str) -> None:
    """Makes the folder whose text part is a model, and sees that it scores the same."""
    source, folder = FOLDER / name, FOLDER / f"{name}-multimodal"
    save_multimodal(family, source, folder)
    tokens = sequences(family)[0]
    text, multimodal = load_family(source), load_family(folder, AutoModelForImageTextToText)
    assert_near(all_logits(text, tokens), all_logits(multimodal, tokens))


def main(names: Sequence[str]) -> None:
    for family in FAMILIES:
        for tiny in family.models:
            if not names or tiny.name in names:
                write_model(family, tiny)
        name = family.models[0].name
        if family.multimodal and (not names or f"{name}-multimodal" in names):
            write_multimodal(family, name)


if __name__ == "__main__":
    main(sys.argv[1:])
