"""Preference pairs, training, and the adapters that come out of it."""

import json
import math
import os
import signal
import threading

import numpy as np
import pytest

import adpo
from conftest import MODEL, PAIRS


@pytest.fixture
def full(model, pairs):
    return adpo.Trainer(model, pairs, epochs=2, learning_rate=1e-4, full_finetuning=True)


def test_full_finetuning_gives_a_model(model, full, pairs, tmp_path):
    assert full.info.parameters == model.info.parameters
    before = full.evaluate(pairs)
    full.run()
    assert full.evaluate(pairs).loss < before.loss
    tuned = full.model()
    full.close()
    assert tuned.info.encoding == "F32"
    assert tuned.info.parameters == model.info.parameters
    text = ("May I see the door?", " Yes, here is the door.")
    with adpo.Session(tuned) as session, adpo.Session(model) as base:
        score = session.score_text(*text).sum
        assert score != pytest.approx(base.score_text(*text).sum, abs=1e-3)
    report = tuned.export(tmp_path / "tuned.gguf")
    assert report.max_difference < 1e-4
    with adpo.Session(adpo.Model(tmp_path / "tuned.gguf")) as session:
        assert session.score_text(*text).sum == pytest.approx(score, abs=1e-3)


def test_full_finetuning_refuses_what_makes_no_sense(model, full, trainer, pairs):
    with pytest.raises(ValueError, match="there is no adapter"):
        full.adapter()
    with pytest.raises(ValueError, match="take the adapter"):
        trainer.model()
    with pytest.raises(ValueError, match="no adapter to start from"):
        adpo.Trainer(model, pairs, full_finetuning=True, start=trainer.adapter())
    quantized = adpo.Model(MODEL.parent / "llama-q8_0.gguf")
    with pytest.raises(adpo.UnsupportedError, match="Q8_0"):
        adpo.Trainer(quantized, pairs, full_finetuning=True)


def test_pairs_are_counted(model, pairs):
    assert len(pairs) == 4
    pairs.add_tokens([1, 2], [3], np.array([4, 5]))
    assert len(pairs) == 5


def test_pairs_from_a_file(model):
    dataset = adpo.Dataset(model)
    dataset.load_jsonl(PAIRS)
    lines = [line for line in PAIRS.read_text(encoding="utf-8").splitlines() if line.strip()]
    assert len(dataset) == len(lines) > 0


@pytest.mark.parametrize(
    "line", ["nonsense", "[]", '{"prompt": "a"}', '{"prompt": 1, "chosen": "b", "rejected": "c"}']
)
def test_a_bad_line_is_named_and_adds_nothing(model, tmp_path, line):
    path = tmp_path / "pairs.jsonl"
    good = json.dumps({"prompt": "a", "chosen": "b", "rejected": "c"})
    path.write_text(f"{good}\n\n{line}\n", encoding="utf-8")
    dataset = adpo.Dataset(model)
    with pytest.raises(adpo.FormatError, match=r"pairs\.jsonl.*line 3"):
        dataset.load_jsonl(path)
    assert len(dataset) == 0


def test_a_missing_file_of_pairs(model):
    with pytest.raises(FileNotFoundError, match="/nowhere"):
        adpo.Dataset(model).load_jsonl("/nowhere/pairs.jsonl")


@pytest.mark.parametrize("pair", [("a", "", "c"), ("a", "b", "")])
def test_an_empty_response_is_refused(pairs, pair):
    with pytest.raises(ValueError):
        pairs.add(*pair)
    assert len(pairs) == 4


def test_info(trainer):
    info = trainer.info
    assert (info.pairs, info.steps, info.steps_done) == (4, 8, 0)
    assert (info.pairs_dropped, info.pairs_truncated) == (0, 0)
    assert info.parameters > 0


