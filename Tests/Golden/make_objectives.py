"""Makes the goldens of every loss with every option: log-probs in, loss and gradients out, float64.

TRL's own code computes each segment's loss, the segment's tokens being a whole response to it, and
PyTorch's autograd the gradient. What TRL lacks (DPO-Positive, target margins of other losses than
SimPO, weights by token) is done to the log-probs that it gets.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import torch
from torch import Tensor

import adpo_loss
import trl_losses
from adpo_loss import Granularity
from common import GOLDEN, number, numbers, versions, write_json

LENGTHS = [(13, 8), (2, 6)]
GRANULARITIES = [
    Granularity("response"),
    Granularity("token"),
    Granularity("static", 3),
    Granularity("adaptive", 4),
]
MARGIN_LOSSES = ["sigmoid", "robust", "hinge", "ipo", "sigmoid_norm", "exo_pair"]
REWARD_LOSSES = ["sppo_hard", "apo_zero", "apo_down", "bco_pair", "nca_pair"]
SMOOTHING = {"sigmoid": 0.1, "robust": 0.2, "sigmoid_norm": 0.3, "exo_pair": 0.01}
TARGET_MARGIN = ["sigmoid", "robust", "hinge", "sigmoid_norm", "exo_pair"]
DIGITS = 10


def objectives() -> list[dict[str, Any]]:
    """Every loss alone and with the options that it has a place for."""
    every = []
    for loss in [*MARGIN_LOSSES, *REWARD_LOSSES, "orpo"]:
        base = {"loss": loss, "beta": 0.1}
        if loss == "exo_pair":
            base["label_smoothing"] = 0.001
        every += [
            base,
            base | {"beta": 1.5, "weighted": True, "reduction": "mean"},
            base | {"beta": 0.5, "ld_alpha": 0.3},
            base | {"beta": 0.5, "wpo": True, "reduction": "mean"},
        ]
        if loss != "orpo":
            every.append(base | {"beta": 0.5, "sft_weight": 0.7, "wpo": True})
        if loss in MARGIN_LOSSES:
            every += [
                base | {"beta": 1.0, "dpop_lambda": 5.0},
                base | {"beta": 0.5, "reference_free": True},
                base | {"beta": 2.0, "reference_free": True, "sft_weight": 1.0, "ld_alpha": 0.5},
            ]
        if loss in SMOOTHING:
            every.append(base | {"beta": 0.7, "label_smoothing": SMOOTHING[loss]})
        if loss in TARGET_MARGIN:
            every += [
                base | {"beta": 2.0, "reference_free": True, "target_margin": 1.0},
                base | {"beta": 1.0, "target_margin": 0.3, "dpop_lambda": 0.5, "weighted": True},
            ]
    every.append(
        {"loss": "sigmoid_norm", "beta": 2.0, "reference_free": True, "target_margin": 1.0,
         "label_smoothing": 0.1, "sft_weight": 0.5}
    )  # fmt: skip
    every.append({"loss": "sft"})
    return every


def segment_loss(
    policy: tuple[Tensor, Tensor], reference: tuple[Tensor, Tensor], objective: dict[str, Any]
) -> Tensor:
    """TRL's loss of one segment."""
    loss, beta = objective["loss"], objective["beta"]
    smoothing = objective.get("label_smoothing", 0.0)
    gamma = objective.get("target_margin", 0.0)
    if loss == "orpo":
        # Where there are no tokens the log-odds are 0.
        means = [p.mean() if len(p) else torch.tensor(0.5).log() for p in policy]
        return trl_losses.orpo(*means, torch.tensor(0.0), beta=beta)
    if dpop := objective.get("dpop_lambda"):
        penalty = dpop * torch.relu(-(policy[0] - reference[0]).sum())
        policy = shifted(policy, -penalty)
    sums = [(p - r).sum() for p, r in zip(policy, reference, strict=True)]
    means = [s / max(len(p), 1) for s, p in zip(sums, policy, strict=True)]
    options = {"beta": beta, "label_smoothing": smoothing}
    if loss == "sigmoid_norm" and (smoothing or gamma or objective.get("reference_free")):
        return trl_losses.cpo("simpo", *means, target_margin=gamma, **options)
    if loss == "sigmoid" and gamma:
        return trl_losses.cpo("simpo", *sums, target_margin=gamma, **options)
    if (
        loss in ("sigmoid", "hinge")
        and (smoothing or objective.get("reference_free"))
        and not gamma
    ):
        return trl_losses.cpo(loss, *sums, **options)
    if loss == "ipo" and objective.get("reference_free"):
        return trl_losses.cpo(loss, *means, **options)
    # beta (S_w - gamma / beta - S_l) = z - gamma
    return trl_losses.dpo(loss, shifted(policy, torch.tensor(-gamma / beta)), reference, **options)


