"""The objective that training minimizes, and the loss alone."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, Union

import numpy as np
import numpy.typing as npt

from adpo import _abi, _marshal
from adpo._library import check, library
from adpo.errors import InvalidArgumentError

GRANULARITIES = (
    "response",
    "token",
    "static:K",
    "adaptive:M",
    "lines",
    "sentences",
    "delimiter:TEXT",
    "custom",
)
# Functions of a segment's margin.
LINKS = ("sigmoid", "robust", "hinge", "ipo", "sigmoid_norm")
LOSSES = (
    *LINKS,
    "exo_pair",
    "sppo_hard",
    "apo_zero",
    "apo_down",
    "bco_pair",
    "nca_pair",
    "orpo",
    "kto",
    "sft",
)
PADDINGS = ("mask", "eos")
REDUCTIONS = ("sum", "mean")
# Names for compositions, with the defaults of TRL's trainers.
SHORTHANDS: dict[str, dict[str, Any]] = {
    "dpo": {"loss": "sigmoid", "granularity": "response"},
    "adpo": {"loss": "sigmoid", "granularity": "token"},
    "simpo": {"loss": "sigmoid_norm", "reference_free": True, "target_margin": 0.5},
    "cpo": {"loss": "sigmoid", "reference_free": True, "sft_weight": 1.0},
}
# The objectives of recipes; what else a recipe sets is the library's.
RECIPES: dict[str, dict[str, Any]] = {"paper": {"granularity": "adaptive:256", "beta": 1.0}}

Floats = Union[npt.NDArray[np.float32], Sequence[float]]


@dataclass(frozen=True)
class Objective:
    """A granularity, a loss and its options: DPO when nothing is given.

    Settings that make no sense together are refused where the objective is used. docs/METHOD.md has
    the formulae.

    Attributes
    ----------
    granularity : str
        How tokens group into segments: "response" (DPO), "token", "static:K" for windows of K
        tokens, "adaptive:M" for M runs of near-equal length, "lines", "sentences",
        "delimiter:TEXT" for segments that end with a text, "custom" for those of the pairs.
    loss : str
        One of `LOSSES`.
    beta : float
        How much a log-ratio counts.
    padding : str
        With "static" and "token", where the shorter response ends: "mask" compares with nothing,
        "eos" with EOS tokens.
    reduction : str
        Over the segments of a pair: "sum" or "mean".
    label_smoothing : float
        The probability of a label being wrong, below 0.5.
    reference_free : bool
        The reference's log-probs are 0, and not computed.
    wpo : bool
        Pairs weigh as much as the policy would write them itself.
    target_margin : float
        SimPO's gamma.
    sft_weight : float
        The weight of the chosen response's mean negative log-likelihood, which is added.
    dpop_lambda : float
        DPO-Positive's lambda.
    ld_alpha : float
        The weight of a response's tokens beyond the length of the other.
    desirable_weight, undesirable_weight : float
        The weights of the rows of "kto".
    """

    granularity: str = "response"
    loss: str = "sigmoid"
    beta: float = 0.1
    padding: str = "mask"
    reduction: str = "sum"
    label_smoothing: float = 0.0
    reference_free: bool = False
    wpo: bool = False
    target_margin: float = 0.0
    sft_weight: float = 0.0
    dpop_lambda: float = 0.0
    ld_alpha: float = 1.0
    desirable_weight: float = 1.0
    undesirable_weight: float = 1.0

    @classmethod
    def named(cls, name: str, **options: Any) -> Objective:
        """Give the objective of a loss, or of one of `SHORTHANDS`, with other options changed."""
        return cls(**{**SHORTHANDS.get(name, {"loss": name}), **options})


class Loss(NamedTuple):
    """The loss of one pair.

    Attributes
    ----------
    loss : float
    gradient : tuple of array
        By each of the policy's log-probs: of the chosen response, of the rejected one.
    """

    loss: float
    gradient: tuple[_marshal.FloatArray, _marshal.FloatArray]


def loss(
    objective: Objective,
    policy: tuple[Floats, Floats],
    reference: tuple[Floats, Floats] | None = None,
    *,
    weights: tuple[Floats, Floats] | None = None,
    segments: tuple[Sequence[int], Sequence[int]] | None = None,
    log_sum_squares: tuple[Floats, Floats] | None = None,
    kl: float = 0.0,
) -> Loss:
    """Compute the loss of one pair and its gradient, from log-probs alone.

    Each argument is a pair: of the chosen response, and of the rejected one. The response that an
    unpaired row lacks is empty.

    Parameters
    ----------
    objective : Objective
    policy, reference : tuple of array
        Log-probs of the tokens; no reference where the objective needs none.
    weights : tuple of array, optional
        The factor of the log-ratio of each token; 1 when not given.
    segments : tuple of int, optional
        Where the segments of granularity "custom" end, as counts of tokens.
    log_sum_squares : tuple of array, optional
        For WPO: log sum p^2 over the vocabulary, p being the policy's distribution at each token.
    kl : float
        For "kto": an estimate of the policy's KL divergence from the reference.

    Returns
    -------
    Loss

    Raises
    ------
    InvalidArgumentError
        For numbers that are missing or too many, and options that make no sense together.
    """
    counts = tuple(len(side) for side in policy)
    keep: list[Any] = []  # what C points at

    def floats(values: tuple[Floats, Floats] | None, name: str) -> Any:
        if values is None:
            return None
        found = tuple(len(side) for side in values)
        if found != counts:
            raise InvalidArgumentError(
                f"{name} has {found} numbers for the chosen and the rejected response, "
                f"and policy has {counts}"
            )
        keep.append(np.concatenate([np.asarray(side, np.float32) for side in values]))
        return _marshal.floats_pointer(keep[-1])

    struct = objective_struct(objective)
    given = _marshal.sized(_abi.adpo_loss_input)
    given.chosen_count, given.rejected_count = counts
    given.policy = floats(policy, "policy")
    given.reference = floats(reference, "reference")
    given.weights = floats(weights, "weights")
    given.log_sum_squares = floats(log_sum_squares, "log_sum_squares")
    if segments is not None:
        ends = [(ctypes.c_size_t * len(side))(*side) for side in segments]
        given.chosen_ends, given.rejected_ends = ends
        given.chosen_segments, given.rejected_segments = map(len, ends)
    _marshal.set_fields(given, {"kl": kl})
    value = ctypes.c_double()
    gradient = np.empty(sum(counts), np.float32)
    check(
        library().adpo_loss(
            ctypes.byref(struct),
            ctypes.byref(given),
            ctypes.byref(value),
            _marshal.floats_pointer(gradient),
        )
    )
    return Loss(value.value, (gradient[: counts[0]], gradient[counts[0] :]))


def parse_granularity(granularity: str) -> tuple[int, int, bytes | None]:
    """Read a granularity, such as "static:8".

    Returns
    -------
    kind : int
        The `adpo_granularity` of adpo.h.
    size : int
        K or M; 0 for the others.
    delimiter : bytes or None
        TEXT.
    """
    name, colon, value = str(granularity).partition(":")
    size = int(value) if value.isascii() and value.isdigit() and len(value) < 10 else 0
    with_size = name in ("static", "adaptive")
    if with_size:
        is_valid = size >= 1
    elif name == "delimiter":
        is_valid = bool(value) and "\0" not in value
    else:
        is_valid = name in GRANULARITIES and not colon
    if not is_valid:
        raise InvalidArgumentError(
            f"granularity is {granularity!r}: one of {', '.join(GRANULARITIES)}, "
            "where K and M are whole numbers from 1, and TEXT is not empty"
        )
    kind = _abi.ENUMS[f"ADPO_GRANULARITY_{name.upper()}"]
    delimiter = _marshal.text_bytes(value) if name == "delimiter" else None
    return kind, size if with_size else 0, delimiter


def objective_struct(objective: Objective) -> Any:
    """Give the `adpo_objective` of adpo.h."""
    if not isinstance(objective, Objective):
        raise TypeError(f"the objective is a {type(objective).__name__}, not an adpo.Objective")
    struct = _abi.adpo_objective()
    check(library().adpo_objective_init(ctypes.byref(struct), ctypes.sizeof(struct)))
    values = asdict(objective)
    values["granularity"], values["granularity_size"], struct.delimiter = parse_granularity(
        values["granularity"]
    )
    for option, choices in (("loss", LOSSES), ("padding", PADDINGS), ("reduction", REDUCTIONS)):
        values[option] = _marshal.enum_value(option, values[option], choices)
    _marshal.set_fields(struct, values)
    return struct
