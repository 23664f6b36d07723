"""One run: tune an adapter on the train pairs, and measure it on problems that it has not seen.

python train.py MODEL.gguf RESULT.json SETTINGS

SETTINGS is a JSON object with the fields of `Settings`. The result is written when all is done.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import adpo
import task
from sample import FOLDER, pairs, sampled
from writing import Request, write

# Problems whose answers, the likeliest ones, are checked; more than pairs are made of.
PROBLEMS = {"validation": 60, "held-out": 200}
EXAMPLES = 3


@dataclass(frozen=True)
class Settings:
    """What distinguishes a run; granularity "none" measures the model alone."""

    granularity: str
    beta: float = 1.0
    seed: int = 0
    learning_rate: float = 5e-5
    split: str = "held-out"


def dataset(model: adpo.Model, split: str) -> adpo.Dataset:
    """Tokenize the pairs of a split."""
    return adpo.Dataset(model, [pair._asdict() for pair in pairs(split)])


def make_trainer(model: adpo.Model, settings: Settings) -> adpo.Trainer:
    """Make a trainer; all share the reference's log-probs, so that no run spends time on these."""
    granularity = "response" if settings.granularity == "none" else settings.granularity
    return adpo.Trainer(
        model,
        dataset(model, "train"),
        adpo.Objective(granularity, beta=settings.beta),
        dtype="auto",
        epochs=2,
        batch_size=8,
        learning_rate=settings.learning_rate,
        seed=settings.seed,
        reference_cache=FOLDER / "references",
    )


def data(model: adpo.Model, split: str) -> dict[str, float]:
    """Describe the sampled answers and the pairs made of them; lengths are tokens, EOS included."""
    answers = [answer for _, some in sampled(split) for answer in some]
    made = pairs(split)

    def length(text: str) -> int:
        return len(model.tokenize(text, add_special=False)) + 1

    return {
        "problems": len(sampled(split)),
        "answers": len(answers),
        "right": sum(answer.is_right for answer in answers) / len(answers),
        "pairs": len(made),
        "chosen_tokens": sum(length(pair.chosen) for pair in made) / len(made),
        "rejected_tokens": sum(length(pair.rejected) for pair in made) / len(made),
    }


def tune(trainer: adpo.Trainer) -> dict[str, Any]:
    """Make all updates; tell how long they took and what they saw."""
    wall, processor = time.perf_counter(), time.process_time()
    seen = list(trainer)
    return {
        "seconds": time.perf_counter() - wall,
        "cpu_seconds": time.process_time() - processor,
        "updates": len(seen),
        "train_tokens": sum(metrics.tokens for metrics in seen),
        "segments_of_a_pair": sum(metrics.segments for metrics in seen)
        / sum(metrics.pairs for metrics in seen),
        "clipped": sum(metrics.gradient_norm > 1 for metrics in seen) / len(seen),
        "losses": [round(metrics.loss, 4) for metrics in seen],
        "dtype": seen[0].dtype,
    }


def preference(model: adpo.Model, trainer: adpo.Trainer, settings: Settings) -> dict[str, float]:
    """Tell what the policy prefers, in nats: rewards are divided by beta."""
    metrics = trainer.evaluate(dataset(model, settings.split))
    return {
        "pairs": metrics.pairs,
        "preference_accuracy": metrics.rewards_accuracy,
        "margin": metrics.rewards_margin / settings.beta,
        "chosen_log_ratio": metrics.rewards_chosen / settings.beta,
        "rejected_log_ratio": metrics.rewards_rejected / settings.beta,
        "chosen_log_prob": metrics.logps_chosen,
        "rejected_log_prob": metrics.logps_rejected,
    }


def answers(model: Path, adapter: Path | None, split: str) -> dict[str, Any]:
    """Check the likeliest answers."""
    problems = task.problems(split, PROBLEMS[split])
    written = list(write(model, adapter, map(Request, problems)))
    return {
        "accuracy": sum(answer.is_right for answer in written) / len(written),
        "tokens": sum(answer.tokens for answer in written) / len(written),
        "ended": sum(answer.has_ended for answer in written) / len(written),
        "is_right": "".join("01"[answer.is_right] for answer in written),
        "examples": [
            {"words": problem.words, "text": answer.text, "is_right": answer.is_right}
            for problem, answer in zip(problems[:EXAMPLES], written)
        ],
    }


def run(path: Path, settings: Settings) -> dict[str, Any]:
    """Tune and measure."""
    model = adpo.Model(path)
    trainer = make_trainer(model, settings)
    result: dict[str, Any] = asdict(settings)
    result["train_pairs"] = trainer.info.pairs
    if settings.granularity == "none":
        trainer.accumulate()  # Writes the references.
        adapter = None
        result["data"] = {split: data(model, split) for split in ("train", settings.split)}
    else:
        result |= tune(trainer)
        result |= preference(model, trainer, settings)
        adapter = trainer.adapter()
    with tempfile.TemporaryDirectory() as folder:
        if adapter is not None:
            adapter.save(folder)
        result |= answers(path, Path(folder) if adapter else None, settings.split)
    return result


def main() -> None:
    """Run, and write the result as a whole."""
    model, target, settings = sys.argv[1:]
    result = run(Path(model), Settings(**json.loads(settings)))
    unfinished = Path(f"{target}.unfinished")
    unfinished.write_text(json.dumps(result))
    os.replace(unfinished, target)


if __name__ == "__main__":
    main()
