"""Makes the metrics of whole steps with other objectives than DPO, by TRL's trainers."""

import os
import tempfile
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"

from datasets import Dataset, disable_caching
from peft import PeftModel
from transformers import AutoTokenizer
from trl import DPOConfig, DPOTrainer, KTOConfig, KTOTrainer

from common import ADAPTERS, FIXTURES, GOLDEN, MODELS, load_model, number, versions, write_json
from lora import lora_parameters

MODEL = "llama-f32"
START = "llama-f32-start"
SETTINGS = {"batch_size": 4, "learning_rate": 1e-3}
# The objective as libadpo names it, and as TRL does.
RUNS = [
    ({"loss": "ipo", "beta": 0.1, "ld_alpha": 0.5}, {"loss_type": ["ipo"], "ld_alpha": 0.5}),
    ({"loss": "hinge", "beta": 0.5}, {"loss_type": ["hinge"]}),
    (
        {"loss": "robust", "beta": 0.3, "label_smoothing": 0.1},
        {"loss_type": ["robust"], "label_smoothing": 0.1},
    ),
    ({"loss": "sigmoid_norm", "beta": 2.0}, {"loss_type": ["sigmoid_norm"]}),
    ({"loss": "sppo_hard", "beta": 0.1}, {"loss_type": ["sppo_hard"]}),
    (
        {"loss": "apo_zero", "beta": 0.1, "wpo": True},
        {"loss_type": ["apo_zero"], "use_weighting": True},
    ),
    # TRL's mean likelihood is over the tokens of a batch, so a batch is one pair here.
    (
        {"loss": "sigmoid", "beta": 0.1, "sft_weight": 0.5},
        {"loss_type": ["sigmoid", "sft"], "loss_weights": [1.0, 0.5]},
    ),
    (
        {"loss": "kto", "beta": 0.1, "desirable_weight": 1.5},
        {"loss_type": "kto", "desirable_weight": 1.5},
    ),
]


def train(beta: float, options: dict[str, Any], batch_size: int, folder: str) -> DPOTrainer:
    """A trainer that has run, from the adapter START."""
    is_kto = options["loss_type"] == "kto"
    pairs = Dataset.from_json(str(FIXTURES / "pairs.jsonl"))
    config, trainer = (KTOConfig, KTOTrainer) if is_kto else (DPOConfig, DPOTrainer)
    made = trainer(
        model=PeftModel.from_pretrained(
            load_model(MODELS / MODEL), ADAPTERS / START, is_trainable=True
        ),
        ref_model=load_model(MODELS / MODEL),
        processing_class=AutoTokenizer.from_pretrained(MODELS / MODEL),
        train_dataset=unpaired(pairs) if is_kto else pairs,
        args=config(
            output_dir=folder,
            use_cpu=True,
            bf16=False,
            activation_checkpointing=False,
            num_train_epochs=1,
            per_device_train_batch_size=batch_size,
            train_sampling_strategy="sequential",
            learning_rate=SETTINGS["learning_rate"],
            lr_scheduler_type="linear",
            optim="adamw_torch",
            max_grad_norm=1.0,
            beta=beta,
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


def unpaired(pairs: Dataset) -> Dataset:
    """Two rows of each pair, one after the other. (TRL would put all chosen ones first.)"""
    return Dataset.from_list(
        [
            {"prompt": pair["prompt"], "completion": pair[key], "label": key == "chosen"}
            for pair in pairs
            for key in ("chosen", "rejected")
        ]
    )


def main() -> None:
    disable_caching()
    runs = []
    for objective, options in RUNS:
        batch_size = 1 if "sft_weight" in objective else SETTINGS["batch_size"]
        with tempfile.TemporaryDirectory() as folder:
            made = train(objective["beta"], options, batch_size, folder)
        runs.append(
            {
                "objective": objective,
                "batch_size": batch_size,
                "steps": [entry for entry in made.state.log_history if "loss" in entry],
                "final_norms": {
                    name: number(value.norm())
                    for name, value in lora_parameters(made.model).items()
                },
            }
        )
    golden = {
        "made_by": "make_trl_objectives.py",
        "versions": versions("torch", "transformers", "trl", "peft", "accelerate"),
        "model": f"models/{MODEL}",
        "start": START,
        "data": "pairs.jsonl",
        "learning_rate": SETTINGS["learning_rate"],
        "runs": runs,
    }
    write_json(GOLDEN / "trl_objectives.json", golden)


if __name__ == "__main__":
    main()
