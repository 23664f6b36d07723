"""`adpo train`."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

from adpo.cli._data import load
from adpo.cli._metrics_log import MetricsLog
from adpo.cli._output import finite, print_json, print_table
from adpo.cli._places import add_encoding, check_file, check_model, prepare_directory
from adpo.cli._progress import Progress
from adpo.cli.inference import add_dtype
from adpo.cli.objective import add_objective, objective_of
from adpo.cli.parameters import add_parameters, parameters_of
from adpo.errors import InvalidArgumentError
from adpo.metrics import Metrics
from adpo.model import Model
from adpo.trainer import OPTIMIZERS, REFERENCES, SCHEDULES, Trainer, TrainerInfo

METRICS = "metrics.jsonl"


def add_command(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the command to the parser. What is not given is left to the library."""
    train = commands.add_parser(
        "train",
        parents=[shared],
        help="tune on preference pairs",
        description="Tune a model on preference pairs: leaves an adapter and metrics.jsonl in "
        "--output. Defaults are in parentheses.",
    )
    train.set_defaults(run=_train)
    train.add_argument("--data", required=True, metavar="FILE", help="pairs: JSON Lines or Parquet")
    train.add_argument(
        "--output",
        required=True,
        metavar="DIR",
        help="for adapter and metrics; with --full a new directory or .gguf file for the model",
    )
    train.add_argument(
        "--metrics",
        metavar="FILE",
        help="JSON Lines (OUTPUT/metrics.jsonl; with --full OUTPUT.metrics.jsonl)",
    )
    add_encoding(train, "of the weights that --full writes (those of the model)")
    train.add_argument("--eval", metavar="FILE", help="held-out pairs to evaluate on")
    train.add_argument("--keep-best", action="store_true", help="end with the lowest eval_loss")
    train.add_argument("--checkpoint", metavar="FILE", help="what --resume goes on from")
    train.add_argument("--resume", action="store_true", help="from --checkpoint, if it is there")
    train.add_argument("--adapter", metavar="DIR", help="go on from this adapter, of its rank etc.")
    add_objective(train)
    add_parameters(train)
    add_dtype(train)
    train.add_argument(
        "--schedule", choices=SCHEDULES, default="linear", help="of the learning rate (linear)"
    )
    train.add_argument(
        "--reference",
        choices=REFERENCES,
        default="base",
        help="compare with the model alone, or with --adapter as it was at the start (base)",
    )
    train.add_argument("--reference-cache", metavar="FILE", help="keeps the reference's log-probs")
    train.add_argument("--optimizer", choices=OPTIMIZERS, default="adamw", help="(adamw)")
    for name, kind, help_text in (
        ("--learning-rate", float, "before the schedule (2e-5)"),
        ("--epochs", int, "passes over the pairs (1)"),
        ("--batch-size", int, "pairs in a micro-batch (4)"),
        ("--accumulate", int, "micro-batches for each update (1)"),
        ("--max-length", int, "tokens of prompt + response; longer ones lose their end (1024)"),
        ("--activation-memory", int, "bytes; fewer take more time (2**30)"),
        ("--warmup", float, "steps in which the learning rate rises; below 1, a share of all (0)"),
        ("--max-gradient-norm", float, "larger gradients are scaled down; 0 does not clip (1)"),
        ("--weight-decay", float, "(0)"),
        ("--momentum", float, "of SGD (0)"),
        ("--seed", int, "of the adapter's start and the shuffling (0)"),
        ("--eval-every", int, "steps between evaluations (at the end alone)"),
        ("--patience", int, "evaluations without a lower loss that end the run (any number)"),
        ("--checkpoint-every", int, "steps between checkpoints (at the end alone)"),
    ):
        train.add_argument(name, type=kind, metavar="N" if kind is int else "X", help=help_text)


def _check(options: argparse.Namespace) -> None:
    """Refuse options that make no sense without another one."""
    for name, needed in (
        ("resume", "checkpoint"),
        ("checkpoint_every", "checkpoint"),
        ("eval_every", "eval"),
        ("patience", "eval_every"),
        ("keep_best", "eval_every"),
    ):
        if getattr(options, name) and not getattr(options, needed):
            metavar = "N" if needed == "eval_every" else "FILE"
            raise InvalidArgumentError(f"{_flag(name)} needs {_flag(needed)} {metavar}")
    if options.checkpoint and Path(options.checkpoint).is_file() and not options.resume:
        raise InvalidArgumentError(
            f"--checkpoint {options.checkpoint} exists: add --resume to go on from it, or remove it"
        )
    if options.reference == "start" and not options.adapter:
        raise InvalidArgumentError("--reference start needs --adapter: there is no other start")
    if options.encoding and not options.full:
        raise InvalidArgumentError("adapters are always F32: --encoding needs --full")


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _prepare(options: argparse.Namespace) -> Path:
    """See that all that the run writes can be written, and give the path of the metrics."""
    output = Path(options.output)
    if options.full:
        prepare_directory(output.parent, "--output")
        check_model(options.output, options.model, options.encoding, "--output")
    else:
        prepare_directory(output, "--output")
    metrics = options.metrics or (f"{output}.metrics.jsonl" if options.full else output / METRICS)
    for flag, path in (
        ("--metrics", metrics),
        ("--checkpoint", options.checkpoint),
        ("--reference-cache", options.reference_cache),
    ):
        if path is None:
            continue
        if options.full and output.resolve() in Path(path).resolve().parents:
            raise InvalidArgumentError(
                f"{flag} {path} is inside --output, which holds the model alone: choose another"
            )
        check_file(path, flag)
    return Path(metrics)


