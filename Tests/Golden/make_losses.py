"""Makes the goldens of the loss alone: random log-probs in, loss and derivatives out, float64."""

import torch

import adpo_loss
from adpo_loss import Granularity
from common import GOLDEN, number, numbers, versions, write_json

LENGTHS = [(13, 8), (1, 6), (5, 1), (7, 7), (1, 1), (3, 20)]
BETAS = [0.1, 1.0]
GRANULARITIES = [
    Granularity("response"),
    Granularity("token"),
    *(Granularity("static", size) for size in (1, 2, 3, 8, 1000)),
    *(Granularity("adaptive", size) for size in (1, 2, 3, 7)),
]
DIGITS = 17


def main() -> None:
    generator = torch.Generator().manual_seed(31)
    pairs = []
    cases = []
    for index, lengths in enumerate(LENGTHS):
        # The policy is near the reference, as after some training; all are below zero.
        reference = [-4 * torch.rand(n, generator=generator).double() for n in lengths]
        policy = [
            (ref + torch.randn(len(ref), generator=generator).double()).clamp(max=-1e-3)
            for ref in reference
        ]
        pairs.append(
            {
                "policy_chosen": numbers(policy[0], DIGITS),
                "policy_rejected": numbers(policy[1], DIGITS),
                "reference_chosen": numbers(reference[0], DIGITS),
                "reference_rejected": numbers(reference[1], DIGITS),
            }
        )
        for granularity in GRANULARITIES:
            for beta in BETAS:
                chosen, rejected = (logprobs.clone().requires_grad_() for logprobs in policy)
                ratios = (chosen - reference[0], rejected - reference[1])
                loss = adpo_loss.loss(*ratios, granularity, beta)
                loss.backward()
                margins = adpo_loss.margins(*ratios, granularity, beta)
                cases.append(
                    {
                        "pair": index,
                        "granularity": granularity.name,
                        "size": granularity.size,
                        "beta": beta,
                        "loss": number(loss, DIGITS),
                        "segments": len(margins),
                        "gradient_chosen": numbers(chosen.grad, DIGITS),
                        "gradient_rejected": numbers(rejected.grad, DIGITS),
                    }
                )
    golden = {
        "made_by": "make_losses.py",
        "versions": versions("torch"),
        "pairs": pairs,
        "cases": cases,
    }
    write_json(GOLDEN / "losses.json", golden)


if __name__ == "__main__":
    main()
