"""`adpo train`."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from adpo.adapter import Adapter
from adpo.cli._output import finite, print_json, print_table
from adpo.cli._progress import Progress
from adpo.cli.inference import add_dtype
from adpo.dataset import Dataset
from adpo.errors import InvalidArgumentError
from adpo.model import Model
from adpo.trainer import SCHEDULES, Metrics, Trainer, parse_granularity


def _granularity(text: str) -> str:
    try:
        parse_granularity(text)
    except InvalidArgumentError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def add_command(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the command to the parser. What is not given is left to the library."""
    train = commands.add_parser("train", parents=[shared], help="tune on preference pairs")
    train.set_defaults(run=_train)
    train.add_argument("--data", required=True, metavar="FILE", help="pairs: JSON Lines or Parquet")
    train.add_argument("--output", required=True, metavar="DIR", help="for adapter and metrics")
    train.add_argument("--eval-data", metavar="FILE", help="pairs to evaluate on at the end")
    train.add_argument("--adapter", metavar="DIR", help="start from this adapter")
    train.add_argument(
        "--granularity",
        type=_granularity,
        default="response",
        metavar="G",
        help="response (the default), token, static:K or adaptive:M",
    )
    add_dtype(train)
    train.add_argument("--schedule", choices=SCHEDULES, default="linear", help="linear")
    for name, kind, help_text in (
        ("--beta", float, "0.1"),
        ("--learning-rate", float, "2e-5"),
        ("--epochs", int, "1"),
        ("--batch-size", int, "4"),
        ("--max-length", int, "1024"),
        ("--lora-rank", int, "16"),
        ("--lora-alpha", float, "32"),
        ("--warmup-steps", int, "0"),
        ("--max-gradient-norm", float, "1; 0 does not clip"),
        ("--weight-decay", float, "0"),
        ("--seed", int, "0"),
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


def _load(model: Model, path: str) -> Dataset:
    pairs = Dataset(model)
    if path.endswith(".parquet"):
        pairs.load_parquet(path)
    else:
        pairs.load_jsonl(path)
    return pairs


def trl_names(metrics: Metrics, *, num_tokens: int) -> dict[str, float | str | None]:
    """Give the metrics under the names that TRL's DPOTrainer logs.

    Parameters
    ----------
    metrics : Metrics
    num_tokens : int
        Tokens seen since the start of the run.
    """
    values = {
        "step": metrics.step,
        "epoch": metrics.epoch,
        "loss": metrics.loss,
        "loss_per_segment": metrics.loss_per_segment,
        "grad_norm": metrics.gradient_norm,
        "learning_rate": metrics.learning_rate,
        "rewards/chosen": metrics.rewards_chosen,
        "rewards/rejected": metrics.rewards_rejected,
        "rewards/accuracies": metrics.rewards_accuracy,
        "rewards/margins": metrics.rewards_margin,
        "logps/chosen": metrics.logps_chosen,
        "logps/rejected": metrics.logps_rejected,
        "segments": metrics.segments,
        "num_tokens": num_tokens,
        "tokens_per_second": metrics.tokens / metrics.seconds if metrics.seconds > 0 else 0.0,
    }
    return {**{name: finite(value) for name, value in values.items()}, "dtype": metrics.dtype}


def _warn(message: str) -> None:
    print(f"adpo: {message}", file=sys.stderr)


def _run(trainer: Trainer, path: Path) -> tuple[Metrics | None, bool]:
    """Make all steps, with a line of metrics for each.

    Returns
    -------
    last : Metrics or None
        Of the last step.
    interrupted : bool
        Whether Ctrl-C ended the run.
    """
    progress = Progress(trainer.info.steps)
    last = None
    num_tokens = 0

    def record(metrics: Metrics) -> None:
        nonlocal last, num_tokens
        last = metrics
        num_tokens += metrics.tokens
        line = trl_names(metrics, num_tokens=num_tokens)
        file.write(json.dumps(line, allow_nan=False) + "\n")
        file.flush()
        progress.update(metrics)

    with path.open("w", encoding="utf-8") as file:
        try:
            trainer.run(record)
        except KeyboardInterrupt:
            return last, True
        finally:
            progress.end()
    return last, False


def _train(options: argparse.Namespace) -> int:
    started = time.monotonic()
    model = Model(options.model)
    output = _prepare(options.output)
    pairs = _load(model, options.data)
    held_out = _load(model, options.eval_data) if options.eval_data else None
    trainer = Trainer(
        model,
        pairs,
        options.granularity,
        beta=options.beta,
        start=Adapter.load(model, options.adapter) if options.adapter else None,
        dtype=options.dtype,
        lora_rank=options.lora_rank,
        lora_alpha=options.lora_alpha,
        epochs=options.epochs,
        batch_size=options.batch_size,
        max_length=options.max_length,
        seed=options.seed,
        learning_rate=options.learning_rate,
        schedule=options.schedule,
        warmup_steps=options.warmup_steps,
        max_gradient_norm=options.max_gradient_norm,
        weight_decay=options.weight_decay,
    )
    info = trainer.info
    if info.pairs_dropped:
        _warn(f"{info.pairs_dropped} pairs left out: their prompt alone fills --max-length")
    if info.pairs_truncated:
        _warn(f"{info.pairs_truncated} pairs cut: longer than --max-length")

    last, interrupted = _run(trainer, output / "metrics.jsonl")
    trainer.adapter().save(output)
    info = trainer.info
    if interrupted:
        _warn(
            f"interrupted after step {info.steps_done} of {info.steps}; "
            f"the adapter so far is in {output}"
        )
        return 130

    summary: dict[str, Any] = {
        "output": str(output),
        "parameters": info.parameters,
        "pairs": info.pairs,
        "pairs_dropped": info.pairs_dropped,
        "pairs_truncated": info.pairs_truncated,
        "steps": info.steps_done,
        "seconds": round(time.monotonic() - started, 3),
    }
    if last:
        summary["loss"] = finite(last.loss)
    if held_out:
        seen = trainer.evaluate(held_out)
        summary["eval_loss"] = finite(seen.loss)
        summary["eval_rewards/accuracies"] = finite(seen.rewards_accuracy)
        summary["eval_rewards/margins"] = finite(seen.rewards_margin)
    (print_json if options.json else print_table)(**summary)
    return 0