def shifted(policy: tuple[Tensor, Tensor], by: Tensor) -> tuple[Tensor, Tensor]:
    """The same log-probs with S_w - S_l greater by this much."""
    chosen, rejected = policy
    if len(chosen):
        return torch.cat([chosen[:1] + by, chosen[1:]]), rejected
    return chosen, torch.cat([rejected[:1] - by, rejected[1:]])


def pair_loss(
    policy: tuple[Tensor, Tensor],
    pair: dict[str, tuple[Tensor, Tensor]],
    granularity: Granularity,
    objective: dict[str, Any],
) -> tuple[Tensor, int]:
    """The loss of one pair, and its number of segments."""
    loss = objective["loss"]
    lengths = [len(p) for p in policy]
    is_free = objective.get("reference_free") or loss in ("orpo", "sft")
    reference = tuple(torch.zeros(n) for n in lengths) if is_free else pair["reference"]
    if loss == "sft":
        return trl_losses.dpo("sft", policy, reference, beta=0.1), 1
    nll = trl_losses.dpo("sft", policy, reference, beta=0.1)

    weights = pair["weights"] if objective.get("weighted") else [torch.ones(n) for n in lengths]
    if alpha := objective.get("ld_alpha"):
        tails = [torch.arange(n) >= min(lengths) for n in lengths]
        weights = [
            w * torch.where(tail, alpha, 1.0) for w, tail in zip(weights, tails, strict=True)
        ]
    scored = [
        tuple(w * values for w, values in zip(weights, both, strict=True))
        for both in (policy, reference)
    ]
    losses = [
        segment_loss(*(tuple(r[s] for r, s in zip(both, segment, strict=True)) for both in scored),
                     objective)
        for segment in adpo_loss.segments(*lengths, granularity)
    ]  # fmt: skip
    total = torch.stack(losses)
    total = total.mean() if objective.get("reduction") == "mean" else total.sum()
    total = total + (1.0 if loss == "orpo" else objective.get("sft_weight", 0.0)) * nll
    if objective.get("wpo"):
        plain = trl_losses.dpo("sigmoid", policy, reference, beta=1.0)
        weighted = trl_losses.dpo(
            "sigmoid", policy, reference, beta=1.0, log_sum_squares=pair["log_sum_squares"]
        )
        total = total * (weighted / plain).detach()
    return total, len(losses)


def whole_loss(
    policy: tuple[Tensor, Tensor], pair: dict[str, tuple[Tensor, Tensor]], objective: dict[str, Any]
) -> Tensor | None:
    """TRL's loss of the pair as a whole, where one of its trainers has all of the options."""
    has = objective.get
    loss, options = objective["loss"], {"beta": objective.get("beta", 0.1)}
    nll = -policy[0].mean()
    if any(has(name) for name in ("weighted", "dpop_lambda")):
        return None
    if loss == "orpo" and not has("ld_alpha") and not has("wpo"):
        return trl_losses.orpo(policy[0].mean(), policy[1].mean(), nll, **options)
    if has("reference_free") and not has("ld_alpha"):
        options |= {"alpha": has("sft_weight") or 0.0, "nll": nll}
        options["label_smoothing"] = has("label_smoothing") or 0.0
        if loss == "sigmoid_norm":
            means = (policy[0].mean(), policy[1].mean())
            return trl_losses.cpo(
                "simpo", *means, target_margin=has("target_margin") or 0.0, **options
            )
        if loss in ("sigmoid", "hinge") and not has("target_margin"):
            return trl_losses.cpo(loss, policy[0].sum(), policy[1].sum(), **options)
        return None
    lacks = ("sft_weight", "target_margin", "reference_free")
    if loss == "orpo" or any(has(name) for name in lacks):
        return None
    if has("label_smoothing") and loss not in ("robust", "exo_pair"):
        return None
    options["label_smoothing"] = has("label_smoothing") or 0.0
    options["ld_alpha"] = has("ld_alpha")
    options["log_sum_squares"] = pair["log_sum_squares"] if has("wpo") else None
    return trl_losses.dpo(loss, policy, pair["reference"], **options)


def random_pair(
    lengths: tuple[int, int], generator: torch.Generator
) -> dict[str, tuple[Tensor, Tensor]]:
    """The policy is near the reference, as after some training."""
    policy, reference = zip(*(random_logprobs(n, generator) for n in lengths), strict=True)
    return {
        "policy": policy,
        "reference": reference,
        "weights": tuple(single(2 * torch.rand(n, generator=generator)) for n in lengths),
        "log_sum_squares": tuple(single(-3 * torch.rand(n, generator=generator)) for n in lengths),
    }


