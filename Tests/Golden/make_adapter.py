"""Makes LoRA adapters by peft, log-probs with them, and ADPO's gradients by autograd."""

from typing import Any

import torch
from peft import PeftModel
from safetensors.torch import save_file
from torch import Tensor

import adpo_loss
from adpo_loss import Granularity
from common import (
    ADAPTERS,
    GOLDEN,
    MODELS,
    load_model,
    number,
    numbers,
    random_tokens,
    score,
    versions,
    write_json,
)
from llama_gguf import read_llama
from lora import TinyAdapter, lora_parameters, make_adapter, save_adapter
from make_models import make_tokenizer, sequences

PACKAGES = ("torch", "transformers", "peft", "safetensors", "gguf")
BETA = 0.5
PROMPT, CHOSEN, REJECTED = (random_tokens(seed, n) for seed, n in ((21, 10), (22, 13), (23, 8)))
GRANULARITIES = [
    Granularity("response"),
    Granularity("token"),
    Granularity("static", 3),
    Granularity("adaptive", 2),
]


TINY_ADAPTERS = [
    TinyAdapter("llama-f32-lora", "llama-f32"),
    TinyAdapter(
        "llama-f32-rslora",
        "llama-f32",
        {"target_modules": ["q_proj", "v_proj"], "use_rslora": True},
    ),
    TinyAdapter("llama-bias-lora", "llama-bias"),
    TinyAdapter(
        "llama-f32-partial",
        "llama-f32",
        {
            "r": 2,
            "target_modules": ["v_proj", "model.layers.1.mlp.down_proj", "2.self_attn.q_proj"],
            "use_rslora": True,
        },
    ),
    TinyAdapter("llama-f32-dora", "llama-f32", {"r": 2, "use_dora": True}),
    TinyAdapter(
        "llama-bias-dora",
        "llama-bias",
        {"r": 2, "target_modules": ["q_proj", "o_proj", "up_proj"], "use_dora": True},
    ),
    TinyAdapter(
        "llama-f32-patterns",
        "llama-f32",
        {
            "target_modules": ["q_proj", "up_proj", "down_proj"],
            "rank_pattern": {"q_proj": 6, "model.layers.1.mlp.down_proj": 2},
            "alpha_pattern": {"mlp.up_proj": 12, "q_proj": 3},
            "use_rslora": True,
        },
    ),
]

# What the gradients are taken of: the name in the golden, the model, the adapter.
GRADIENT_CASES = [
    ("llama-f32", "llama-f32", "llama-f32-lora"),
    ("llama-bias", "llama-bias", "llama-bias-lora"),
    ("llama-q8_0", "llama-q8_0.gguf", "llama-f32-lora"),
    ("llama-f32-rslora", "llama-f32", "llama-f32-rslora"),
    ("llama-f32-partial", "llama-f32", "llama-f32-partial"),
    ("llama-f32-dora", "llama-f32", "llama-f32-dora"),
    ("llama-bias-dora", "llama-bias", "llama-bias-dora"),
    ("llama-q8_0-dora", "llama-q8_0.gguf", "llama-f32-dora"),
]


def load(model: str, adapter: str) -> PeftModel:
    """A model from a folder or a GGUF file, with an adapter to be trained."""
    path = MODELS / model
    base = read_llama(path) if path.suffix == ".gguf" else load_model(path)
    return PeftModel.from_pretrained(base, ADAPTERS / adapter, is_trainable=True).eval()


def response_logprobs(model: PeftModel, response: list[int]) -> Tensor:
    """log p(response | PROMPT) of each token.  # [response]"""
    tokens = torch.tensor([PROMPT + response])
    logits = model(input_ids=tokens, use_cache=False).logits[0, len(PROMPT) - 1 : -1]
    targets = torch.tensor(response).unsqueeze(1)
    return torch.log_softmax(logits, dim=-1).gather(1, targets).squeeze(1)


def gradient_case(name: str, model: PeftModel) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """The losses of one pair, and the gradients of the adapter's matrices."""
    with torch.no_grad(), model.disable_adapter():
        reference = [response_logprobs(model, response) for response in (CHOSEN, REJECTED)]
    losses = []
    tensors = {}
    for granularity in GRANULARITIES:
        model.zero_grad()
        policy = [response_logprobs(model, response) for response in (CHOSEN, REJECTED)]
        ratios = [ours - theirs for ours, theirs in zip(policy, reference, strict=True)]
        loss = adpo_loss.loss(*ratios, granularity, BETA)
        loss.backward()
        gradients = {key: value.grad.clone() for key, value in lora_parameters(model).items()}
        norms = {key: number(value.norm()) for key, value in gradients.items()}
        total = torch.stack([value.norm() for value in gradients.values()]).norm()
        losses.append(
            {
                "granularity": granularity.name,
                "size": granularity.size,
                "loss": number(loss),
                "gradient_norm": number(total),
                "gradient_norms": norms,
            }
        )
        if granularity.name in ("response", "token"):
            tensors |= {f"{name}/{granularity.name}/{key}": g for key, g in gradients.items()}
    case = {
        "policy_chosen": numbers(policy[0]),
        "policy_rejected": numbers(policy[1]),
        "reference_chosen": numbers(reference[0]),
        "reference_rejected": numbers(reference[1]),
        "losses": losses,
    }
    return case, tensors


def main() -> None:
    for seed, tiny in enumerate(TINY_ADAPTERS):
        save_adapter(make_adapter(tiny, seed), ADAPTERS / tiny.name)
        golden = {
            "made_by": "make_adapter.py",
            "versions": versions(*PACKAGES),
            "model": f"models/{tiny.model}",
            "adapter": f"adapters/{tiny.name}",
            "sequences": score(load(tiny.model, tiny.name), sequences(make_tokenizer())),
        }
        write_json(GOLDEN / "adapters" / f"{tiny.name}.json", golden)

    cases = []
    tensors = {}
    for name, model, adapter in GRADIENT_CASES:
        case, gradients = gradient_case(name, load(model, adapter))
        paths = {"name": name, "model": f"models/{model}", "adapter": f"adapters/{adapter}"}
        cases.append(paths | case)
        tensors |= gradients
    golden = {
        "made_by": "make_adapter.py",
        "versions": versions(*PACKAGES),
        "prompt": PROMPT,
        "chosen": CHOSEN,
        "rejected": REJECTED,
        "beta": BETA,
        "cases": cases,
    }
    write_json(GOLDEN / "adapter_gradients.json", golden)
    save_file(tensors, GOLDEN / "adapter_gradients.safetensors")


if __name__ == "__main__":
    main()
