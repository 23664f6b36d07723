"""What training minimizes, and the loss alone."""

import json

import numpy as np
import pytest

import adpo
from adpo.objective import LINKS, LOSSES, SHORTHANDS
from conftest import FIXTURES, ROOT


def golden(name):
    return json.loads((ROOT / "Tests" / "Golden" / name).read_text(encoding="utf-8"))


GOLDEN = golden("objectives.json")
GRADIENTS = golden("objective_gradients.json")


def sides(pair, name):
    """The numbers of the chosen response, and of the rejected one."""
    return pair[name][: pair["chosen"]], pair[name][pair["chosen"] :]


@pytest.mark.parametrize("name", LOSSES)
def test_losses_equal_trl(name):
    for case in GOLDEN["cases"]:
        options = dict(GOLDEN["objectives"][case["objective"]])
        if options["loss"] != name:
            continue
        weighted = options.pop("weighted", False)
        pair = GOLDEN["pairs"][case["pair"]]
        objective = adpo.Objective(case["granularity"], **options)
        found = adpo.loss(
            objective,
            sides(pair, "policy"),
            sides(pair, "reference"),
            weights=sides(pair, "weights") if weighted else None,
            log_sum_squares=sides(pair, "log_sum_squares"),
        )
        assert found.loss == pytest.approx(case["loss"], rel=1e-8)
        np.testing.assert_allclose(
            np.concatenate(found.gradient), case["gradient"], rtol=1e-6, atol=1e-8
        )


@pytest.mark.parametrize(
    "case", GRADIENTS["cases"], ids=lambda case: " ".join(map(str, case["objective"].values()))
)
def test_gradients_through_a_model_equal_trl(model, case):
    start = model.load_adapter(FIXTURES / GRADIENTS["adapter"])
    pairs = adpo.Dataset(model)
    pairs.add_tokens(*(GRADIENTS[name] for name in ("prompt", "chosen", "rejected")))
    trainer = adpo.Trainer(model, pairs, adpo.Objective(**case["objective"]), start=start)
    metrics = trainer.accumulate()
    assert metrics.loss == pytest.approx(case["loss"], rel=1e-5)
    norm = np.linalg.norm(trainer.gradients.astype(np.float64))
    assert norm == pytest.approx(case["gradient_norm"], rel=1e-4)


def test_kto_equals_trl():
    for batch in GOLDEN["kto"]:
        objective = adpo.Objective(**batch["objective"])
        losses = []
        for row in batch["rows"]:
            policy, reference = row["policy"], row["reference"]
            if row["desirable"]:
                policy, reference = (policy, []), (reference, [])
            else:
                policy, reference = ([], policy), ([], reference)
            kl = batch["metrics"]["kl"]
            losses.append(adpo.loss(objective, policy, reference, kl=kl).loss)
        assert np.mean(losses) == pytest.approx(batch["loss"], rel=1e-8)


def test_a_gradient_beyond_floats_is_refused():
    objective = adpo.Objective(loss="ipo", beta=1e-39)
    with pytest.raises(adpo.NumericError, match="beta is 1e-39"):
        adpo.loss(objective, ([-1.0], [-2.0]), ([-2.0], [-1.5]))


def test_custom_segments_are_those_of_static():
    policy, reference = ([-1.0, -2, -3, -4], [-4.0, -1]), ([-2.0, -2, -2, -2], [-2.0, -2])
    static = adpo.loss(adpo.Objective("static:2"), policy, reference)
    custom = adpo.loss(adpo.Objective("custom"), policy, reference, segments=([2, 4], [2]))
    joined = adpo.loss(adpo.Objective("response"), policy, reference)
    assert custom.loss == joined.loss != static.loss
    both = ([2, 4], [1, 2])
    assert adpo.loss(adpo.Objective("custom"), policy, reference, segments=both).loss != static.loss


def test_no_reference_is_needed_without_one():
    policy = ([-1.0, -2], [-3.0])
    objective = adpo.Objective.named("simpo", beta=2.0)
    # softplus(gamma - beta (mean_w - mean_l)) with gamma 0.5
    assert adpo.loss(objective, policy).loss == pytest.approx(np.log1p(np.exp(0.5 - 2 * 1.5)))
    with pytest.raises(ValueError, match="reference"):
        adpo.loss(adpo.Objective(), policy)


