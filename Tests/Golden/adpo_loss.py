"""The ADPO loss in PyTorch, straight from its formula (arXiv 2602.09533), padding masked."""

import itertools
import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import pad, softplus


@dataclass(frozen=True)
class Granularity:
    """How responses split into segments; size is k of static, m of adaptive."""

    name: str
    size: int = 0

    def __str__(self) -> str:
        return f"{self.name}:{self.size}" if self.size else self.name


def split_evenly(values: Tensor, count: int) -> list[Tensor]:
    """Runs of near-equal length: the i-th ends at floor(i T / m), as the paper's figure 1 has them."""
    ends = [i * len(values) // count for i in range(count + 1)]
    return [values[start:end] for start, end in itertools.pairwise(ends)]


def segments(
    chosen_length: int, rejected_length: int, granularity: Granularity
) -> list[tuple[Tensor, Tensor]]:
    """The indices of each segment's tokens in both responses; none where one is padded."""
    lengths = (chosen_length, rejected_length)
    if granularity.name == "adaptive":
        count = min(granularity.size, *lengths)
        runs = [split_evenly(torch.arange(length), count) for length in lengths]
    else:
        longer = max(lengths)
        window = {"response": longer, "token": 1, "static": granularity.size}[granularity.name]
        starts = range(0, longer, window)
        runs = [[torch.arange(length)[s : s + window] for s in starts] for length in lengths]
    return list(zip(*runs, strict=True))


def segment_sums(
    chosen: Tensor, rejected: Tensor, granularity: Granularity
) -> tuple[Tensor, Tensor]:
    """The sums of each response's log-ratios over its segments.  # [segments], [segments]"""
    longer = max(len(chosen), len(rejected))
    shorter = min(len(chosen), len(rejected))
    if granularity.name == "adaptive":
        count = min(granularity.size, shorter)
        return tuple(
            torch.stack([run.sum() for run in split_evenly(ratios, count)])
            for ratios in (chosen, rejected)
        )
    window = {"response": longer, "token": 1, "static": granularity.size}[granularity.name]
    padded_length = math.ceil(longer / window) * window
    return tuple(
        pad(ratios, (0, padded_length - len(ratios))).view(-1, window).sum(dim=1)
        for ratios in (chosen, rejected)
    )


def margins(chosen: Tensor, rejected: Tensor, granularity: Granularity, beta: float) -> Tensor:
    """beta (S_w(i) - S_l(i)) of each segment, from per-token log-ratios.  # [segments]"""
    chosen_sums, rejected_sums = segment_sums(chosen, rejected, granularity)
    return beta * (chosen_sums - rejected_sums)


def loss(chosen: Tensor, rejected: Tensor, granularity: Granularity, beta: float) -> Tensor:
    """The loss of one pair: sum over segments of softplus(-margin)."""
    return softplus(-margins(chosen, rejected, granularity, beta)).sum()
