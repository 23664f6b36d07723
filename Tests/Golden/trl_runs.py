"""Runs of TRL's trainers on a tiny model: what they share, and what they log."""

import os
from collections.abc import Sequence
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"

from datasets import Dataset, disable_caching
from peft import PeftModel
from transformers import AutoTokenizer, PreTrainedModel, Trainer
from trl import DPOConfig, DPOTrainer, KTOConfig, KTOTrainer
from trl.experimental.cpo import CPOConfig, CPOTrainer
from trl.experimental.orpo import ORPOConfig, ORPOTrainer

from common import ADAPTERS, FIXTURES, MODELS, load_model, number
from lora import lora_parameters

MODEL = "llama-f32"
START = "llama-f32-start"  # B is 0: the model as it is
TRAINERS = {
    "dpo": (DPOConfig, DPOTrainer),
    "kto": (KTOConfig, KTOTrainer),
    "cpo": (CPOConfig, CPOTrainer),
    "orpo": (ORPOConfig, ORPOTrainer),
}
# Those that libadpo has, too.
METRICS = (
    "loss",
    "grad_norm",
    "learning_rate",
    "rewards/chosen",
    "rewards/rejected",
    "rewards/accuracies",
    "rewards/margins",
    "logps/chosen",
    "logps/rejected",
    "kl",
    "num_tokens",
    "epoch",
    "step",
)

disable_caching()


def adapted(model: str, adapter: str) -> PeftModel:
    """A model with an adapter to be trained."""
    return PeftModel.from_pretrained(
        load_model(MODELS / model), ADAPTERS / adapter, is_trainable=True
    )


def pairs() -> Dataset:
    return Dataset.from_json(str(FIXTURES / "pairs.jsonl"))


def trained(
    folder: str,
    model: PreTrainedModel | PeftModel,
    ref_model: PreTrainedModel | None,
    train_dataset: Dataset,
    eval_dataset: Dataset | None = None,
    *,
    kind: str = "dpo",
    **options: Any,  # noqa: ANN401
) -> Trainer:
    """A trainer that has run."""
    config, trainer = TRAINERS[kind]
    needs_reference = kind in ("dpo", "kto")
    tokenizer = AutoTokenizer.from_pretrained(model.name_or_path)
    if not needs_reference:
        tokenizer.bos_token = None  # these two would put one before the prompt
    made = trainer(
        model=model,
        **({"ref_model": ref_model} if needs_reference else {}),
        processing_class=tokenizer,
        train_dataset=train_dataset,
        eval_dataset=eval_dataset,
        args=config(
            output_dir=folder,
            use_cpu=True,
            bf16=False,
            activation_checkpointing=False,
            train_sampling_strategy="sequential",
            max_grad_norm=1.0,
            seed=0,
            logging_steps=1,
            logging_nan_inf_filter=False,
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
            **options,
        ),
    )
    made.train()
    return made


def logged(
    trainer: Trainer, prefix: str = "", without: Sequence[str] = ()
) -> list[dict[str, float]]:
    """The metrics of each update, or with the prefix "eval_" of each evaluation."""
    names = [
        name if name in ("epoch", "step") else prefix + name
        for name in METRICS
        if name not in without
    ]
    return [
        {name: number(entry[name]) for name in names if name in entry}
        for entry in trainer.state.log_history
        if f"{prefix}loss" in entry
    ]


def final_norms(trainer: Trainer) -> dict[str, float]:
    """The norm of each parameter that was trained."""
    return {name: number(value.norm()) for name, value in lora_parameters(trainer.model).items()}
