"""What the scripts that make the goldens share: places, numbers as JSON, log-probs."""

import copy
import json
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from transformers import LlamaForCausalLM, PreTrainedModel

GOLDEN = Path(__file__).resolve().parent
FIXTURES = GOLDEN.parent / "Fixtures"
MODELS = FIXTURES / "models"
ADAPTERS = FIXTURES / "adapters"

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)


def versions(*packages: str) -> dict[str, str]:
    """The versions of the packages that made a golden."""
    return {name: version(name) for name in packages}


def numbers(values: torch.Tensor | Sequence[float], digits: int = 9) -> list[float]:
    """Floats as JSON numbers; 9 significant digits hold any float32, 17 any float64."""
    flat = values.detach().flatten().tolist() if isinstance(values, torch.Tensor) else values
    return [float(f"{value:.{digits}g}") for value in flat]


def number(value: torch.Tensor | float, digits: int = 9) -> float:
    """One float as a JSON number."""
    return numbers([value.item() if isinstance(value, torch.Tensor) else value], digits)[0]


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Writes a golden: its keys a line each, and each entry of its lists of objects too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = []
    for key, entry in value.items():
        if isinstance(entry, list) and entry and isinstance(entry[0], dict):
            text = "[\n  " + ",\n  ".join(json.dumps(item) for item in entry) + "\n ]"
        else:
            text = json.dumps(entry)
        lines.append(f" {json.dumps(key)}: {text}")
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def load_model(path: Path) -> PreTrainedModel:
    """The model in float32 with eager attention."""
    return LlamaForCausalLM.from_pretrained(
        path, dtype=torch.float32, attn_implementation="eager"
    ).eval()


def all_logits(model: torch.nn.Module, tokens: Sequence[int]) -> torch.Tensor:
    """The logits after each token.  # [tokens, vocabulary]"""
    # A copy, since dynamic RoPE remembers the longest sequence that a module has seen.
    fresh = copy.deepcopy(model)
    with torch.no_grad():
        return fresh(input_ids=torch.tensor([list(tokens)]), use_cache=False).logits[0].float()


def logprobs_of(logits: torch.Tensor, tokens: Sequence[int]) -> torch.Tensor:
    """log p(tokens[i] | tokens[..<i]) for i in 1...  # [tokens - 1]"""
    targets = torch.tensor(list(tokens[1:])).unsqueeze(1)
    return torch.log_softmax(logits[:-1], dim=-1).gather(1, targets).squeeze(1)


def score(model: torch.nn.Module, sequences: Sequence[Sequence[int]]) -> list[dict[str, Any]]:
    """Tokens, their log-probs (the first is null), and the logits after the last one."""
    scored = []
    for tokens in sequences:
        logits = all_logits(model, tokens)
        scored.append(
            {
                "tokens": list(tokens),
                "logprobs": [None, *numbers(logprobs_of(logits, tokens))],
                "logits": numbers(logits[-1]),
            }
        )
    return scored


def random_tokens(seed: int, count: int, vocabulary: int = 320) -> list[int]:
    """Tokens drawn uniformly."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(vocabulary, (count,), generator=generator).tolist()
