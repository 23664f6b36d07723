"""The recipe `paper`: what arXiv 2602.09533 calls ADPO."""

import argparse
import ctypes

import pytest

import adpo
from adpo import _abi, _marshal
from adpo._config import trainer_config
from adpo._library import check, library
from adpo.cli.objective import add_objective, objective_of
from adpo.objective import RECIPES, objective_struct
from conftest import MODEL, PAIRS, run, run_json


def config(objective=None, recipe=None, **values):
    return trainer_config(objective, recipe, dtype="f32", target_modules=None, **values)


def numbers(struct):
    """What a struct holds beside its pointers."""
    fields = _marshal.fields(struct)
    return {name: value for name, value in fields.items() if isinstance(value, (int, float))}


def test_the_library_and_the_package_have_the_same_objective():
    objective, settings = _abi.adpo_objective(), _abi.adpo_trainer_config()
    check(
        library().adpo_paper_recipe_init(
            ctypes.byref(objective),
            ctypes.sizeof(objective),
            ctypes.byref(settings),
            ctypes.sizeof(settings),
        )
    )
    expected = objective_struct(adpo.Objective(**RECIPES["paper"]))
    assert numbers(objective) == numbers(expected)
    assert ctypes.addressof(settings.objective.contents) == ctypes.addressof(objective)


def test_it_is_what_the_paper_tells():
    paper, default = config(recipe="paper"), config()
    objective = paper.objective.contents
    assert objective.granularity == _abi.ENUMS["ADPO_GRANULARITY_ADAPTIVE"]
    assert (objective.granularity_size, objective.beta) == (256, 1)
    assert objective.loss == _abi.ENUMS["ADPO_LOSS_SIGMOID"]
    assert (paper.lora_rank, paper.learning_rate, paper.epochs) == (16, 2e-5, 3)
    assert paper.optimizer == _abi.ENUMS["ADPO_OPTIMIZER_ADAMW"]
    changed = {name for name, value in numbers(default).items() if numbers(paper)[name] != value}
    assert changed == {"epochs"}


def test_what_is_given_takes_its_place():
    changed = config(adpo.Objective("token"), "paper", epochs=1, learning_rate=1e-3)
    assert (changed.epochs, changed.learning_rate) == (1, 1e-3)
    assert changed.objective.contents.granularity == _abi.ENUMS["ADPO_GRANULARITY_TOKEN"]
    with pytest.raises(adpo.InvalidArgumentError, match="recipe is 'papers': one of paper"):
        config(recipe="papers")


def test_a_trainer_takes_it(model, pairs):
    by_name = adpo.Trainer(model, pairs, recipe="paper")
    by_hand = adpo.Trainer(
        model, pairs, adpo.Objective("adaptive:256", beta=1.0), lora_rank=16, epochs=3
    )
    assert by_name.info == by_hand.info
    assert [by_name.step().loss for _ in range(2)] == [by_hand.step().loss for _ in range(2)]


COMMAND = ("train", MODEL, "--data", PAIRS, "--recipe", "paper")


def checkpoint(folder, *options):
    """The message that tells how a run of the recipe differs from one with these options."""
    run_json(*COMMAND, "--output", folder / "a", "--checkpoint", folder / "checkpoint")
    result = run(
        *("train", MODEL, "--data", PAIRS, "--output", folder / "b", *options),
        *("--checkpoint", folder / "checkpoint", "--resume"),
    )
    return result.stderr


def test_the_command_takes_it(tmp_path):
    assert (
        checkpoint(tmp_path)
        .rstrip()
        .endswith(
            'granularity is "response" here and "adaptive:256" there; '
            "beta is 0.1 here and 1.0 there; epochs is 1 here and 3 there"
        )
    )


def test_options_take_its_place(tmp_path):
    options = ("--recipe", "paper", "--granularity", "token", "--loss", "ipo", "--epochs", 2)
    message = checkpoint(tmp_path, *options)
    assert message.rstrip().endswith(
        'granularity is "token" here and "adaptive:256" there; loss is "ipo" here and "sigmoid" '
        "there; epochs is 2 here and 3 there"
    )


@pytest.mark.parametrize(
    ("options", "granularity", "loss"),
    [
        ((), "adaptive:256", "sigmoid"),
        (("--loss", "adpo"), "adaptive:256", "sigmoid"),
        (("--loss", "ipo"), "adaptive:256", "ipo"),
        (("--loss", "dpo"), "response", "sigmoid"),
        (("--loss", "adpo", "--granularity", "token"), "token", "sigmoid"),
    ],
)
def test_a_loss_keeps_the_granularity_unless_it_means_one(options, granularity, loss):
    parser = argparse.ArgumentParser()
    add_objective(parser)
    objective = objective_of(parser.parse_args(["--recipe", "paper", *options]))
    assert (objective.granularity, objective.loss, objective.beta) == (granularity, loss, 1.0)
