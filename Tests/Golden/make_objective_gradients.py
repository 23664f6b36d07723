"""Makes the gradient of every loss by the matrices of an adapter, through a model, by autograd."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from adpo_loss import Granularity
from common import GOLDEN, number, versions, write_json
from lora import lora_parameters
from make_adapter import CHOSEN, PROMPT, REJECTED, load, response_logprobs
from make_objectives import GRANULARITIES, objectives, pair_loss

MODEL = "llama-f32"
ADAPTER = "llama-f32-lora"
BETA = 0.05  # so low that the margins leave the hinge something to do


@dataclass
class Case:
    """The loss of one pair, and its gradient by each matrix of the adapter."""

    objective: dict[str, Any]
    granularity: Granularity
    loss: Tensor
    gradients: dict[str, Tensor]

    @property
    def norm(self) -> Tensor:
        return torch.stack([gradient.norm() for gradient in self.gradients.values()]).norm()


def compute() -> Iterator[Case]:
    """Every loss without options, in every granularity."""
    model = load(MODEL, ADAPTER)
    with torch.no_grad(), model.disable_adapter():
        reference = tuple(response_logprobs(model, response) for response in (CHOSEN, REJECTED))
    plain: dict[str, dict[str, Any]] = {}
    for objective in objectives():
        plain.setdefault(objective["loss"], {**objective, "beta": BETA})
    for objective in plain.values():
        granularities = GRANULARITIES[:1] if objective["loss"] == "sft" else GRANULARITIES
        for granularity in granularities:
            model.zero_grad()
            policy = tuple(response_logprobs(model, response) for response in (CHOSEN, REJECTED))
            loss, _ = pair_loss(policy, {"reference": reference}, granularity, objective)
            loss.backward()
            gradients = {name: value.grad.clone() for name, value in lora_parameters(model).items()}
            yield Case(objective, granularity, loss.detach(), gradients)


def main() -> None:
    golden = {
        "made_by": "make_objective_gradients.py",
        "versions": versions("torch", "transformers", "trl", "peft"),
        "model": f"models/{MODEL}",
        "adapter": f"adapters/{ADAPTER}",
        "prompt": PROMPT,
        "chosen": CHOSEN,
        "rejected": REJECTED,
        "cases": [
            {
                "objective": {**case.objective, "granularity": str(case.granularity)},
                "loss": number(case.loss),
                "gradient_norm": number(case.norm),
            }
            for case in compute()
        ],
    }
    write_json(GOLDEN / "objective_gradients.json", golden)


if __name__ == "__main__":
    main()
