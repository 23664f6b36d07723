"""Makes ADPO's gradients by all weights of a model, in two steps of SGD, by autograd."""

import torch
from safetensors.torch import save_file
from torch import Tensor

import adpo_loss
from adpo_loss import Granularity
from common import GOLDEN, MODELS, load_model, number, versions, write_json
from make_adapter import BETA, CHOSEN, GRANULARITIES, PROMPT, REJECTED, response_logprobs

# An untied head, a tied one, biases.
MODEL_NAMES = ["llama-f32", "llama-tied-bf16", "llama-bias"]
# So large that the second step's margins are around 1.
LEARNING_RATE = 5e-4
# Of each gradient every so manieth element is kept, and its norm.
SAMPLE = 17


def step(
    model: torch.nn.Module, granularity: Granularity
) -> tuple[list[dict[str, object]], dict[str, Tensor]]:
    """Two updates; the losses and gradient norms of each, and the second's gradients."""
    with torch.no_grad():
        reference = [response_logprobs(model, response) for response in (CHOSEN, REJECTED)]
    optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE)
    steps = []
    for _ in range(2):
        optimizer.zero_grad()
        policy = [response_logprobs(model, response) for response in (CHOSEN, REJECTED)]
        ratios = [ours - theirs for ours, theirs in zip(policy, reference, strict=True)]
        loss = adpo_loss.loss(*ratios, granularity, BETA)
        loss.backward()
        gradients = {key: value.grad.clone() for key, value in model.named_parameters()}
        steps.append(
            {
                "loss": number(loss),
                "gradient_norm": number(
                    torch.stack([value.norm() for value in gradients.values()]).norm()
                ),
                "gradient_norms": {key: number(value.norm()) for key, value in gradients.items()},
            }
        )
        optimizer.step()
    return steps, gradients


def main() -> None:
    cases = []
    tensors = {}
    for name in MODEL_NAMES:
        for granularity in GRANULARITIES:
            steps, gradients = step(load_model(MODELS / name), granularity)
            cases.append(
                {
                    "name": name,
                    "granularity": granularity.name,
                    "size": granularity.size,
                    "steps": steps,
                }
            )
            if granularity.name == "token":
                tensors |= {
                    f"{name}/{key}": value.flatten()[::SAMPLE].contiguous()
                    for key, value in gradients.items()
                }
    golden = {
        "made_by": "make_full.py",
        "versions": versions("torch", "transformers", "safetensors"),
        "prompt": PROMPT,
        "chosen": CHOSEN,
        "rejected": REJECTED,
        "beta": BETA,
        "learning_rate": LEARNING_RATE,
        "sample": SAMPLE,
        "cases": cases,
    }
    write_json(GOLDEN / "full_gradients.json", golden)
    save_file(tensors, GOLDEN / "full_gradients.safetensors")


if __name__ == "__main__":
    main()
