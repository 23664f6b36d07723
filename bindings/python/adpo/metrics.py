"""The measures of updates and evaluations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from adpo import _marshal
from adpo._dtype import DTYPES


@dataclass(frozen=True)
class Metrics:
    """The measures of one update, or of one evaluation: means over its pairs unless said otherwise.

    Rewards are beta times the summed log-ratio of policy to reference. Of unpaired rows, chosen and
    rejected are means over the rows that have such a response, NaN where there are none.

    Attributes
    ----------
    step : int
        1 after the first update.
    epoch : float
        Passes over the pairs so far, such as 0.5.
    loss, loss_per_segment : float
        Summed over a pair's segments, or with reduction "mean" averaged; and the mean over all
        segments, without what SFT terms add.
    gradient_norm : float
        Before clipping; 0 in an evaluation.
    learning_rate : float
        The learning rate of this update; 0 in an evaluation.
    rewards_chosen, rewards_rejected, rewards_margin : float
    rewards_accuracy : float
        Share of pairs with a chosen reward above the rejected one.
    logps_chosen, logps_rejected : float
        Log-prob of the whole response.
    dtype : str
        The type that was computed in, "f32" or "bf16".
    pairs, segments, tokens : int
        In all pairs together.
    seconds, tokens_per_second : float
    num_tokens : int
        The tokens of all updates so far.
    is_evaluation : bool
        Whether these are of an evaluation rather than of an update.
    chosen_fall : float
        An alarm: by how much the chosen responses' log-prob has fallen since the first updates, in
        the mean over ten of them; 0 where it has not clearly.
    kl : float
        For the loss "kto", the estimate of the policy's KL divergence from the reference.
    """

    step: int
    epoch: float
    loss: float
    loss_per_segment: float
    gradient_norm: float
    learning_rate: float
    rewards_chosen: float
    rewards_rejected: float
    rewards_accuracy: float
    rewards_margin: float
    logps_chosen: float
    logps_rejected: float
    dtype: str
    pairs: int
    segments: int
    tokens: int
    seconds: float
    num_tokens: int
    tokens_per_second: float
    is_evaluation: bool
    chosen_fall: float
    kl: float

    @classmethod
    def _from_struct(cls, struct: Any) -> Metrics:
        values = _marshal.fields(struct)
        values["dtype"] = DTYPES[values["dtype"]]
        values["is_evaluation"] = bool(values["is_evaluation"])
        return cls(**values)

    def trl(self) -> dict[str, float | str]:
        """Give the metrics under the names that TRL's DPOTrainer logs, and ours beside them.

        Names of an evaluation's begin with `eval_`.
        """
        place = {"step": self.step, "epoch": self.epoch, "num_tokens": self.num_tokens}
        seen = {
            "loss": self.loss,
            "loss_per_segment": self.loss_per_segment,
            "rewards/chosen": self.rewards_chosen,
            "rewards/rejected": self.rewards_rejected,
            "rewards/accuracies": self.rewards_accuracy,
            "rewards/margins": self.rewards_margin,
            "logps/chosen": self.logps_chosen,
            "logps/rejected": self.logps_rejected,
            "kl": self.kl,
            "segments": self.segments,
        }
        if self.is_evaluation:
            seen = {f"eval_{name}": value for name, value in seen.items()}
            seen["eval_runtime"] = self.seconds
        else:
            seen["grad_norm"] = self.gradient_norm
            seen["learning_rate"] = self.learning_rate
            seen["tokens_per_second"] = self.tokens_per_second
            seen["chosen_fall"] = self.chosen_fall
        return {**place, **seen, "dtype": self.dtype}
