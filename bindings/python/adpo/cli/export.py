"""`adpo export`."""

from __future__ import annotations

import argparse
import dataclasses
from typing import Any

from adpo.cli._output import finite, print_json, print_table
from adpo.cli._places import add_encoding, check_model
from adpo.errors import InvalidArgumentError
from adpo.model import Model, encodings


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
    names = encodings()
    add_encoding(command, f"{', '.join(names[:3])}; in GGUF also {', '.join(names[3:])} (as it is)")
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
    if not options.adapter_only:
        check_model(options.to, options.model, options.encoding, "--to")
    adapter = model.load_adapter(options.adapter) if options.adapter else None
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
