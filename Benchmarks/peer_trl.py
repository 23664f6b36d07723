"""Measure updates by TRL with peft: a worker of turns.py, a turn an update.

python peer_trl.py DIRECTORY START f32|bf16 precomputed|computed

Of TRL's configurations the fastest for this work: no gradient checkpointing, all pairs of an update
at once. In bf16 the frozen weights are bf16 too. The pairs are given as tokens.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import time
from importlib.metadata import version

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
from datasets import Dataset, disable_caching
from peft import LoraConfig, set_peft_model_state_dict
from peft.utils import load_peft_weights
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
from trl import DPOConfig, DPOTrainer

from turns import Worker
from work import BALANCED, LEARNING_RATE, LORA_ALPHA, LORA_RANK, random_pair

DTYPES = {"f32": torch.float32, "bf16": torch.bfloat16}


class TokenTrainer(DPOTrainer):
    """Takes pairs that are tokens already."""

    def _prepare_dataset(self, dataset: Dataset, *_: object) -> Dataset:
        return dataset


class NoMoreTurns(Exception):
    """Leaves the training; to ask it to stop would let the next update happen."""


class Turns(TrainerCallback):
    """Waits for a turn before each update but the first, and answers after it."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._start = 0.0

    def on_step_begin(self, _args: object, state: object, _control: object, **_: object) -> None:
        if state.global_step > 0 and not self._worker.wait():
            raise NoMoreTurns
        self._start = time.perf_counter()

    def on_log(self, _args: object, state: object, _control: object, **rest: object) -> None:
        # Logging comes after the update, each of which is logged.
        seconds = time.perf_counter() - self._start
        if "loss" not in rest["logs"]:
            return
        first = state.global_step == 1
        answer = {"seconds": seconds, "count": BALANCED.batch, "loss": rest["logs"]["loss"]}
        self._worker.answer(**({} if first else answer))


def make_trainer(worker: Worker, folder: str) -> DPOTrainer:
    directory, start, dtype, reference = sys.argv[1:]
    names = ("prompt_ids", "chosen_ids", "rejected_ids")
    pairs = [random_pair(BALANCED, seed) for seed in range(BALANCED.batch)]
    rows = [dict(zip(names, (part.tolist() for part in pair))) for pair in pairs]
    trainer = TokenTrainer(
        model=AutoModelForCausalLM.from_pretrained(directory, dtype=DTYPES[dtype]),
        processing_class=AutoTokenizer.from_pretrained(directory),
        train_dataset=Dataset.from_list(rows),
        peft_config=LoraConfig(
            task_type="CAUSAL_LM",
            r=LORA_RANK,
            lora_alpha=LORA_ALPHA,
            target_modules="all-linear",
        ),
        callbacks=[Turns(worker)],
        args=DPOConfig(
            output_dir=folder,
            use_cpu=True,
            bf16=dtype == "bf16",
            gradient_checkpointing=False,
            precompute_ref_log_probs=reference == "precomputed",
            per_device_train_batch_size=BALANCED.batch,
            max_steps=1000,
            max_length=None,
            train_sampling_strategy="sequential",
            learning_rate=LEARNING_RATE,
            lr_scheduler_type="constant",
            logging_steps=1,
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
        ),
    )
    set_peft_model_state_dict(trainer.model, load_peft_weights(start, device="cpu"))
    return trainer


def main() -> None:
    worker = Worker()
    disable_caching()
    torch.set_num_threads(os.cpu_count() or 1)
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(NoMoreTurns):
        make_trainer(worker, folder).train()
    worker.end(version=", ".join(f"{name} {version(name)}" for name in ("trl", "peft", "torch")))


main()
