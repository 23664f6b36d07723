"""`adpo train`."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from adpo.adapter import Adapter
from adpo.cli._metrics_log import MetricsLog
from adpo.cli._output import finite, print_json, print_table
from adpo.cli._progress import Progress
from adpo.cli.inference import add_dtype
from adpo.cli.objective import add_objective, objective_of
from adpo.cli.parameters import add_parameters, parameters_of
from adpo.dataset import Dataset
from adpo.errors import InvalidArgumentError
from adpo.metrics import Metrics
from adpo.model import Model
from adpo.trainer import OPTIMIZERS, REFERENCES, SCHEDULES, Trainer


def add_command(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the command to the parser. What is not given is left to the library."""
    train = commands.add_parser("train", parents=[shared], help="tune on preference pairs")
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
        help="JSON Lines; OUTPUT/metrics.jsonl, with --full OUTPUT.metrics.jsonl",
    )
    train.add_argument("--encoding", metavar="E", help="of the --full model's weights; as it was")
    train.add_argument("--eval", metavar="FILE", help="held-out pairs to evaluate on")
    train.add_argument("--keep-best", action="store_true", help="end with the lowest eval_loss")
    train.add_argument("--checkpoint", metavar="FILE", help="what --resume goes on from")
    train.add_argument("--resume", action="store_true", help="from --checkpoint, if it is there")
    train.add_argument("--adapter", metavar="DIR", help="start from this adapter, as it is made")
    add_objective(train)
    add_parameters(train)
    add_dtype(train)
    train.add_argument("--schedule", choices=SCHEDULES, default="linear", help="linear")
    train.add_argument("--reference", choices=REFERENCES, default="base", help="base")
    train.add_argument("--reference-cache", metavar="FILE", help="keeps the reference's log-probs")
    train.add_argument("--optimizer", choices=OPTIMIZERS, default="adamw", help="adamw")
    for name, kind, help_text in (
        ("--learning-rate", float, "2e-5"),
        ("--epochs", int, "1"),
        ("--batch-size", int, "4 pairs in a micro-batch"),
        ("--accumulate", int, "1 micro-batch for each update"),
        ("--max-length", int, "1024"),
        ("--activation-memory", int, "2**30 bytes; fewer take more time"),
        ("--warmup", float, "0 steps; below 1, a share of all"),
        ("--max-gradient-norm", float, "1; 0 does not clip"),
        ("--weight-decay", float, "0"),
        ("--momentum", float, "of SGD; 0"),
        ("--seed", int, "0"),
        ("--eval-every", int, "steps between evaluations; at the end alone"),
        ("--patience", int, "evaluations without a lower loss that end the run"),
        ("--checkpoint-every", int, "steps between checkpoints; at the end alone"),
    ):
        train.add_argument(name, type=kind, metavar="N" if kind is int else "X", help=help_text)


def _prepare(path: str) -> Path:
    """Make the output directory, and see that files can be written there."""
    directory = Path(path)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            pass
    except OSError as error:
        raise OSError(
            f"cannot write into {path} ({error.strerror}): choose another --output"
        ) from error
    return directory


def _prepare_model(path: str) -> Path:
    """See that a model can be written there once it is tuned: training takes long."""
    output = Path(path)
    if output.suffix == ".gguf":
        _prepare(str(output.parent))
    elif any(_prepare(path).iterdir()):
        raise InvalidArgumentError(f"{path} is not empty: choose another --output, or empty it")
    return output


def _load(model: Model, path: str) -> Dataset:
    pairs = Dataset(model)
    if path.endswith(".parquet"):
        pairs.load_parquet(path)
    else:
        pairs.load_jsonl(path)
    return pairs


def _warn(message: str) -> None:
    print(f"adpo: {message}", file=sys.stderr)