@pytest.mark.parametrize(
    "options",
    [
        {"granularity": "static:0"},
        {"granularity": "static"},
        {"granularity": "token:3"},
        {"granularity": "adaptive:-1"},
        {"granularity": "adaptive:99999999999"},
        {"granularity": "sentence"},
        {"granularity": "delimiter:"},
        {"granularity": ""},
        {"granularity": "lines"},
        {"granularity": "custom"},
        {"beta": 0.0},
        {"beta": float("nan")},
        {"beta": "high"},
        {"loss": "dpo"},
        {"loss": "hinge", "label_smoothing": 0.1},
        {"loss": "robust", "label_smoothing": 0.5},
        {"loss": "exo_pair"},
        {"loss": "kto", "reference_free": True},
        {"loss": "sft", "granularity": "token"},
        {"padding": "zeros"},
        {"padding": "eos"},
        {"reduction": "max"},
        {"target_margin": -1.0},
        {"sft_weight": -1.0},
        {"dpop_lambda": 1.0, "reference_free": True},
        {"ld_alpha": 2.0},
        {"wpo": True},
        {"desirable_weight": 2.0},
    ],
)
def test_nonsense_is_refused(options):
    policy = ([-1.0, -2], [-3.0])
    with pytest.raises(ValueError):
        adpo.loss(adpo.Objective(**options), policy, policy)


@pytest.mark.parametrize(
    "arguments",
    [
        {"reference": ([-1.0], [-3.0])},
        {"reference": ([-1.0, -2], [-3.0]), "weights": ([1.0], [1.0])},
        {"reference": ([-1.0, -2], [-3.0]), "segments": ([1], [1])},
        {"reference": ([-1.0, -2], [-3.0]), "segments": ([2, 1], [1])},
        {"reference": ([-1.0, float("nan")], [-3.0])},
    ],
)
def test_bad_numbers_are_refused(arguments):
    granularity = "custom" if "segments" in arguments else "response"
    with pytest.raises((ValueError, adpo.NumericError)):
        adpo.loss(adpo.Objective(granularity), ([-1.0, -2], [-3.0]), **arguments)


@pytest.mark.parametrize("name", [*LINKS, *LOSSES[len(LINKS) :], *SHORTHANDS])
def test_every_loss_trains(model, pairs, name):
    objective = adpo.Objective.named(
        name, **({"label_smoothing": 0.001} if name == "exo_pair" else {})
    )
    trainer = adpo.Trainer(model, pairs, objective, epochs=4, batch_size=4, learning_rate=1e-3)
    before = trainer.evaluate(pairs)
    trainer.run()
    after = trainer.evaluate(pairs)
    assert after.loss < before.loss
    assert after.rewards_margin > before.rewards_margin


def test_unpaired_rows_train(model):
    dataset = adpo.Dataset(model)
    dataset.add_unpaired("Is the door open?", " Yes, it is.", desirable=True)
    dataset.add_unpaired("Is the window open?", " No.", desirable=False)
    trainer = adpo.Trainer(model, dataset, adpo.Objective(loss="kto"), learning_rate=1e-3)
    metrics = trainer.step()
    assert metrics.loss == pytest.approx(0.5, abs=1e-5)
    assert metrics.kl == pytest.approx(0, abs=1e-4)
    assert np.isnan(metrics.rewards_accuracy)
    with pytest.raises(ValueError, match=r"pair 1.*rejected response"):
        adpo.Trainer(model, dataset)
    with pytest.raises(ValueError, match="batch size"):
        adpo.Trainer(model, dataset, adpo.Objective(loss="kto"), batch_size=1)


def test_a_reference_is_not_computed_in_vain(model, pairs, tmp_path):
    objective = adpo.Objective.named("simpo")
    with pytest.raises(ValueError, match="no reference"):
        adpo.Trainer(model, pairs, objective, reference_cache=tmp_path / "cache")


def test_padding_with_eos_scores_it(model, pairs):
    masked = adpo.Trainer(model, pairs, adpo.Objective("token")).step()
    padded = adpo.Trainer(model, pairs, adpo.Objective("token", padding="eos")).step()
    assert padded.tokens > masked.tokens
