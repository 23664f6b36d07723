"""`adpo inspect`."""

from __future__ import annotations

import argparse
import dataclasses
import os
import re
import shutil
import sys
import textwrap
from typing import Any

from adpo.cli._data import load
from adpo.cli._output import print_json
from adpo.cli.inference import add_dtype
from adpo.cli.objective import add_objective, objective_of
from adpo.cli.parameters import add_parameters, parameters_of
from adpo.inspection import (
    CountRange,
    InspectedPair,
    InspectedResponse,
    InspectedToken,
    Inspection,
    MemoryEstimate,
    TimeEstimate,
    inspect,
)
from adpo.model import Model

BOUNDARY = "│"
BOLD, DIM, GREEN, RED, YELLOW, CYAN = "1", "2", "32", "31", "33", "36"


def add_command(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the command to the parser. What is not given is left to the library."""
    command = commands.add_parser(
        "inspect",
        parents=[shared],
        help="what training would see of pairs, and cost",
        description="Show what training would see of pairs, what seems wrong with them, and what "
        "a run would cost. Defaults are in parentheses.",
    )
    command.set_defaults(run=_inspect)
    command.add_argument("data", metavar="DATA", help="pairs: JSON Lines or Parquet")
    add_objective(command)
    add_parameters(command)
    add_dtype(command)
    for name, help_text in (
        ("--max-length", "tokens of prompt + response; longer ones lose their end (1024)"),
        ("--activation-memory", "bytes; fewer take more time (2**30)"),
        ("--batch-size", "pairs in a micro-batch (4)"),
        ("--epochs", "passes over the pairs (1)"),
    ):
        command.add_argument(name, type=int, metavar="N", help=help_text)
    command.add_argument("--examples", type=int, default=2, metavar="N", help="pairs to show (2)")
    command.add_argument("--no-time", action="store_true", help="do not measure the time")


def _inspect(options: argparse.Namespace) -> int:
    model = Model(options.model)
    inspection = inspect(
        model,
        load(model, options.data),
        objective_of(options),
        recipe=options.recipe,
        max_length=options.max_length,
        activation_memory=options.activation_memory,
        batch_size=options.batch_size,
        epochs=options.epochs,
        **parameters_of(options),
        dtype=options.dtype,
        examples=options.examples,
        measure_time=not options.no_time,
    )
    if options.json:
        print_json(**dataclasses.asdict(inspection))
    else:
        has_colors = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        print(_Report(inspection, has_colors).text())
    return 0


class _Report:
    """The inspection as text for a terminal."""

    def __init__(self, inspection: Inspection, has_colors: bool) -> None:
        self._inspection = inspection
        self._has_colors = has_colors
        self._width = min(shutil.get_terminal_size().columns, 100)

    def text(self) -> str:
        seen = self._inspection
        parts = [self._pairs(), *map(self._example, seen.examples), self._warnings()]
        return "\n\n".join([*parts, self._cost()])

    def _paint(self, text: str, color: str) -> str:
        return f"\x1b[{color}m{text}\x1b[0m" if self._has_colors else text

    def _pairs(self) -> str:
        seen = self._inspection
        used = seen.pairs - seen.dropped
        counts = f"{used:,} of {seen.pairs:,} pairs are used"
        if seen.unpaired:
            counts += f" ({seen.unpaired:,} unpaired)"
        lines = [
            self._paint(counts, BOLD) + f", granularity {seen.granularity!s}",
            f"truncation to {seen.max_length:,} tokens drops {seen.dropped:,} pairs and cuts "
            f"{seen.truncated:,}, which lose {seen.removed_tokens:,} tokens",
            "",
            self._paint(f"{'':20}{'least':>8}{'mean':>10}{'most':>8}", DIM),
        ]
        lines += [
            _range_line(name, value)
            for name, value in (
                ("prompt tokens", seen.prompt_tokens),
                ("chosen tokens", seen.chosen_tokens),
                ("rejected tokens", seen.rejected_tokens),
                ("segments", seen.segments),
            )
        ]
        return "\n".join(lines)

    def _example(self, example: InspectedPair) -> str:
        segments = max(len(example.chosen.segments), len(example.rejected.segments))
        title = self._paint(f"pair {example.pair + 1}", BOLD)
        title += f", {segments:,} segment{'' if segments == 1 else 's'}"
        lines = [title, self._block("prompt", DIM, _shown(example.prompt), DIM)]
        for name, color, response in (
            ("chosen", GREEN, example.chosen),
            ("rejected", RED, example.rejected),
        ):
            if any(response.segments):
                lines.append(self._block(name, color, _scored(response), ""))
            if response.removed:
                lines.append(self._block("cut off", YELLOW, _escaped(response.removed), DIM))
        return "\n".join(lines)

    def _block(self, label: str, color: str, text: str, text_color: str) -> str:
        """Wrap a text beside its label."""
        lines = []
        for line in _wrapped(text, max(self._width - 12, 20)):
            shown = self._paint(line, text_color) if text_color else line
            shown = shown.replace(BOUNDARY, self._paint(BOUNDARY, CYAN))
            name = label if not lines else ""
            lines.append("  " + self._paint(f"{name:>8}", color) + "  " + shown)
        return "\n".join(lines)

    def _warnings(self) -> str:
        warnings = self._inspection.warnings
        if not warnings:
            return self._paint("no warnings", GREEN)
        lines = []
        for warning in warnings:
            count = len(warning.pairs)
            places = ", ".join(str(pair + 1) for pair in warning.pairs[:5])
            more = ", ..." if count > 5 else ""
            text = (
                f"{count:,} pair{'' if count == 1 else 's'}: {_escaped(warning.message)} "
                f"({places}{more})"
            )
            body = textwrap.fill(text, self._width - 9, subsequent_indent=" " * 9)
            lines.append(self._paint("warning", YELLOW) + "  " + body)
        return "\n".join(lines)

    def _cost(self) -> str:
        texts = [_memory(self._inspection.memory)]
        if self._inspection.time:
            texts.append(_time(self._inspection.time))
        return "\n".join(
            textwrap.fill(text, self._width, subsequent_indent=" " * 8) for text in texts
        )


def _range_line(name: str, value: CountRange) -> str:
    return f"{name:20}{value.minimum:8,}{value.mean:10,.1f}{value.maximum:8,}"


def _shown(tokens: list[InspectedToken]) -> str:
    return _escaped("".join(token.text for token in tokens))


def _scored(response: InspectedResponse) -> str:
    """Give the segments with their boundaries between them."""
    return BOUNDARY.join(_shown(segment) for segment in response.segments if segment)


def _escaped(text: str) -> str:
    """Make line breaks and control characters visible."""
    return "".join(
        character if character.isprintable() else repr(character)[1:-1] for character in text
    )


def _wrapped(text: str, width: int) -> list[str]:
    """Give lines of at most this many characters, not counting the spaces at their ends."""
    lines = [""]
    for word in re.findall(rf"[^ ]{{1,{width}}} *| +", text):
        if lines[-1] and len(lines[-1]) + len(word.rstrip(" ")) > width:
            lines.append("")
        lines[-1] += word
    return [line.rstrip(" ") for line in lines]


def _memory(memory: MemoryEstimate) -> str:
    parts = (
        ("weights, mapped", memory.weights),
        ("activations", memory.activations),
        ("adapter", memory.parameters),
        ("gradients", memory.gradients),
        ("optimizer", memory.optimizer),
        ("reference", memory.references),
    )
    listed = ", ".join(f"{_bytes(count)} {name}" for name, count in parts)
    return f"memory  about {_bytes(memory.total)}: {listed}"


def _bytes(count: int) -> str:
    value, unit = float(count), 0
    while value >= 1000 and unit < 4:
        value, unit = value / 1000, unit + 1
    return f"{value:.3g} {('B', 'KB', 'MB', 'GB', 'TB')[unit]}"


def _time(time: TimeEstimate) -> str:
    return (
        f"time    about {_seconds(time.run)}: {_seconds(time.reference)} reference, "
        f"{_seconds(time.epoch)} an epoch; from one update on {time.measured_tokens:,} tokens, "
        f"which took {_seconds(time.measured)}"
    )


def _seconds(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.{1 if seconds < 10 else 0}f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
