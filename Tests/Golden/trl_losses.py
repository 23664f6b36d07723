"""The losses of TRL's trainers, by their own code, from log-probs alone.

The trainers are made without their constructors, and what they ask of a model, of the accelerator
and of a batch is answered with the log-probs given. So nothing of their formulae is retyped here.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TypeVar

import torch
from torch import Tensor
from torch.nn.functional import pad
from trl import DPOTrainer, KTOTrainer
from trl.experimental.cpo import CPOTrainer
from trl.experimental.orpo import ORPOTrainer

T = TypeVar("T")


def trainer(kind: type[T], **attributes: object) -> T:
    """A trainer with these attributes and no more than its losses need besides."""
    made = object.__new__(kind)
    made.accelerator = SimpleNamespace(
        device="cpu", gather=lambda value: value, gather_for_metrics=lambda value: value
    )
    made.args = SimpleNamespace(gradient_checkpointing_kwargs=None)
    made.aux_loss_enabled = False
    made.precompute_ref_logps = False
    made._metrics = defaultdict(lambda: defaultdict(list))
    made._total_train_tokens = 0
    made._tp_size = 1
    for name, value in attributes.items():
        setattr(made, name, value)
    return made


class Model(torch.nn.Module):
    """Answers with the log-probs given.  # [sequences, longest]"""

    is_gradient_checkpointing = False

    def __init__(self, logprobs: list[Tensor], log_sum_squares: list[Tensor] | None = None) -> None:
        super().__init__()
        log_probs = stack(logprobs)
        nothing = torch.zeros_like(log_probs)
        self.outputs = SimpleNamespace(
            log_probs=log_probs,
            log_sum_sq_probs=stack(log_sum_squares) if log_sum_squares else None,
            entropy=nothing,
            mean_logits=nothing,
            is_top1=nothing.bool(),
        )

    def forward(self, **_: object) -> SimpleNamespace:
        return self.outputs


def stack(rows: list[Tensor]) -> Tensor:
    longest = max(len(row) for row in rows)
    return torch.stack([pad(row, (0, longest - len(row))) for row in rows])


def batch(lengths: list[int]) -> dict[str, Tensor]:
    """Sequences of one prompt token and responses of these lengths."""
    mask = stack([torch.tensor([0] + [1] * length) for length in lengths])
    return {
        "input_ids": torch.zeros_like(mask),
        "attention_mask": torch.ones_like(mask),
        "completion_mask": mask,
    }


def dpo(
    loss: str,
    policy: tuple[Tensor, Tensor],
    reference: tuple[Tensor, Tensor],
    *,
    beta: float,
    label_smoothing: float = 0.0,
    ld_alpha: float | None = None,
    log_sum_squares: tuple[Tensor, Tensor] | None = None,
) -> Tensor:
    """DPOTrainer's loss of one pair, from log-probs by token: chosen, rejected."""
    made = trainer(
        DPOTrainer,
        model=Model(list(policy), list(log_sum_squares) if log_sum_squares else None),
        ref_model=Model(list(reference)),
        beta=beta,
        loss_types=[loss],
        loss_weights=[1.0],
        ld_alpha=ld_alpha,
        f_divergence_type="reverse_kl",
        label_smoothing=label_smoothing,
        use_weighting=log_sum_squares is not None,
    )
    inputs = batch([len(response) for response in policy])
    return made._compute_loss(made.model, inputs, False)


def cpo(
    loss: str,
    chosen: Tensor,
    rejected: Tensor,
    *,
    beta: float,
    label_smoothing: float = 0.0,
    target_margin: float = 0.0,
    alpha: float = 0.0,
    nll: Tensor | None = None,
) -> Tensor:
    """CPOTrainer's loss of one pair, from the summed log-probs (means for "simpo" and "ipo")."""
    made = trainer(
        CPOTrainer,
        beta=beta,
        loss_type=loss,
        label_smoothing=label_smoothing,
        simpo_gamma=target_margin,
        alpha=0.0,
        cpo_alpha=alpha,
    )
    nothing = torch.zeros(1)
    nll = nothing[0] if nll is None else nll
    made.concatenated_forward = lambda model, batch: (
        chosen.view(1), rejected.view(1), nothing, nothing, nll
    )  # fmt: skip
    return made.get_batch_loss_metrics(None, {})[0]


def orpo(chosen: Tensor, rejected: Tensor, nll: Tensor, *, beta: float) -> Tensor:
    """ORPOTrainer's loss of one pair, from mean log-probs and the NLL of the chosen response."""
    made = trainer(ORPOTrainer, beta=beta)
    nothing = torch.zeros(1)
    made.concatenated_forward = lambda model, batch: (
        chosen.view(1), rejected.view(1), nothing, nothing, nll
    )  # fmt: skip
    with double_for_float():
        return made.get_batch_loss_metrics(None, {})[0]


@contextmanager
def double_for_float() -> Iterator[None]:
    """ORPOTrainer rounds to float32; this lets it go on in float64."""
    single = Tensor.float
    Tensor.float = Tensor.double
    try:
        yield
    finally:
        Tensor.float = single


def kto(
    rows: list[tuple[Tensor, Tensor, bool]],
    kl_logprobs: tuple[Tensor, Tensor],
    *,
    beta: float,
    desirable_weight: float = 1.0,
    undesirable_weight: float = 1.0,
) -> tuple[Tensor, dict[str, float]]:
    """KTOTrainer's loss of a batch, and its metrics.

    rows: the policy's and the reference's log-probs by token, and whether the row is desirable.
    kl_logprobs: the policy's and the reference's summed log-probs of mismatched responses.
    """
    made = trainer(
        KTOTrainer,
        model=Model([policy for policy, _, _ in rows]),
        ref_model=Model([reference for _, reference, _ in rows]),
        beta=beta,
        loss_type="kto",
        calculate_KL=True,
        desirable_weight=desirable_weight,
        undesirable_weight=undesirable_weight,
    )
    made._compute_kl_logps = lambda model, batch: kl_logprobs[0 if model is made.model else 1]
    inputs = batch([len(policy) for policy, _, _ in rows])
    inputs["label"] = torch.tensor([desirable for _, _, desirable in rows])
    loss = made._compute_loss(made.model, inputs, False)
    return loss, {name: values[0] for name, values in made._metrics["train"].items()}