@pytest.mark.parametrize("granularity", ["response", "token", "static:2", "adaptive:3"])
def test_the_first_loss_is_ln_2_a_segment(model, pairs, granularity):
    metrics = adpo.Trainer(model, pairs, adpo.Objective(granularity)).step()
    assert metrics.step == 1
    assert metrics.loss_per_segment == pytest.approx(math.log(2), abs=1e-5)
    assert metrics.loss * metrics.pairs == pytest.approx(math.log(2) * metrics.segments, abs=1e-3)
    assert metrics.rewards_margin == pytest.approx(0, abs=1e-4)
    assert metrics.gradient_norm > 0


@pytest.mark.parametrize("options", [{}, {"sft_weight": 0.5}, {"loss": "orpo"}])
def test_the_loss_per_segment_does_not_depend_on_the_reduction(model, pairs, options):
    found = [
        adpo.Trainer(
            model,
            pairs,
            adpo.Objective("token", reduction=reduction, **options),
            batch_size=1,
            gradient_accumulation=accumulation,
            shuffle=False,
        ).step()
        for reduction, accumulation in (("mean", 1), ("sum", 1), ("mean", 2), ("sum", 2))
    ]
    if not options:  # others add the negative log-likelihood of a pair
        assert found[0].loss_per_segment == pytest.approx(found[0].loss)
    assert found[1].loss_per_segment == pytest.approx(found[0].loss_per_segment)
    assert found[3].loss_per_segment == pytest.approx(found[2].loss_per_segment)


def test_training_raises_the_margin(trainer, pairs):
    before = trainer.evaluate(pairs)
    trainer.run()
    after = trainer.evaluate(pairs)
    assert after.rewards_margin > before.rewards_margin + 0.01
    assert after.loss < before.loss


def test_iterating_makes_the_steps_of_the_run(trainer):
    steps = [metrics.step for metrics in trainer]
    assert steps == list(range(1, 9))
    assert list(trainer) == []
    with pytest.raises(adpo.InvalidArgumentError):
        trainer.step()


def test_the_same_seed_gives_the_same_run(model, pairs):
    def losses():
        trainer = adpo.Trainer(model, pairs, adpo.Objective("token"), seed=5, batch_size=1)
        return [m.loss for m in trainer]

    assert losses() == losses()


def test_a_step_is_its_parts(model, pairs):
    options = {"epochs": 2, "batch_size": 2, "gradient_accumulation": 2, "learning_rate": 1e-3}
    whole = adpo.Trainer(model, pairs, **options)
    parts = adpo.Trainer(model, pairs, **options)
    for expected in whole:
        micro_batches = [parts.accumulate(), parts.accumulate()]
        gradients = parts.gradients
        assert gradients.dtype == np.float32
        assert gradients.shape == (parts.info.parameters,)
        parts.gradients = gradients
        found = parts.apply()
        assert (found.step, found.loss, found.gradient_norm, found.num_tokens) == (
            expected.step,
            expected.loss,
            expected.gradient_norm,
            expected.num_tokens,
        )
        assert found.loss == pytest.approx(sum(m.loss for m in micro_batches) / 2)
        assert found.tokens_per_second > 0
    assert parts.info.steps_done == whole.info.steps_done == 2


def test_a_host_changes_the_gradient(model, pairs):
    trainer = adpo.Trainer(model, pairs, optimizer="sgd", max_gradient_norm=0)
    trainer.accumulate()
    trainer.gradients = np.full(trainer.info.parameters, 0.5)
    norm = 0.5 * trainer.info.parameters**0.5
    assert trainer.apply().gradient_norm == pytest.approx(norm, rel=1e-6)
    with pytest.raises(ValueError, match="shape"):
        trainer.gradients = [1.0, 2.0]


def test_the_learning_rate_can_be_set(trainer):
    trainer.set_learning_rate(3e-4)
    assert trainer.step().learning_rate == 3e-4
    with pytest.raises(ValueError):
        trainer.set_learning_rate(-1)


