"""Makes the metrics of whole steps with every loss, by TRL's trainers."""

import tempfile
from typing import Any

from datasets import Dataset
from transformers import Trainer

from common import GOLDEN, MODELS, load_model, versions, write_json
from trl_runs import MODEL, START, adapted, final_norms, logged, pairs, trained

# The losses that full fine-tuning is tried with, too.
BOTH = [
    {"loss": "sigmoid", "beta": 0.1},
    {"loss": "robust", "beta": 0.3, "label_smoothing": 0.1},
    {"loss": "hinge", "beta": 0.5},
    {"loss": "ipo", "beta": 0.1},
    {"loss": "sigmoid_norm", "beta": 2.0},
    {"loss": "sppo_hard", "beta": 0.1},
    {"loss": "apo_zero", "beta": 0.1},
]
OTHERS = [
    {"loss": "exo_pair", "beta": 0.1, "label_smoothing": 0.001},
    {"loss": "apo_down", "beta": 0.1},
    {"loss": "bco_pair", "beta": 0.1},
    {"loss": "nca_pair", "beta": 0.1},
    {"loss": "ipo", "beta": 0.1, "ld_alpha": 0.5},
    {"loss": "apo_zero", "beta": 0.1, "wpo": True},
]
REWARDS = ["rewards/chosen", "rewards/rejected", "rewards/accuracies", "rewards/margins"]
LOGPS = ["logps/chosen", "logps/rejected"]


def run(objective: dict[str, Any], **settings: Any) -> dict[str, Any]:  # noqa: ANN401
    """Twenty steps, unless the settings make it more or fewer."""
    return {
        "objective": objective,
        "trainer": "dpo",
        "full": False,
        "batch_size": 4,
        "epochs": 4,
        "learning_rate": 1e-3,
        # In place of each pair's own.
        "prompt": None,
        # What TRL's trainer does not log, or means something else by.
        "without": LOGPS if "ld_alpha" in objective else [],
        **settings,
    }


# TRL's mean likelihood is over the tokens of a batch, so a batch is one pair where it counts.
SINGLE = {"batch_size": 1, "epochs": 1}
RUNS = [
    *(run(objective) for objective in BOTH + OTHERS),
    *(run(objective, full=True, learning_rate=1e-4) for objective in BOTH),
    run({"loss": "sigmoid", "beta": 0.1, "sft_weight": 0.5}, **SINGLE),
    run({"loss": "sft"}, without=REWARDS, **SINGLE),
    run({"loss": "kto", "beta": 0.1, "desirable_weight": 1.5}, trainer="kto", epochs=2),
    # These two trainers cut a prompt at two places where its last token joins a response, as one of
    # the pairs has it; so it has another prompt.
    run(
        {"loss": "sigmoid", "beta": 0.1, "reference_free": True, "sft_weight": 1.0},
        trainer="cpo",
        prompt="What is it?",
        without=["num_tokens"],
        **SINGLE,
    ),
    # SimPO. Rewards and log-probs are means over tokens to TRL, here and with ORPO.
    run(
        {"loss": "sigmoid_norm", "beta": 2.0, "reference_free": True, "target_margin": 0.5},
        trainer="cpo",
        prompt="What is it?",
        without=["num_tokens", *REWARDS, *LOGPS],
    ),
    # One token, since TRL adds the likelihood of the prompt's tokens but the first.
    run(
        {"loss": "orpo", "beta": 0.1},
        trainer="orpo",
        prompt="Q",
        without=["num_tokens", *REWARDS, *LOGPS],
        **SINGLE,
    ),
]


def trl_options(trainer: str, objective: dict[str, Any]) -> dict[str, Any]:
    """An objective as TRL names it."""
    options = dict(objective)
    loss = options.pop("loss")
    if trainer == "orpo":
        return options
    if trainer == "kto":
        return options | {"loss_type": loss}
    if trainer == "cpo":
        del options["reference_free"]
        options["cpo_alpha"] = options.pop("sft_weight", 0.0)
        if loss == "sigmoid_norm":
            options["simpo_gamma"] = options.pop("target_margin")
            loss = "simpo"
        return options | {"loss_type": loss}
    options["loss_type"] = [loss]
    if "sft_weight" in options:
        options["loss_type"].append("sft")
        options["loss_weights"] = [1.0, options.pop("sft_weight")]
    if "wpo" in options:
        options["use_weighting"] = options.pop("wpo")
    return options


def train(run: dict[str, Any], folder: str) -> Trainer:
    """A trainer that has run, from the adapter START or of all weights."""
    return trained(
        folder,
        load_model(MODELS / MODEL) if run["full"] else adapted(MODEL, START),
        load_model(MODELS / MODEL),
        rows(run),
        kind=run["trainer"],
        num_train_epochs=run["epochs"],
        per_device_train_batch_size=run["batch_size"],
        learning_rate=run["learning_rate"],
        lr_scheduler_type="linear",
        optim="adamw_torch",
        **trl_options(run["trainer"], run["objective"]),
    )


def rows(run: dict[str, Any]) -> Dataset:
    """The data of a run."""
    data = unpaired(pairs()) if run["trainer"] == "kto" else pairs()
    return data.map(lambda row: {"prompt": run["prompt"]}) if run["prompt"] else data


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
    steps = logged(trainer, without=run["without"])
    return {**run, "steps": steps, "final_norms": final_norms(trainer)}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        runs = [golden_run(run, folder) for run in RUNS]
    golden = {
        "made_by": "make_trl_objectives.py",
        "versions": versions("torch", "transformers", "trl", "peft", "accelerate"),
        "model": f"models/{MODEL}",
        "start": START,
        "data": "pairs.jsonl",
        "runs": runs,
    }
    write_json(GOLDEN / "trl_objectives.json", golden)


if __name__ == "__main__":
    main()
