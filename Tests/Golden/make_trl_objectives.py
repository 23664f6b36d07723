"""Makes the metrics of whole steps with every loss, by TRL's trainers."""

import tempfile
from typing import Any

from datasets import Dataset
from transformers import Trainer

from common import GOLDEN, MODELS, load_model, versions, write_json
from trl_runs import MODEL, START, adapted, final_norms, logged, pairs, trained

SETTINGS = {"learning_rate": 1e-3}
# Twenty steps each.
PLAIN = [
    {"loss": "sigmoid", "beta": 0.1},
    {"loss": "robust", "beta": 0.3, "label_smoothing": 0.1},
    {"loss": "hinge", "beta": 0.5},
    {"loss": "ipo", "beta": 0.1},
    {"loss": "sigmoid_norm", "beta": 2.0},
    {"loss": "exo_pair", "beta": 0.1, "label_smoothing": 0.001},
    {"loss": "sppo_hard", "beta": 0.1},
    {"loss": "apo_zero", "beta": 0.1},
    {"loss": "apo_down", "beta": 0.1},
    {"loss": "bco_pair", "beta": 0.1},
    {"loss": "nca_pair", "beta": 0.1},
]
# One epoch each.
MIXED = [
    {"loss": "ipo", "beta": 0.1, "ld_alpha": 0.5},
    {"loss": "apo_zero", "beta": 0.1, "wpo": True},
    {"loss": "sigmoid", "beta": 0.1, "sft_weight": 0.5},
    {"loss": "kto", "beta": 0.1, "desirable_weight": 1.5},
]
RUNS = [
    *({"objective": objective, "batch_size": 4, "epochs": 4} for objective in PLAIN),
    # TRL's mean likelihood is over the tokens of a batch, so a batch is one pair there.
    *(
        {"objective": objective, "batch_size": 1 if "sft_weight" in objective else 4, "epochs": 1}
        for objective in MIXED
    ),
]


def trl_options(objective: dict[str, Any]) -> dict[str, Any]:
    """An objective as TRL names it."""
    options = dict(objective)
    loss = options.pop("loss")
    options["loss_type"] = loss if loss == "kto" else [loss]
    if "sft_weight" in options:
        options["loss_type"].append("sft")
        options["loss_weights"] = [1.0, options.pop("sft_weight")]
    if "wpo" in options:
        options["use_weighting"] = options.pop("wpo")
    return options


def train(run: dict[str, Any], folder: str) -> Trainer:
    """A trainer that has run, from the adapter START."""
    return trained(
        folder,
        adapted(MODEL, START),
        load_model(MODELS / MODEL),
        unpaired(pairs()) if run["objective"]["loss"] == "kto" else pairs(),
        num_train_epochs=run["epochs"],
        per_device_train_batch_size=run["batch_size"],
        **SETTINGS,
        lr_scheduler_type="linear",
        optim="adamw_torch",
        **trl_options(run["objective"]),
    )


def unpaired(pairs: Dataset) -> Dataset:
    """Two rows of each pair, one after the other. (TRL would put all chosen ones first.)"""
    return Dataset.from_list(
        [
            {"prompt": pair["prompt"], "completion": pair[key], "label": key == "chosen"}
            for pair in pairs
            for key in ("chosen", "rejected")
        ]
    )


def golden_run(run: dict[str, Any], folder: str) -> dict[str, Any]:
    """The golden of one run."""
    trainer = train(run, folder)
    return {**run, "steps": logged(trainer), "final_norms": final_norms(trainer)}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        runs = [golden_run(run, folder) for run in RUNS]
    golden = {
        "made_by": "make_trl_objectives.py",
        "versions": versions("torch", "transformers", "trl", "peft", "accelerate"),
        "model": f"models/{MODEL}",
        "start": START,
        "data": "pairs.jsonl",
        **SETTINGS,
        "runs": runs,
    }
    write_json(GOLDEN / "trl_objectives.json", golden)


if __name__ == "__main__":
    main()
