"""Optimizers and gradient clipping by PyTorch, learning rates by transformers."""

from collections.abc import Callable
from typing import Any

import torch
from transformers import (
    get_constant_schedule_with_warmup,
    get_cosine_schedule_with_warmup,
    get_linear_schedule_with_warmup,
)

from common import GOLDEN, number, numbers, versions, write_json

PARAMETERS = 19  # more than a vector register holds, and no multiple of one


def random_vector(generator: torch.Generator, scale: float) -> torch.Tensor:
    return torch.randn(PARAMETERS, generator=generator) * scale


def optimizer(
    name: str, create: Callable[..., torch.optim.Optimizer], **settings: float
) -> dict[str, Any]:
    """A few updates with a learning rate that changes."""
    generator = torch.Generator().manual_seed(2)
    parameter = torch.nn.Parameter(random_vector(generator, 1.0))
    optimizer = create([parameter])
    run: dict[str, Any] = {
        "optimizer": name,
        **settings,
        "start": numbers(parameter),
        "steps": [],
    }
    for learning_rate in [0.0, 1e-2, 5e-3, 1e-3, 1e-1]:
        gradient = random_vector(generator, 0.1)
        gradient[0] = 0.0
        gradient[1] *= 1e-8
        optimizer.param_groups[0]["lr"] = learning_rate
        parameter.grad = gradient.clone()
        optimizer.step()
        run["steps"].append(
            {
                "learning_rate": learning_rate,
                "gradient": numbers(gradient),
                "parameters": numbers(parameter),
            }
        )
    return run


def adamw(weight_decay: float, beta1: float, beta2: float, epsilon: float) -> dict[str, Any]:
    def create(parameters: list[torch.nn.Parameter]) -> torch.optim.Optimizer:
        return torch.optim.AdamW(
            parameters, betas=(beta1, beta2), eps=epsilon, weight_decay=weight_decay, foreach=False
        )

    return optimizer(
        "adamw", create, weight_decay=weight_decay, beta1=beta1, beta2=beta2, epsilon=epsilon
    )


def sgd(weight_decay: float, momentum: float) -> dict[str, Any]:
    def create(parameters: list[torch.nn.Parameter]) -> torch.optim.Optimizer:
        return torch.optim.SGD(
            parameters, momentum=momentum, weight_decay=weight_decay, foreach=False
        )

    return optimizer("sgd", create, weight_decay=weight_decay, momentum=momentum)


def clipping(scale: float, maximum_norm: float) -> dict[str, Any]:
    gradient = random_vector(torch.Generator().manual_seed(3), scale)
    parameter = torch.nn.Parameter(torch.zeros(PARAMETERS))
    parameter.grad = gradient.clone()
    norm = torch.nn.utils.clip_grad_norm_([parameter], maximum_norm)
    return {
        "maximum_norm": maximum_norm,
        "gradient": numbers(gradient),
        "norm": number(norm),
        "clipped": numbers(parameter.grad),
    }


def schedule(
    name: str, create: Callable[..., Any], steps: int, warmup: int, **arguments: int
) -> dict[str, Any]:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = create(optimizer, num_warmup_steps=warmup, **arguments)
    factors = []
    for _ in range(steps):
        factors.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    return {"schedule": name, "steps": steps, "warmup": warmup, "factors": numbers(factors, 17)}


def schedules(steps: int, warmup: int) -> list[dict[str, Any]]:
    return [
        schedule(
            "linear", get_linear_schedule_with_warmup, steps, warmup, num_training_steps=steps
        ),
        schedule(
            "cosine", get_cosine_schedule_with_warmup, steps, warmup, num_training_steps=steps
        ),
        schedule("constant", get_constant_schedule_with_warmup, steps, warmup),
    ]


def main() -> None:
    write_json(
        GOLDEN / "optimizer.json",
        {
            "versions": versions("torch", "transformers"),
            "optimizers": [
                adamw(0.0, 0.9, 0.999, 1e-8),
                adamw(0.1, 0.9, 0.999, 1e-8),
                adamw(0.01, 0.8, 0.95, 1e-4),
                sgd(0.0, 0.0),
                sgd(0.0, 0.9),
                sgd(0.1, 0.5),
            ],
            "clipping": [clipping(1.0, 1.0), clipping(1e-3, 1.0), clipping(100.0, 0.5)],
            "schedules": [
                entry
                for steps, warmup in [(1, 0), (7, 0), (10, 3), (4, 4), (3, 5)]
                for entry in schedules(steps, warmup)
            ],
        },
    )


if __name__ == "__main__":
    main()
