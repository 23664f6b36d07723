"""Every loss and its gradient equal TRL's, from log-probs and through a model.

Writes the section "Losses" of docs/parity.md.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

import adpo
from common import ADAPTERS, MODELS
from make_adapter import CHOSEN, PROMPT, REJECTED
from make_objective_gradients import ADAPTER, MODEL
from make_objective_gradients import compute as through_model
from make_objectives import GRANULARITIES, compute, kto_cases, objectives, random_pairs
from report import cell, publish, table, versions

# Of the loss, and of the gradient in relation to its largest element. Log-probs come and gradients
# go in float32; through the model all is float32.
ALONE = (1e-8, 1e-6)
THROUGH_MODEL = (1e-5, 1e-4)

# Loss, granularity, and the differences of loss and gradient.
Found = Iterator[tuple[str, str, tuple[float, float]]]


def differences(
    loss: float, expected_loss: float, gradient: np.ndarray, expected_gradient: np.ndarray
) -> tuple[float, float]:
    """Relative ones."""
    largest = np.abs(expected_gradient).max()
    off = np.abs(gradient - expected_gradient).max()
    # A hinge that is satisfied has neither loss nor gradient.
    return abs(loss - expected_loss) / (abs(expected_loss) or 1), off / (largest or 1)


def alone() -> Found:
    for case in compute(objectives(), random_pairs()):
        options = dict(case.objective)
        weighted = options.pop("weighted", False)
        arrays = {name: tuple(side.numpy() for side in sides) for name, sides in case.pair.items()}
        if not weighted:
            del arrays["weights"]
        found = adpo.loss(adpo.Objective(str(case.granularity), **options), **arrays)
        off = differences(
            found.loss, case.loss.item(), np.concatenate(found.gradient), case.gradient.numpy()
        )
        yield options["loss"], str(case.granularity), off


def kto() -> Found:
    """The mean over unpaired rows."""
    for batch in kto_cases():
        objective = adpo.Objective(**batch["objective"])
        found = [
            adpo.loss(
                objective,
                sides(row["policy"], row["desirable"]),
                sides(row["reference"], row["desirable"]),
                kl=batch["metrics"]["kl"],
            )
            for row in batch["rows"]
        ]
        gradient = np.concatenate([side for row in found for side in row.gradient])
        expected = np.concatenate([row["gradient"] for row in batch["rows"]])
        loss = float(np.mean([row.loss for row in found]))
        off = differences(loss, batch["loss"], gradient / len(found), expected)
        yield "kto", "response", off


def sides(values: Sequence[float], desirable: bool) -> tuple[Sequence[float], Sequence[float]]:
    return (values, []) if desirable else ([], values)


def trained() -> Found:
    """A step of plain SGD with learning rate 1 moves the adapter by its gradient."""
    model = adpo.Model(MODELS / MODEL)
    start = model.load_adapter(ADAPTERS / ADAPTER)
    before = load_file(ADAPTERS / ADAPTER / "adapter_model.safetensors")
    pairs = adpo.Dataset(model)
    pairs.add_tokens(PROMPT, CHOSEN, REJECTED)
    for case in through_model():
        trainer = adpo.Trainer(
            model,
            pairs,
            adpo.Objective(str(case.granularity), **case.objective),
            start=start,
            optimizer="sgd",
            learning_rate=1.0,
            schedule="constant",
            max_gradient_norm=0.0,
        )
        loss = trainer.step().loss
        with tempfile.TemporaryDirectory() as folder:
            trainer.adapter().save(folder)
            after = load_file(Path(folder) / "adapter_model.safetensors")
        gradient = torch.cat([(before[name] - after[name]).flatten() for name in case.gradients])
        expected = torch.cat([value.flatten() for value in case.gradients.values()])
        off = differences(loss, case.loss.item(), gradient.numpy(), expected.numpy())
        yield case.objective["loss"], str(case.granularity), off


def largest(found: Found, bounds: tuple[float, float]) -> str:
    """A table of the largest differences: a row a loss, loss and gradient of each granularity."""
    worst: dict[str, dict[str, np.ndarray]] = defaultdict(dict)
    for loss, granularity, off in found:
        seen = worst[loss].get(granularity, np.zeros(2))
        worst[loss][granularity] = np.maximum(seen, off)
    names = [str(granularity) for granularity in GRANULARITIES]
    rows = []
    for loss, by_granularity in worst.items():
        pairs = [by_granularity.get(name) for name in names]
        rows.append([loss, *("" if pair is None else cells(pair, bounds) for pair in pairs)])
    return table(["loss", *names], rows)


def cells(off: np.ndarray, bounds: tuple[float, float]) -> str:
    return ", ".join(cell(value, value <= bound) for value, bound in zip(off, bounds, strict=True))


def main() -> None:
    through = largest(trained(), THROUGH_MODEL)
    # Random log-probs in float64.
    torch.set_default_dtype(torch.float64)
    by_log_probs = largest((found for part in (alone(), kto()) for found in part), ALONE)
    publish(
        "Losses",
        f"{versions('trl', 'torch', 'peft')}. Each cell has the largest relative difference of the "
        "loss, and that of its gradient in relation to the gradient's largest element. TRL's code "
        "computes the loss of each segment and PyTorch's autograd the gradient.\n\n"
        f"From log-probs alone, {len(objectives())} compositions of losses and options, and KTO's; "
        f"up to {ALONE[0]:g} and {ALONE[1]:g} pass:\n\n{by_log_probs}\n\n"
        "Through a tiny model, the gradient by every matrix of an adapter; "
        f"up to {THROUGH_MODEL[0]:g} and {THROUGH_MODEL[1]:g} pass:\n\n{through}",
    )


if __name__ == "__main__":
    main()
