"""Makes pairs.jsonl, an adapter to start from, and the metrics of whole runs of DPO by TRL."""

import json
import tempfile
from dataclasses import asdict, dataclass
from typing import Any

from transformers import Trainer

from common import ADAPTERS, FIXTURES, GOLDEN, MODELS, load_model, versions, write_json
from lora import TinyAdapter, make_adapter, save_adapter
from trl_runs import MODEL, START, adapted, final_norms, logged, pairs, trained

TRAINED = "llama-f32-lora"

# Prompt, chosen, rejected.
PAIRS = [
    ("Where does the cat sit?", " On the mat.", " Nowhere at all, I think."),
    ("What is 2 + 3?", " It is 5.", " It is 23."),
    ("The cat sat on the ", "mat.", "dog."),  # the prompt's space joins the response
    ("Say hello.", " Hello!", " No."),
    ("Is thinking good?", " Yes, it is good.", " Bad."),
    ("Count to three:", " 1, 2, 3", " 3, 1"),
    ("Q: What is the sum of 12 and 30?\nA:", " The sum of 12 and 30 is 42.", " 1230"),
    ("Q: Who stood beside the river?\nA:", " The house stood there.", " I am a dog."),
    ("Write a loop.\n", "for i in range(10):\n    print(i)", "print(10)"),
    ("Write a sum.\n", "total = total + i", "total"),
    ("The opposite of good is", " bad.", " good, good, good."),
    ("The sun in the morning is", " bright.", " a station."),
    ("Translate to French: the house", "\nla maison", "\nthe house, the house"),
    ("Translate to German: the river", "\nder Fluß", "\nla rivière"),
    ("How many sides has a triangle?", " Three.", " 12, or 30, or 42."),
    ("Finish: nothing either good or", " bad, but thinking makes it so.", " mat."),
    ("Where is the station?", " On the other side of the river.", " On the mat."),
    ("What did the dog do?", " It lay in the sun all the morning.", " It did print(i)."),
    ("Is 10 less than 12?", " Yes.<|im_end|>", " No, 10 is the sum of 12 and 30."),
    ("Wish me a good day 🌞", " Have a good day! 🌞", " 42"),
]


@dataclass(frozen=True)
class Run:
    """What a run does otherwise than TRL by default, or than another run."""

    name: str
    batch_size: int = 4
    accumulation: int = 1
    epochs: int = 4
    max_length: int = 1024
    warmup_steps: int = 0
    learning_rate: float = 1e-3
    schedule: str = "linear"
    optimizer: str = "adamw"
    momentum: float = 0.0
    # The adapter to start from, and what the reference is: the model alone, or with that adapter.
    start: str = START
    reference: str = "base"
    beta: float = 0.1
    # Updates between evaluations, on the pairs themselves; 0 for none.
    evaluation_steps: int = 0
    # Of matrices: transformers leaves out norms and biases.
    weight_decay: float = 0.0
    model: str = MODEL
    # All weights are trained, not an adapter.
    full: bool = False


RUNS = [
    Run("plain", evaluation_steps=4),
    Run("accumulated", batch_size=2, accumulation=2),
    # Drops pairs, truncates others, and ends with a batch that is not full.
    Run("truncated", batch_size=3, max_length=20, warmup_steps=2),
    # Epochs end with a window of a single micro-batch, and that with a pair left over.
    Run("window", batch_size=3, accumulation=2, epochs=5, schedule="cosine", warmup_steps=2),
    Run("sgd", optimizer="sgd", momentum=0.9, schedule="constant", learning_rate=1e-2),
    Run("reference", start=TRAINED, reference="start"),
    Run(
        "full-tied",
        full=True,
        model="llama-tied-bf16",
        batch_size=3,
        accumulation=2,
        epochs=7,
        max_length=20,
        warmup_steps=2,
        schedule="cosine",
        learning_rate=1e-4,
        weight_decay=5.0,
    ),
    Run("full-sgd", full=True, optimizer="sgd", momentum=0.9, learning_rate=1e-3),
    # SGD, since AdamW makes whole steps of what rounding leaves in gradients that are almost 0.
    Run("rslora", start="llama-f32-rslora", optimizer="sgd", learning_rate=1e-2),
    Run("partial", start="llama-f32-partial"),
    Run("dora", start="llama-f32-dora"),
]


def train(run: Run, folder: str) -> Trainer:
    """A trainer that has run."""
    return trained(
        folder,
        load_model(MODELS / run.model) if run.full else adapted(run.model, run.start),
        # Without one, TRL takes a copy of the starting adapter as the reference.
        load_model(MODELS / run.model) if run.reference == "base" else None,
        pairs(),
        pairs() if run.evaluation_steps else None,
        num_train_epochs=run.epochs,
        per_device_train_batch_size=run.batch_size,
        per_device_eval_batch_size=run.batch_size,
        eval_strategy="steps" if run.evaluation_steps else "no",
        eval_steps=run.evaluation_steps or None,
        gradient_accumulation_steps=run.accumulation,
        max_length=run.max_length,
        learning_rate=run.learning_rate,
        weight_decay=run.weight_decay,
        lr_scheduler_type=run.schedule,
        warmup_steps=run.warmup_steps,
        optim={"adamw": "adamw_torch", "sgd": "sgd"}[run.optimizer],
        optim_args=f"momentum={run.momentum}" if run.optimizer == "sgd" else None,
        beta=run.beta,
    )


def tokens(trainer: Trainer) -> list[dict[str, list[int]]]:
    """The pairs as TRL tokenized them, before truncation."""
    return [
        {key: row[f"{key}_ids"] for key in ("prompt", "chosen", "rejected")}
        for row in trainer.train_dataset
    ]


def golden_run(run: Run, folder: str) -> dict[str, Any]:
    """The golden of one run."""
    trainer = train(run, folder)
    return {
        **asdict(run),
        "pairs": tokens(trainer),
        "steps": logged(trainer),
        "evaluations": logged(trainer, "eval_"),
        "final_norms": final_norms(trainer),
    }


def main() -> None:
    lines = (dict(zip(("prompt", "chosen", "rejected"), pair, strict=True)) for pair in PAIRS)
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    (FIXTURES / "pairs.jsonl").write_text(text)
    start = make_adapter(TinyAdapter(START, MODEL), seed=41, zero_b=True)
    save_adapter(start, ADAPTERS / START)

    with tempfile.TemporaryDirectory() as folder:
        runs = [golden_run(run, folder) for run in RUNS]
    golden = {
        "made_by": "make_trl.py",
        "versions": versions("torch", "transformers", "trl", "peft", "accelerate"),
        "data": "pairs.jsonl",
        # What all runs have in common.
        "max_gradient_norm": 1.0,
        "adam_betas": [0.9, 0.999],
        "adam_epsilon": 1e-8,
        "runs": runs,
    }
    write_json(GOLDEN / "trl_dpo.json", golden)


if __name__ == "__main__":
    main()
