"""Whole runs of TRL's trainers and ours agree, metric by metric.

The runs are those of Tests/Golden. Writes the section "Training" of docs/parity.md.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import load_file
from transformers import Trainer

import adpo
import make_trl
import make_trl_objectives
from common import ADAPTERS, MODELS
from report import cell, publish, table, versions
from trl_runs import MODEL, START, final_norms, logged, pairs


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
    name: str,
    theirs: Trainer,
    ours: adpo.Trainer,
    *,
    full: bool = False,
    without: Sequence[str] = (),
    evaluation: dict[str, Any] | None = None,
) -> list[str]:
    """Run ours; a row of the table."""
    steps, evaluations = [], []
    ours.run(steps.append, evaluations.append, **(evaluation or {}))
    # What we found and what TRL did, by TRL's names.
    found: dict[str, tuple[list[float], list[float]]] = {}
    for prefix, entries in (("", steps), ("eval_", evaluations)):
        for entry, expected in zip(entries, logged(theirs, prefix, without), strict=True):
            mine, their = (
                {key.removeprefix("eval_"): value for key, value in metrics.items()}
                for metrics in (entry.trl(), expected)
            )
            for key, value in their.items():
                both = found.setdefault(key, ([], []))
                both[0].append(mine[key])
                both[1].append(value)
    cells = [
        column.cell(*([x for metric in column.metrics for x in found.get(metric, ([], []))[side]]
                      for side in (0, 1)))
        for column in COLUMNS
    ]  # fmt: skip
    norms = final_norms(theirs)
    values = parameters(ours, full)
    cells.append(NORMS.cell([values[key].norm().item() for key in norms], list(norms.values())))
    row = [name, str(len(steps)), *cells]
    print(*row, sep=" | ", flush=True)
    return row


def parameters(trainer: adpo.Trainer, full: bool) -> dict[str, Any]:
    """What was trained, by its name in a file."""
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "trained"
        if full:
            trainer.model().export(folder, encoding="F32")
        else:
            trainer.adapter().save(folder)
        (file,) = folder.glob("*.safetensors")
        return load_file(file)


def check_objective(run: dict[str, Any], folder: str) -> list[str]:
    """A run of Tests/Golden/make_trl_objectives.py."""
    full = run["full"]
    model = adpo.Model(MODELS / MODEL)
    ours = adpo.Trainer(
        model,
        adpo.Dataset(model, make_trl_objectives.rows(run)),
        adpo.Objective(**run["objective"]),
        start=None if full else model.load_adapter(ADAPTERS / START),
        full_finetuning=full,
        epochs=run["epochs"],
        batch_size=run["batch_size"],
        learning_rate=run["learning_rate"],
        shuffle=False,
    )
    name = ", ".join(f"{key} {value}" for key, value in run["objective"].items())
    name = f"{name.removeprefix('loss ')}{', all weights' if full else ''}"
    theirs = make_trl_objectives.train(run, folder)
    return compare(name, theirs, ours, full=full, without=run["without"])


def check_options(run: make_trl.Run, folder: str) -> list[str]:
    """A run of Tests/Golden/make_trl.py."""
    model = adpo.Model(MODELS / run.model)
    ours = adpo.Trainer(
        model,
        adpo.Dataset(model, pairs()),
        adpo.Objective(beta=run.beta),
        start=None if run.full else model.load_adapter(ADAPTERS / run.start),
        full_finetuning=run.full,
        epochs=run.epochs,
        batch_size=run.batch_size,
        gradient_accumulation=run.accumulation,
        max_length=run.max_length,
        warmup_steps=run.warmup_steps,
        learning_rate=run.learning_rate,
        schedule=run.schedule,
        optimizer=run.optimizer,
        momentum=run.momentum,
        weight_decay=run.weight_decay,
        reference=run.reference,
        shuffle=False,
    )
    evaluation = {
        "evaluation": adpo.Dataset(model, pairs()),
        "evaluation_steps": run.evaluation_steps,
    }
    return compare(
        run.name,
        make_trl.train(run, folder),
        ours,
        full=run.full,
        evaluation=evaluation if run.evaluation_steps else None,
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        objectives = [check_objective(run, folder) for run in make_trl_objectives.RUNS]
        options = [check_options(run, folder) for run in make_trl.RUNS]
    columns = [*COLUMNS, NORMS]
    bounds = "; ".join(map(str, columns))
    head = ["run", "steps", *(column.name for column in columns)]
    publish(
        "Training",
        f"{versions('trl', 'transformers', 'peft', 'accelerate', 'torch')}. Whole runs of TRL's "
        "trainers and ours on tiny models, of adapters from the same file and of all weights: the "
        f"largest difference at any step. These pass: {bounds}. Where that is a part of "
        "the number alone, the difference is relative.\n\n"
        f"Every loss:\n\n{table(head, objectives)}\n\n"
        "DPO with other options of the trainer, as "
        f"Tests/Golden/make_trl.py has them:\n\n{table(head, options)}",
    )


if __name__ == "__main__":
    main()
