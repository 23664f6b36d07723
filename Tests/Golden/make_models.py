"""Makes the tiny random Llama models in Fixtures/models, and their log-probs by transformers."""

import json
import math
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, pre_tokenizers, trainers
from tokenizers import models as tokenizer_models
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from common import GOLDEN, MODELS, load_model, random_tokens, score, versions, write_json

VOCABULARY = 320

CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' "
    "+ message['content'] + '<|im_end|>' + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)

# What the tokenizer's merges are learned from.
CORPUS = [
    "The cat sat on the mat, and the dog lay in the sun all the morning.",
    "There is nothing either good or bad, but thinking makes it so.",
    "In the beginning there was a river, and beside the river stood a house.",
    "for i in range(10):\n    print(i, i * i)\n    total = total + i\n",
    "What is the sum of 12 and 30? The sum of 12 and 30 is 42.",
    "user\nWhere is the station?\nassistant\nThe station is on the other side of the river.\n",
]

CHAT = "<|im_start|>user\nWhat is the sum of 12 and 30?<|im_end|>\n<|im_start|>assistant\nIt is 42."
PROSE = "The river lay in the sun, and nobody was there."


@dataclass
class TinyModel:
    """A fixture: its name, how its configuration differs from the base, how it is saved."""

    name: str
    config: dict[str, Any] = field(default_factory=dict)
    dtype: torch.dtype = torch.float32
    shard_size: str = "50GB"


def rope(kind: str, **parameters: float) -> dict[str, Any]:
    """A small model with this RoPE scaling."""
    return {
        "num_hidden_layers": 2,
        "tie_word_embeddings": True,
        "rope_parameters": {"rope_type": kind, "rope_theta": 10000.0, **parameters},
    }


TINY_MODELS = [
    TinyModel("llama-f32"),
    TinyModel("llama-tied-bf16", {"tie_word_embeddings": True}, torch.bfloat16),
    TinyModel("llama-f16-sharded", {"num_hidden_layers": 2}, torch.float16, "60KB"),
    TinyModel(
        "llama-bias",
        {"num_hidden_layers": 2, "attention_bias": True, "mlp_bias": True, "head_dim": 24},
    ),
    TinyModel("llama-rope-linear", rope("linear", factor=4.0), torch.bfloat16),
    TinyModel(
        "llama-rope-dynamic",
        {**rope("dynamic", factor=2.0), "max_position_embeddings": 24},
        torch.bfloat16,
    ),
    TinyModel(
        "llama-rope-llama3",
        rope(
            "llama3",
            factor=8.0,
            low_freq_factor=1.0,
            high_freq_factor=4.0,
            original_max_position_embeddings=32,
        ),
        torch.bfloat16,
    ),
    TinyModel(
        "llama-rope-yarn",
        {
            **rope("yarn", factor=4.0, original_max_position_embeddings=64),
            "max_position_embeddings": 256,
        },
        torch.bfloat16,
    ),
]


def make_tokenizer() -> PreTrainedTokenizerFast:
    """A byte-level BPE tokenizer, built as SmolLM2's."""
    tokenizer = Tokenizer(tokenizer_models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<|im_start|>",
        eos_token="<|im_end|>",
        unk_token="<|endoftext|>",
        pad_token="<|im_end|>",
        chat_template=CHAT_TEMPLATE,
        model_max_length=128,
    )


def randomize(model: LlamaForCausalLM, seed: int) -> None:
    """Weights that make the logits far from uniform; norms away from 1, biases from 0."""
    generator = torch.Generator().manual_seed(seed)
    scale = 1.6 / math.sqrt(model.config.hidden_size)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "norm" in name:
                parameter.uniform_(0.5, 1.5, generator=generator)
            else:
                parameter.normal_(0, scale, generator=generator)


def make_model(seed: int, config: dict[str, Any]) -> LlamaForCausalLM:
    """A random model: the base configuration with these differences."""
    base = {
        "vocab_size": VOCABULARY,
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 128,
        "rms_norm_eps": 1e-5,
        "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0},
        "bos_token_id": 1,
        "eos_token_id": 2,
        "pad_token_id": 2,
    }
    model = LlamaForCausalLM(LlamaConfig(**{**base, **config}))
    randomize(model, seed)
    return model


def write_as_before_transformers_5(folder: Path) -> None:
    """Rewrites config.json as older writers did: rope_theta, rope_scaling, torch_dtype."""
    path = folder / "config.json"
    config = json.loads(path.read_text())
    parameters = config.pop("rope_parameters")
    config["rope_theta"] = parameters.pop("rope_theta")
    if parameters["rope_type"] == "linear":  # the oldest form says "type"
        parameters["type"] = parameters.pop("rope_type")
    config["rope_scaling"] = parameters
    config["torch_dtype"] = config.pop("dtype")
    config["transformers_version"] = "4.46.0"
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


def sequences(tokenizer: PreTrainedTokenizerFast) -> list[list[int]]:
    """What every model scores: a conversation, prose, and random tokens."""
    return [
        random_tokens(seed=11, count=40),
        tokenizer.encode(PROSE)[:20],
        tokenizer.encode(CHAT),
    ]


def main() -> None:
    tokenizer = make_tokenizer()
    assert len(tokenizer) == VOCABULARY
    for seed, tiny in enumerate(TINY_MODELS):
        folder = MODELS / tiny.name
        shutil.rmtree(folder, ignore_errors=True)
        model = make_model(seed, tiny.config).to(tiny.dtype)
        model.save_pretrained(folder, max_shard_size=tiny.shard_size)
        tokenizer.save_pretrained(folder)
        if tiny.name in ("llama-rope-linear", "llama-rope-llama3"):
            write_as_before_transformers_5(folder)
        golden = {
            "made_by": "make_models.py",
            "versions": versions("torch", "transformers", "tokenizers", "safetensors"),
            "model": f"models/{tiny.name}",
            "sequences": score(load_model(folder), sequences(tokenizer)),
        }
        write_json(GOLDEN / "models" / f"{tiny.name}.json", golden)


if __name__ == "__main__":
    main()