def _warn(message: str) -> None:
    print(f"adpo: {message}", file=sys.stderr)


class _Log:
    """The lines and files that a run leaves while it goes on."""

    def __init__(self, path: Path, info: TrainerInfo, started: float) -> None:
        self.started = started
        self._file = MetricsLog(path, info.steps_done)
        self._progress = Progress(info.steps)
        self.step: Metrics | None = None
        self.evaluation: Metrics | None = None

    def add_step(self, metrics: Metrics) -> None:
        if metrics.chosen_fall and not (self.step and self.step.chosen_fall):
            _warn(
                f"step {metrics.step}: the log-prob of the chosen responses has fallen by "
                f"{metrics.chosen_fall:.2f} since the first steps; a lower --learning-rate or a "
                "higher --beta may help"
            )
        self.step = metrics
        self._file.write(metrics)
        self._progress.update(metrics)

    def add_evaluation(self, metrics: Metrics) -> None:
        self.evaluation = metrics
        self._file.write(metrics)

    def close(self) -> None:
        self._progress.end()
        self._file.close()


def _save(trainer: Trainer, options: argparse.Namespace, encoding: str) -> None:
    """Write what was tuned."""
    if not options.full:
        trainer.adapter().save(options.output)
        return
    tuned = trainer.model()
    trainer.close()
    tuned.export(options.output, encoding=encoding)


def _keep(trainer: Trainer, options: argparse.Namespace, encoding: str) -> str:
    """Keep what an interrupted run has done; say where it is.

    A checkpoint holds all. A whole model beside it would cost time and space, and be in the way
    when the run goes on.
    """
    done = trainer.info.steps_done
    if done == 0:
        return "nothing was tuned yet"
    kept = []
    if options.checkpoint:
        trainer.save(options.checkpoint)
        kept.append(f"--resume goes on from {options.checkpoint}")
    if not (options.full and options.checkpoint):
        _save(trainer, options, encoding)
        what = "model" if options.full else "adapter"
        kept.append(f"the {what} after step {done} is in {options.output}")
    return ", ".join(kept)


def _trainer(model: Model, options: argparse.Namespace) -> Trainer:
    parameters = parameters_of(options)
    trainer = Trainer(
        model,
        load(model, options.data),
        objective_of(options),
        recipe=options.recipe,
        start=model.load_adapter(options.adapter) if options.adapter else None,
        dtype=options.dtype,
        **parameters,
        epochs=options.epochs,
        batch_size=options.batch_size,
        gradient_accumulation=options.accumulate,
        max_length=options.max_length,
        activation_memory=options.activation_memory,
        seed=options.seed,
        learning_rate=options.learning_rate,
        schedule=options.schedule,
        warmup_steps=options.warmup,
        max_gradient_norm=options.max_gradient_norm,
        optimizer=options.optimizer,
        weight_decay=options.weight_decay,
        momentum=options.momentum,
        reference=options.reference,
        reference_cache=options.reference_cache,
    )
    info = trainer.info
    if info.pairs_dropped:
        _warn(f"{info.pairs_dropped} pairs left out: their prompt alone fills --max-length")
    if info.pairs_truncated:
        _warn(f"{info.pairs_truncated} pairs cut: longer than --max-length")
    if options.warmup and options.warmup >= info.steps:
        _warn(f"--warmup {options.warmup:g} is no less than the {info.steps} steps of the run")
    return trainer


def _summary(log: _Log, info: TrainerInfo, options: argparse.Namespace) -> dict[str, Any]:
    summary: dict[str, Any] = {
        "output": options.output,
        "parameters": info.parameters,
        "pairs": info.pairs,
        "pairs_dropped": info.pairs_dropped,
        "pairs_truncated": info.pairs_truncated,
        "steps": info.steps_done,
        "seconds": round(time.monotonic() - log.started, 3),
    }
    if log.step:
        summary["loss"] = finite(log.step.loss)
    if log.evaluation:
        summary["eval_loss"] = finite(log.evaluation.loss)
        summary["eval_rewards/accuracies"] = finite(log.evaluation.rewards_accuracy)
        summary["eval_rewards/margins"] = finite(log.evaluation.rewards_margin)
    if options.keep_best:
        summary["best_step"] = info.best_step
        summary["best_eval_loss"] = finite(info.best_loss)
    return summary


def _train(options: argparse.Namespace) -> int:
    started = time.monotonic()
    _check(options)
    model = Model(options.model)
    encoding = options.encoding or model.info.encoding
    held_out = load(model, options.eval) if options.eval else None
    trainer = _trainer(model, options)
    metrics = _prepare(options)
    if options.checkpoint and Path(options.checkpoint).exists():
        trainer.restore(options.checkpoint)
        _warn(f"resumed after step {trainer.info.steps_done} of {trainer.info.steps}")

    log = _Log(metrics, trainer.info, started)
    try:
        trainer.run(
            log.add_step,
            log.add_evaluation,
            evaluation=held_out,
            evaluation_steps=options.eval_every,
            patience=options.patience,
            keep_best=options.keep_best,
            checkpoint=options.checkpoint,
            checkpoint_steps=options.checkpoint_every,
        )
    except KeyboardInterrupt:
        log.close()
        info = trainer.info
        kept = _keep(trainer, options, encoding)
        _warn(f"interrupted after step {info.steps_done} of {info.steps}: {kept}")
        return 130
    finally:
        log.close()

    info = trainer.info
    _save(trainer, options, encoding)
    if info.steps_done < info.steps:
        _warn(f"stopped early after step {info.steps_done} of {info.steps}")
    (print_json if options.json else print_table)(**_summary(log, info, options))
    return 0