def test_the_reference_can_be_the_start(model, trainer, pairs, tmp_path):
    trainer.run()
    start = trainer.adapter()
    from_base = adpo.Trainer(model, pairs, start=start).step()
    assert abs(from_base.rewards_margin) > 0.01
    for _ in range(2):  # the second time from the file
        options = {"reference": "start", "reference_cache": tmp_path / "cache"}
        metrics = adpo.Trainer(model, pairs, start=start, **options).step()
        assert metrics.rewards_margin == pytest.approx(0, abs=1e-4)
        assert metrics.gradient_norm > 0
        assert (tmp_path / "cache").exists()


def test_something_else_is_no_reference_cache(model, pairs):
    with pytest.raises(adpo.FormatError, match=r"pairs\.jsonl"):
        adpo.Trainer(model, pairs, reference_cache=PAIRS)


def test_run_reports_each_step(trainer):
    seen = []
    trainer.run(lambda metrics: seen.append(metrics.step))
    assert seen == list(range(1, 9))


def test_a_callback_stops_by_returning_true(trainer):
    trainer.run(lambda metrics: metrics.step == 3)
    assert trainer.info.steps_done == 3
    trainer.run()
    assert trainer.info.steps_done == 8


def test_an_exception_in_a_callback_passes_through(trainer):
    def fail(metrics):
        raise ZeroDivisionError(metrics.step)

    with pytest.raises(ZeroDivisionError, match="1"):
        trainer.run(fail)
    assert trainer.info.steps_done == 1
    assert trainer.step().step == 2


def test_ctrl_c_stops_between_steps(model, pairs):
    trainer = adpo.Trainer(model, pairs, epochs=100_000)
    # What runs in the background of a shell ignores the signal.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # While the library computes, not while Python runs.
    threading.Timer(0.2, os.kill, [os.getpid(), signal.SIGINT]).start()
    with pytest.raises(KeyboardInterrupt):
        trainer.run()
    done = trainer.info.steps_done
    assert 1 <= done < trainer.info.steps
    assert trainer.step().step == done + 1
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_the_adapter_is_saved_and_loaded(model, trainer, session, tmp_path):
    plain = session.score_text("May I see the door?", " Yes.").logprobs
    trainer.run()
    adapter = trainer.adapter()
    session.set_adapter(adapter)
    tuned = session.score_text("May I see the door?", " Yes.").logprobs
    assert not np.array_equal(tuned, plain)

    adapter.save(tmp_path / "adapter")
    names = {path.name for path in (tmp_path / "adapter").iterdir()}
    assert names == {"adapter_config.json", "adapter_model.safetensors"}
    loaded = model.load_adapter(tmp_path / "adapter")
    again = adpo.Session(model, loaded).score_text("May I see the door?", " Yes.").logprobs
    assert np.array_equal(again, tuned)

    session.set_adapter(None)
    assert np.array_equal(session.score_text("May I see the door?", " Yes.").logprobs, plain)


def test_training_goes_on_from_an_adapter(model, trainer, pairs):
    trainer.run()
    margin = trainer.evaluate(pairs).rewards_margin
    second = adpo.Trainer(model, pairs, adpo.Objective("adaptive:4"), start=trainer.adapter())
    assert second.evaluate(pairs).rewards_margin == pytest.approx(margin, abs=1e-6)


def test_an_adapter_is_a_copy(trainer, model):
    trainer.step()
    session = adpo.Session(model, trainer.adapter())
    before = session.score([1, 2, 3])
    trainer.run()
    assert np.array_equal(session.score([1, 2, 3]), before, equal_nan=True)


def test_long_pairs_are_dropped_and_truncated(model):
    dataset = adpo.Dataset(model)
    dataset.add_tokens([1] * 3, [2] * 3, [3] * 3)
    dataset.add_tokens([1] * 3, [2] * 30, [3] * 3)
    dataset.add_tokens([1] * 30, [2] * 3, [3] * 3)
    info = adpo.Trainer(model, dataset, max_length=10).info
    assert (info.pairs, info.pairs_dropped, info.pairs_truncated) == (2, 1, 1)