def random_logprobs(count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """The policy's and the reference's."""
    reference = -4 * torch.rand(count, generator=generator) - 1e-3
    policy = (reference + torch.randn(count, generator=generator)).clamp(max=-1e-3)
    return single(policy), single(reference)


def single(values: Tensor) -> Tensor:
    """Rounded to float32, as the library gets them."""
    return values.float().double()


@dataclass
class Case:
    """The loss of one pair by TRL, and its gradient by the policy's log-probs."""

    objective: dict[str, Any]
    pair: dict[str, tuple[Tensor, Tensor]]
    granularity: Granularity
    segments: int
    loss: Tensor
    gradient: Tensor
    # Where one of TRL's trainers has all of the options, for whole responses.
    whole_loss: Tensor | None


def random_pairs() -> list[dict[str, tuple[Tensor, Tensor]]]:
    generator = torch.Generator().manual_seed(37)
    return [random_pair(lengths, generator) for lengths in LENGTHS]


def compute(
    every: list[dict[str, Any]], pairs: list[dict[str, tuple[Tensor, Tensor]]]
) -> Iterator[Case]:
    """Every objective and granularity for every pair."""
    for objective, pair in product(every, pairs):
        granularities = GRANULARITIES[:1] if objective["loss"] == "sft" else GRANULARITIES
        for granularity in granularities:
            policy = tuple(p.clone().requires_grad_() for p in pair["policy"])
            loss, segments = pair_loss(policy, pair, granularity, objective)
            is_whole = granularity.name == "response"
            whole = whole_loss(policy, pair, objective) if is_whole else None
            gradients = torch.autograd.grad(loss, policy, allow_unused=True)
            gradient = gradient_of(gradients, policy)
            yield Case(objective, pair, granularity, segments, loss, gradient, whole)


def pairs_and_cases(every: list[dict[str, Any]]) -> dict[str, Any]:
    pairs = random_pairs()
    cases = list(compute(every, pairs))
    whole = [case for case in cases if case.whole_loss is not None]
    for case in whole:
        torch.testing.assert_close(case.loss, case.whole_loss, rtol=1e-12, atol=0)
    checked = {every.index(case.objective) for case in whole}
    print(f"{len(checked)} of {len(every)} objectives are also those of a whole trainer of TRL")
    return {
        "objectives": every,
        "pairs": [
            {
                "chosen": len(pair["policy"][0]),
                **{name: numbers(torch.cat(values)) for name, values in pair.items()},
            }
            for pair in pairs
        ],
        "cases": [
            {
                "objective": every.index(case.objective),
                "pair": next(index for index, pair in enumerate(pairs) if pair is case.pair),
                "granularity": str(case.granularity),
                "segments": case.segments,
                "loss": number(case.loss, DIGITS),
                "gradient": numbers(case.gradient, DIGITS),
            }
            for case in cases
        ],
    }


def gradient_of(gradients: tuple[Tensor | None, ...], values: tuple[Tensor, ...]) -> Tensor:
    """The gradients, one after the other; 0 where the loss does not depend on a value."""
    filled = [
        torch.zeros_like(value) if gradient is None else gradient
        for gradient, value in zip(gradients, values, strict=True)
    ]
    return torch.cat(filled)


def kto_cases() -> list[dict[str, Any]]:
    """Batches of unpaired rows, with a KL estimate above zero and one below."""
    generator = torch.Generator().manual_seed(41)
    batches = [
        ([True, False, True, False, False], {"beta": 0.1}),
        ([True, False, True], {"beta": 0.5, "desirable_weight": 1.5, "undesirable_weight": 0.7}),
        ([False, False], {"beta": 1.0}),
        ([True, True], {"beta": 0.3, "desirable_weight": 0.4}),
    ]
    cases = []
    for index, (labels, options) in enumerate(batches):
        rows = []
        for label in labels:
            length = int(torch.randint(1, 9, (1,), generator=generator))
            policy, reference = random_logprobs(length, generator)
            rows.append((policy.requires_grad_(), reference, label))
        reference_kl = single(-20 - 20 * torch.rand(len(rows), generator=generator))
        drift = (1 if index % 2 == 0 else -1) * torch.rand(len(rows), generator=generator)
        policy_kl = single(reference_kl + 3 * drift)
        loss, metrics = trl_losses.kto(rows, (policy_kl, reference_kl), **options)
        gradients = torch.autograd.grad(loss, [policy for policy, _, _ in rows])
        cases.append(
            {
                "objective": {"loss": "kto", **options},
                "policy_kl": numbers(policy_kl),
                "reference_kl": numbers(reference_kl),
                "rows": [
                    {
                        "desirable": label,
                        "policy": numbers(policy),
                        "reference": numbers(reference),
                        "gradient": numbers(gradient, DIGITS),
                    }
                    for (policy, reference, label), gradient in zip(rows, gradients, strict=True)
                ],
                "loss": number(loss, DIGITS),
                "metrics": {
                    name: value
                    for name, value in metrics.items()
                    if name.startswith(("kl", "rewards", "logps"))
                },
            }
        )
    return cases


def main() -> None:
    # TRL makes a tensor of the label smoothing, in the default dtype.
    torch.set_default_dtype(torch.float64)
    golden = {
        "made_by": "make_objectives.py",
        "versions": versions("torch", "trl"),
        **pairs_and_cases(objectives()),
        "kto": kto_cases(),
    }
    write_json(GOLDEN / "objectives.json", golden)


if __name__ == "__main__":
    main()
