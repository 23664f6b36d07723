"""The options of `adpo train` that say what it minimizes."""

from __future__ import annotations

import argparse
from typing import Any

from adpo.errors import InvalidArgumentError
from adpo.objective import (
    LINKS,
    LOSSES,
    PADDINGS,
    RECIPES,
    REDUCTIONS,
    SHORTHANDS,
    Objective,
    parse_granularity,
)


def _granularity(text: str) -> str:
    try:
        parse_granularity(text)
    except InvalidArgumentError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def add_objective(parser: argparse.ArgumentParser) -> None:
    """Add the options to a command. What is not given is left to the library."""
    group = parser.add_argument_group("objective")
    group.add_argument(
        "--recipe",
        choices=RECIPES,
        help="paper: what arXiv 2602.09533 calls ADPO, adaptive:256 with beta 1, LoRA of rank 16, "
        "AdamW, learning rate 2e-5, 3 epochs; other options take the place of its own",
    )
    group.add_argument(
        "--granularity",
        type=_granularity,
        metavar="G",
        help="response, token, static:K, adaptive:M, lines, sentences, delimiter:TEXT or custom "
        "(response)",
    )
    group.add_argument(
        "--padding", choices=PADDINGS, help="of the shorter response, with static and token (mask)"
    )
    names = group.add_mutually_exclusive_group()
    names.add_argument("--link", choices=LINKS, help="the loss, one of a margin (sigmoid)")
    names.add_argument(
        "--loss",
        choices=(*SHORTHANDS, *LOSSES),
        metavar="NAME",
        help=f"{', '.join(LOSSES)}; or for short {', '.join(SHORTHANDS)}, with TRL's defaults",
    )
    group.add_argument("--reduction", choices=REDUCTIONS, help="over segments (sum)")
    for name, help_text in (
        ("--reference-free", "without the reference's log-probs"),
        ("--wpo", "pairs weigh as much as the policy would write them (WPO)"),
    ):
        group.add_argument(name, action="store_true", default=None, help=help_text)
    for name, help_text in (
        ("--beta", "how much a log-ratio counts (0.1)"),
        ("--label-smoothing", "the probability of a wrong label (0)"),
        ("--target-margin", "SimPO's gamma (0)"),
        ("--sft-weight", "of the chosen response's negative log-likelihood (0)"),
        ("--dpop-lambda", "DPO-Positive's lambda (0)"),
        ("--ld-alpha", "the weight of tokens beyond the other response's length (1)"),
        ("--desirable-weight", "of kto's desirable rows (1)"),
        ("--undesirable-weight", "of kto's undesirable rows (1)"),
    ):
        group.add_argument(name, type=float, metavar="X", help=help_text)


def objective_of(options: argparse.Namespace) -> Objective:
    """Give the objective that the options name."""
    name = options.link or options.loss or "sigmoid"
    given: dict[str, Any] = {
        field: getattr(options, field)
        for field in Objective.__dataclass_fields__
        if field != "loss" and getattr(options, field) is not None
    }
    if options.recipe:
        # "dpo" means whole responses; "adpo" leaves the granularity open, and the recipe says it.
        composition = {} if name == "adpo" else SHORTHANDS.get(name, {})
        given = {**RECIPES[options.recipe], **composition, **given}
    if name == "dpo" and given.get("granularity", "response") != "response":
        raise InvalidArgumentError(
            "dpo compares whole responses; with another granularity it is --loss adpo"
        )
    return Objective.named(name, **given)