@pytest.mark.parametrize(
    "options",
    [
        {"epochs": 0},
        {"epochs": -1},
        {"batch_size": 2**32},
        {"gradient_accumulation": 0},
        {"reference": "model"},
        {"lora_rank": 0},
        {"lora_dropout": 1.0},
        {"full_finetuning": True, "use_dora": True},
        {"target_modules": []},
        {"target_modules": ["head"]},
        {"target_modules": "q_proj"},
        {"target_modules": ["q_proj,v_proj"]},
        {"max_length": 1},
        {"learning_rate": -1.0},
        {"warmup_steps": 1.5},
        {"schedule": "sine"},
        {"optimizer": "adam"},
        {"optimizer": "sgd", "momentum": 1.0},
        {"optimizer": "adamw", "momentum": 0.5},
    ],
)
def test_bad_options_are_refused(model, pairs, options):
    with pytest.raises(ValueError):
        adpo.Trainer(model, pairs, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 1.5}, "epochs is 1.5: a whole number is needed"),
        ({"learning_rate": "1e-4"}, "learning_rate is '1e-4': a number is needed"),
        ({"objective": "token"}, "the objective is a str, not an adpo.Objective"),
        ({"objective": adpo.Objective(granularity=None)}, "granularity is None: one of"),
    ],
)
def test_options_of_a_wrong_type_are_named(model, pairs, options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        adpo.Trainer(model, pairs, **options)


def test_an_adapter_to_start_from_has_its_own_shape(model, pairs, trainer):
    with pytest.raises(ValueError, match="start brings its own lora_rank, use_dora"):
        adpo.Trainer(model, pairs, start=trainer.adapter(), lora_rank=4, use_dora=True)


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
@pytest.mark.parametrize("schedule", ["linear", "cosine", "constant"])
def test_optimizers_and_schedules(model, pairs, optimizer, schedule):
    options = {"optimizer": optimizer, "schedule": schedule, "epochs": 3, "batch_size": 2}
    momentum = 0.5 if optimizer == "sgd" else None
    metrics = list(adpo.Trainer(model, pairs, learning_rate=1e-2, momentum=momentum, **options))
    assert metrics[-1].loss < metrics[0].loss
    rates = [entry.learning_rate for entry in metrics]
    assert rates[0] == 1e-2
    assert (rates[3] == 1e-2) == (schedule == "constant")


def test_warmup_can_be_a_share(model, pairs):
    metrics = list(adpo.Trainer(model, pairs, epochs=8, learning_rate=1e-2, warmup_steps=0.4))
    rates = [entry.learning_rate for entry in metrics]
    assert rates[0] == 0
    assert max(rates) == rates[4] == 1e-2


def test_no_pairs_are_refused(model):
    with pytest.raises(ValueError):
        adpo.Trainer(model, adpo.Dataset(model))


@pytest.mark.parametrize("content", [None, "", "{", "{}", '{"peft_type": "IA3"}'])
def test_bad_adapter_directories(model, tmp_path, content):
    if content is not None:
        (tmp_path / "adapter_config.json").write_text(content)
        (tmp_path / "adapter_model.safetensors").write_bytes(b"\xff" * 20)
    with pytest.raises(adpo.AdpoError):
        model.load_adapter(tmp_path)


def test_saving_where_a_file_is(trainer, tmp_path):
    occupied = tmp_path / "occupied"
    occupied.write_text("mine")
    with pytest.raises(OSError):
        trainer.adapter().save(occupied)
    assert occupied.read_text() == "mine"


def test_an_adapter_of_another_model(model, trainer):
    other = adpo.Model(MODEL.parent / "llama-bias")
    adapter = trainer.adapter()
    with pytest.raises(adpo.AdpoError):
        adpo.Session(other, adapter)
