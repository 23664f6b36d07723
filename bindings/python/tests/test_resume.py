"""Runs that are killed, or stopped, and resumed."""

import json
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import adpo
from conftest import MODEL, PAIRS, interrupt, run, run_json

# 20 pairs: three windows an epoch, of 4 + 4 and 4 + 4 and 4.
OPTIONS = (
    *("--data", PAIRS, "--batch-size", 4, "--accumulate", 2, "--epochs", 40, "--seed", 3),
    *("--rank", 4, "--learning-rate", 1e-3, "--schedule", "cosine", "--warmup", 5),
    *("--eval", PAIRS, "--eval-every", 7, "--keep-best"),
)
STEPS = 120


def train(folder, *options):
    return ("train", MODEL, *OPTIONS, "--output", folder, *options)


def adapter_bytes(folder):
    return (folder / "adapter_model.safetensors").read_bytes()


def metrics(folder):
    """The lines of metrics, without what depends on the clock."""
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    for line in lines:
        line.pop("tokens_per_second", None)
        line.pop("eval_runtime", None)
    return lines


def kill_after(command, path, lines):
    """Start a process and kill it without warning once a file has this many lines."""
    process = subprocess.Popen([sys.executable, "-m", "adpo", *map(str, command)])
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        if path.exists() and path.read_bytes().count(b"\n") >= lines:
            break
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    return process.wait(timeout=60)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run that nothing ever stopped."""
    folder = tmp_path_factory.mktemp("whole")
    run_json(*train(folder))
    return folder


def test_killed_at_any_moment_it_ends_with_the_same_bits(whole, tmp_path):
    output, checkpoint = tmp_path / "output", tmp_path / "checkpoint"
    command = train(
        output,
        *("--checkpoint", checkpoint, "--checkpoint-every", 1, "--resume"),
        *("--reference-cache", tmp_path / "references"),
    )
    killed = 0
    for lines in (0, 1, 2, 9, 24, 25, 50, 77, 100, 120):
        killed += kill_after(command, output / "metrics.jsonl", lines) == -signal.SIGKILL
    assert killed >= 8
    summary = run_json(*command)
    assert summary["steps"] == STEPS
    assert adapter_bytes(output) == adapter_bytes(whole)
    assert metrics(output) == metrics(whole)


def test_rare_checkpoints_lose_steps_but_no_bits(whole, tmp_path):
    output, checkpoint = tmp_path / "output", tmp_path / "checkpoint"
    command = train(output, "--checkpoint", checkpoint, "--checkpoint-every", 10, "--resume")
    killed = [kill_after(command, output / "metrics.jsonl", lines) for lines in (5, 37)]
    assert killed == [-signal.SIGKILL] * 2
    result = run(*command)
    assert "resumed after step" in result.stderr
    assert adapter_bytes(output) == adapter_bytes(whole)
    assert metrics(output) == metrics(whole)


def test_a_finished_run_stays_as_it_is(whole, tmp_path):
    output, checkpoint = tmp_path / "output", tmp_path / "checkpoint"
    command = train(output, "--checkpoint", checkpoint, "--resume")
    for _ in range(2):
        assert run_json(*command)["steps"] == STEPS
        assert adapter_bytes(output) == adapter_bytes(whole)
        assert metrics(output) == metrics(whole)


def test_ctrl_c_loses_no_step_and_no_bit(whole, tmp_path):
    output, checkpoint = tmp_path / "output", tmp_path / "checkpoint"
    command = train(output, "--checkpoint", checkpoint, "--resume")
    for lines in (3, 30, 69):
        code, shown = interrupt(command, output / "metrics.jsonl", lines)
        assert code == 130
        steps = metrics(output)[-1]["step"]
        assert f"interrupted after step {steps} of {STEPS}: --resume goes on from" in shown
    run_json(*command)
    assert adapter_bytes(output) == adapter_bytes(whole)
    assert metrics(output) == metrics(whole)


@pytest.mark.parametrize("name", ["tuned", "tuned.gguf"])
def test_ctrl_c_leaves_the_place_of_the_model_free(tmp_path, name):
    output = tmp_path / name
    command = ("train", MODEL, "--data", PAIRS, "--output", output, "--full", "--epochs", 50)
    command = (*command, "--checkpoint", tmp_path / "checkpoint", "--resume")
    code, _ = interrupt(command, tmp_path / f"{name}.metrics.jsonl", 2)
    assert code == 130
    assert not output.exists()
    assert run_json(*command)["steps"] == 250
    assert adpo.Model(output).info.encoding == "F32"


def test_a_checkpoint_is_not_overwritten_by_accident(tmp_path):
    options = ("--checkpoint", tmp_path / "checkpoint", "--epochs", 1)
    run_json(*train(tmp_path / "output", *options))
    again = run(*train(tmp_path / "output", *options))
    assert again.returncode == 1
    assert "add --resume" in again.stderr
    other = run(*train(tmp_path / "output", *options, "--resume", "--beta", 0.3))
    assert other.returncode == 1
    assert "beta is 0.3 here and 0.1 there" in other.stderr


def make(model, pairs, **options):
    return adpo.Trainer(model, pairs, epochs=4, batch_size=2, learning_rate=1e-3, **options)


def test_a_trainer_is_saved_and_restored(model, pairs, tmp_path):
    whole = make(model, pairs)
    losses = [entry.loss for entry in whole]
    first = make(model, pairs)
    first.step()
    first.accumulate()
    first.save(tmp_path / "checkpoint")
    second = make(model, pairs)
    second.restore(tmp_path / "checkpoint")
    assert second.info.steps_done == 1
    np.testing.assert_array_equal(second.gradients, first.gradients)
    assert [entry.loss for entry in second] == losses[1:]
    for trainer, name in ((whole, "a"), (second, "b")):
        trainer.adapter().save(tmp_path / name)
    assert adapter_bytes(tmp_path / "a") == adapter_bytes(tmp_path / "b")
    with pytest.raises(adpo.InvalidArgumentError, match=r"weight_decay is 0\.5 here"):
        make(model, pairs, weight_decay=0.5).restore(tmp_path / "checkpoint")
    with pytest.raises(FileNotFoundError):
        second.restore(tmp_path / "nothing")
    with pytest.raises(adpo.FormatError):
        second.restore(PAIRS)


def test_a_run_evaluates_and_stops_early(model, pairs):
    held_out = adpo.Dataset(model)
    for topic in ("the door", "the window"):
        held_out.add(f"May I see {topic}?", f" No, {topic} is shut.", f" Yes, here is {topic}.")
    trainer = make(model, pairs)
    seen = []
    trainer.run(
        lambda entry: seen.append((entry.step, "loss")),
        lambda entry: seen.append((entry.step, "eval_loss")),
        evaluation=held_out,
        evaluation_steps=1,
        patience=2,
        keep_best=True,
    )
    assert seen == [(step, kind) for step in (1, 2, 3) for kind in ("loss", "eval_loss")]
    info = trainer.info
    assert (info.steps_done, info.best_step) == (3, 1)
    assert trainer.evaluate(held_out).loss == info.best_loss
    best = make(model, pairs)
    best.step()
    assert best.evaluate(held_out).loss == info.best_loss


def test_an_evaluation_can_stop_the_run(model, pairs):
    trainer = make(model, pairs)
    trainer.run(on_evaluation=lambda _: True, evaluation=pairs, evaluation_steps=3)
    assert trainer.info.steps_done == 3


@pytest.mark.parametrize(
    "options",
    [
        {"evaluation_steps": 1},
        {"patience": 1},
        {"keep_best": True},
        {"checkpoint_steps": 1},
        {"checkpoint_steps": -1},
        {"checkpoint": ""},
    ],
)
def test_bad_runs_are_refused(model, pairs, options):
    with pytest.raises(ValueError):
        make(model, pairs).run(**options)
