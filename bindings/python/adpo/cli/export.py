"""`adpo export`."""

from __future__ import annotations

import argparse
import dataclasses
from typing import Any

from adpo.adapter import Adapter
from adpo.cli._output import finite, print_json, print_table
from adpo.errors import InvalidArgumentError
from adpo.model import Model


def add_command(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "export",
        parents=[shared],
        help="write a model, with an adapter merged in",
        description="Write a model, with an adapter merged into its weights. What was written is "
        "loaded again and its log-probs compared before it takes its place.",
    )
    command.add_argument("--adapter", metavar="A", help="merge this adapter into the weights")
    command.add_argument(
        "--to", required=True, metavar="PATH", help="a new directory, or a file ending in .gguf"
    )
    command.add_argument(
        "--encoding",
        metavar="E",
        help="F32, F16, BF16; in GGUF also Q8_0, Q4_0, Q4_1, Q4_K, Q6_K (as the model is)",
    )
    command.add_argument(
        "--adapter-only",
        action="store_true",
        help="write the adapter alone, for peft or (.gguf) for llama.cpp",
    )
    command.set_defaults(run=_export)


def _export(options: argparse.Namespace) -> int:
    if options.adapter_only and not options.adapter:
        raise InvalidArgumentError("--adapter-only needs --adapter")
    if options.adapter_only and options.encoding:
        raise InvalidArgumentError("adapters are always F32: leave --encoding out")
    model = Model(options.model)
    adapter = Adapter.load(model, options.adapter) if options.adapter else None
    values: dict[str, Any] = {"output": options.to}
    if options.adapter_only and adapter:
        adapter.save(options.to)
    else:
        report = model.export(options.to, adapter=adapter, encoding=options.encoding)
        values |= dataclasses.asdict(report)
        for name in ("mean_difference", "max_difference"):
            values[name] = finite(values[name])
    if options.json:
        print_json(**values)
        return 0
    for name in ("mean_difference", "max_difference"):
        if name in values:
            values[name] = f"{values[name]:.2g} (log-prob read back, of the model in memory)"
    print_table(**values)
    return 0
