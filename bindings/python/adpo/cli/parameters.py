"""The options of `adpo train` that say what of a model it tunes."""

from __future__ import annotations

import argparse
from typing import Any

from adpo.errors import InvalidArgumentError


def add_parameters(parser: argparse.ArgumentParser) -> None:
    """Add the options to a command. What is not given is left to the library."""
    parser.add_argument("--full", action="store_true", help="tune all weights, not an adapter")
    group = parser.add_argument_group("adapter")
    group.add_argument("--rank", type=int, metavar="N", help="(16)")
    group.add_argument("--alpha", type=float, metavar="X", help="(32)")
    group.add_argument("--dropout", type=float, metavar="P", help="of its inputs in training (0)")
    group.add_argument(
        "--target-modules",
        type=lambda text: text.split(","),
        metavar="A,B",
        help="the linear layers to adapt, such as q_proj,v_proj or 'model.layers.*.mlp.*' (all)",
    )
    group.add_argument(
        "--rslora", action="store_true", help="scale by alpha / sqrt(rank), not alpha / rank"
    )
    group.add_argument("--dora", action="store_true", help="train magnitudes, too")


def parameters_of(options: argparse.Namespace) -> dict[str, Any]:
    """Give what the options say, as `Trainer` takes it."""
    shape = ("rank", "alpha", "target_modules", "rslora", "dora")
    for option, names, problem in (
        ("full", (*shape, "dropout"), "--full tunes no adapter"),
        ("adapter", shape, "--adapter brings its own"),
    ):
        values = {name: getattr(options, name) for name in names}
        given = [name for name, value in values.items() if value is not None and value is not False]
        if getattr(options, option, None) and given:
            listed = " and ".join(f"--{name.replace('_', '-')}" for name in given)
            raise InvalidArgumentError(f"{problem}: leave {listed} out")
    return {
        "full_finetuning": options.full,
        "lora_rank": options.rank,
        "lora_alpha": options.alpha,
        "lora_dropout": options.dropout,
        "target_modules": options.target_modules,
        "use_rslora": options.rslora,
        "use_dora": options.dora,
    }
