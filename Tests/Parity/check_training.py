"""Whole runs of TRL's trainers and ours agree, metric by metric.

The runs are those of Tests/Golden. Writes the section "Training" of docs/parity.md.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import adpo
import make_trl
import make_trl_objectives
from common import ADAPTERS, MODELS
from make_trl_objectives import unpaired
from report import cell, publish, table, versions
from safetensors.torch import load_file
from transformers import Trainer
from trl_runs import final_norms, logged, pairs


@dataclass(frozen=True)
class Column:
    """Metrics of the table, and how close they have to be."""

    name: str
    metrics: Sequence[str]
    absolute: float
    relative: float = 0.0

    def __str__(self) -> str:
        bounds = [f"{self.absolute:g}"] if self.absolute else []
        bounds += [f"{self.relative:g} of it"] if self.relative else []
        return f"{self.name} (up to {' + '.join(bounds)})"

    def cell(self, ours: Sequence[float], theirs: Sequence[float]) -> str:
        """The largest difference; relative where the bound is."""
        if not theirs:
            return ""
        both = list(zip(ours, theirs, strict=True))
        ok = all(abs(a - b) <= self.absolute + self.relative * abs(b) for a, b in both)
        off = [abs(a - b) / (1 if self.absolute or not b else abs(b)) for a, b in both]
        return cell(max(off), ok)


COLUMNS = [
    Column("loss", ["loss"], 1e-4, 1e-5),
    Column("gradient norm", ["grad_norm"], 0, 1e-3),
    Column("rewards", ["rewards/chosen", "rewards/rejected", "rewards/margins", "kl"], 1e-4),
    Column("log-probs", ["logps/chosen", "logps/rejected"], 1e-3),
    Column("accuracy, epoch", ["rewards/accuracies", "epoch"], 1e-4),
    Column("learning rate, tokens", ["learning_rate", "num_tokens"], 0, 1e-6),
]
NORMS = Column("norms of what was trained", [], 1e-5, 1e-3)


def compare(
    name: str, theirs: Trainer, trainer: adpo.Trainer, evaluation: dict[str, Any] | None = None
) -> list[str]:
    """Runs ours; a row of the table."""
    steps, evaluations = [], []
    trainer.run(steps.append, evaluations.append, **(evaluation or {}))
    found: dict[str, tuple[list[float], list[float]]] = {}
    for prefix, entries in (("", steps), ("eval_", evaluations)):
        expected = logged(theirs, prefix)
        for ours, their in zip((entry.trl() for entry in entries), expected, strict=True):
            for key, value in their.items():
                both = found.setdefault(key.removeprefix("eval_"), ([], []))
                both[0].append(ours[key])
                both[1].append(value)
    if theirs.ld_alpha is not None if hasattr(theirs, "ld_alpha") else False:
        del found["logps/chosen"], found["logps/rejected"]  # TRL weighs these too
    cells = []
    for column in COLUMNS:
        lists = [found[metric] for metric in column.metrics if metric in found]
        cells.append(column.cell(*(sum(both, []) for both in zip(*lists, strict=True))))
    norms = final_norms(theirs)
    values = parameters(trainer)
    cells.append(NORMS.cell([values[key].norm().item() for key in norms], list(norms.values())))
    row = [name, str(len(steps)), *cells]
    print(*row, sep=" | ", flush=True)
    return row


def parameters(trainer: adpo.Trainer) -> dict[str, Any]:
    """What was trained, by its name in a file."""
    with tempfile.TemporaryDirectory() as folder:
        trainer.adapter().save(folder)
        return load_file(Path(folder) / "adapter_model.safetensors")