def _run(
    trainer: Trainer, path: Path, **options: Any
) -> tuple[Metrics | None, Metrics | None, bool]:
    """Make all steps that remain, with a line of metrics for each.

    Returns
    -------
    step, evaluation : Metrics or None
        Of the last of each.
    interrupted : bool
        Whether Ctrl-C ended the run.
    """
    info = trainer.info
    progress = Progress(info.steps)
    log = MetricsLog(path, info.steps_done)
    step: Metrics | None = None
    evaluation: Metrics | None = None

    def record_step(metrics: Metrics) -> None:
        nonlocal step
        if metrics.chosen_fall and not (step and step.chosen_fall):
            _warn(
                f"step {metrics.step}: the log-prob of the chosen responses has fallen by "
                f"{metrics.chosen_fall:.2f} since the first steps; a lower --learning-rate or a "
                "higher --beta may help"
            )
        step = metrics
        log.write(metrics)
        progress.update(metrics)

    def record_evaluation(metrics: Metrics) -> None:
        nonlocal evaluation
        evaluation = metrics
        log.write(metrics)

    try:
        trainer.run(record_step, record_evaluation, **options)
    except KeyboardInterrupt:
        return step, evaluation, True
    finally:
        progress.end()
        log.close()
    return step, evaluation, False


def _resume(trainer: Trainer, options: argparse.Namespace) -> None:
    """Go on from the checkpoint if asked to, and never write over one by accident."""
    if not options.checkpoint or not Path(options.checkpoint).exists():
        return
    if not options.resume:
        raise InvalidArgumentError(
            f"{options.checkpoint} exists: add --resume to go on from it, or remove it"
        )
    trainer.restore(options.checkpoint)
    _warn(f"resumed after step {trainer.info.steps_done} of {trainer.info.steps}")


def _train(options: argparse.Namespace) -> int:
    started = time.monotonic()
    if options.resume and not options.checkpoint:
        raise InvalidArgumentError("--resume needs --checkpoint FILE")
    if options.encoding and not options.full:
        raise InvalidArgumentError("adapters are always F32: --encoding needs --full")
    parameters = parameters_of(options)
    model = Model(options.model)
    output = _prepare_model(options.output) if options.full else _prepare(options.output)
    metrics = f"{output}.metrics.jsonl" if options.full else output / "metrics.jsonl"
    pairs = _load(model, options.data)
    held_out = _load(model, options.eval) if options.eval else None
    trainer = Trainer(
        model,
        pairs,
        objective_of(options),
        start=Adapter.load(model, options.adapter) if options.adapter else None,
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

    _resume(trainer, options)

    step, evaluation, interrupted = _run(
        trainer,
        Path(options.metrics or metrics),
        evaluation=held_out,
        evaluation_steps=options.eval_every,
        patience=options.patience,
        keep_best=options.keep_best,
        checkpoint=options.checkpoint,
        checkpoint_steps=options.checkpoint_every,
    )
    info = trainer.info
    if options.full:
        tuned = trainer.model()
        trainer.close()
        tuned.export(output, encoding=options.encoding or model.info.encoding)
    else:
        trainer.adapter().save(output)
    if interrupted:
        _warn(
            f"interrupted after step {info.steps_done} of {info.steps}; "
            f"the {'model' if options.full else 'adapter'} so far is in {output}"
        )
        return 130
    if info.steps_done < info.steps:
        _warn(f"stopped early after step {info.steps_done} of {info.steps}")

    summary: dict[str, Any] = {
        "output": str(output),
        "parameters": info.parameters,
        "pairs": info.pairs,
        "pairs_dropped": info.pairs_dropped,
        "pairs_truncated": info.pairs_truncated,
        "steps": info.steps_done,
        "seconds": round(time.monotonic() - started, 3),
    }
    if step:
        summary["loss"] = finite(step.loss)
    if evaluation:
        summary["eval_loss"] = finite(evaluation.loss)
        summary["eval_rewards/accuracies"] = finite(evaluation.rewards_accuracy)
        summary["eval_rewards/margins"] = finite(evaluation.rewards_margin)
    if options.keep_best:
        summary["best_step"] = info.best_step
        summary["best_eval_loss"] = finite(info.best_loss)
    (print_json if options.json else print_table)(**summary)
    return 0
