"""What a run would see, from Python and on the command line."""

import json
import os
import pty
import subprocess
import sys

import numpy as np
import pytest

import adpo
from adpo.cli import inspection as command
from conftest import MODEL, PAIRS, run, run_json


def test_it_shows_what_is_scored(model):
    rows = [{"prompt": "Say.", "chosen": " Yes.\n汉", "rejected": " No.\nNo!\nNo?"}]
    dataset = adpo.Dataset(model, rows)
    dataset.set_weights(0, np.full(len(dataset[0].chosen), 0.5), np.ones(len(dataset[0].rejected)))
    report = adpo.inspect(model, dataset, adpo.Objective("lines"), measure_time=False)
    example = report.examples[0]
    assert "".join(token.text for token in example.prompt).endswith("Say.")
    texts = ["".join(token.text for token in segment) for segment in example.chosen.segments]
    assert texts == [" Yes.\n", "汉" + model.detokenize([model.eos])]
    assert {token.weight for token in example.chosen.segments[0]} == {0.5}
    ids = [token.id for segment in example.rejected.segments for token in segment]
    assert ids == dataset[0].rejected.tolist()
    assert report.segments.maximum == 2 and report.time is None
    assert report.chosen_tokens.mean == len(dataset[0].chosen)
    assert report.warnings == []


def test_it_tells_what_truncation_removes(model):
    dataset = adpo.Dataset(model)
    dataset.add("Hi.", " Yes." * 99, " No.")
    dataset.add("Hi." * 99, " Yes.", " No.")
    report = adpo.inspect(model, dataset, max_length=50, measure_time=False)
    assert (report.pairs, report.dropped, report.truncated) == (2, 1, 1)
    chosen = report.examples[0].chosen
    kept = "".join(token.text for segment in chosen.segments for token in segment)
    assert (kept + chosen.removed).startswith(" Yes." * 99)
    assert report.removed_tokens == len(dataset[0].chosen) - sum(map(len, chosen.segments))
    assert [(warning.kind, warning.pairs) for warning in report.warnings] == [
        ("dropped", [1]),
        ("truncated", [0]),
    ]


def test_it_estimates_time_and_memory(model, pairs):
    report = adpo.inspect(model, pairs, epochs=3, batch_size=2)
    assert report.time.run >= 3 * report.time.epoch > 0
    trainer = adpo.Trainer(model, pairs)
    assert report.memory.parameters == 4 * trainer.info.parameters
    total = sum(
        getattr(report.memory, name)
        for name in (
            *("weights", "activations", "parameters"),
            *("gradients", "optimizer", "references"),
        )
    )
    assert report.memory.total == total


def test_it_refuses_what_a_trainer_refuses(model, pairs):
    with pytest.raises(adpo.InvalidArgumentError, match="no segments"):
        adpo.inspect(model, pairs, adpo.Objective("custom"))
    with pytest.raises(adpo.InvalidArgumentError, match="granularity"):
        adpo.inspect(model, pairs, adpo.Objective("words"))
    with pytest.raises(adpo.InvalidArgumentError, match="no pairs"):
        adpo.inspect(model, adpo.Dataset(model))
    with pytest.raises(adpo.InvalidArgumentError, match="max"):
        adpo.inspect(model, pairs, max_length=0)


def test_the_command_prints_it():
    result = run("inspect", MODEL, PAIRS, "--granularity", "adaptive:3", "--examples", 1)
    assert result.returncode == 0, result.stderr
    assert "granularity adaptive:3" in result.stdout
    assert "pair 1, 3 segments" in result.stdout
    assert "pair 2," not in result.stdout
    chosen = next(line for line in result.stdout.splitlines() if line.startswith("    chosen"))
    assert command.BOUNDARY in chosen
    assert "memory  about" in result.stdout and "time    about" in result.stdout
    assert "\x1b" not in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 100


def test_the_command_warns(tmp_path):
    path = tmp_path / "pairs.jsonl"
    row = {"prompt": "Hi.", "chosen": " Yes.\nYes.", "rejected": " No. " * 99}
    path.write_text((json.dumps(row) + "\n") * 2, encoding="utf-8")
    result = run("inspect", MODEL, path, "--max-length", 40, "--no-time")
    assert "warning  1 pair: the same prompt" in result.stdout
    assert "warning  2 pairs: a response loses its end" in result.stdout
    assert " Yes.\\nYes." in result.stdout
    assert "cut off" in result.stdout
    assert "time    about" not in result.stdout


def test_the_command_as_json(model):
    found = run_json("inspect", MODEL, PAIRS, "--no-time", "--examples", 0)
    dataset = adpo.Dataset(model)
    dataset.load_jsonl(PAIRS)
    assert found["pairs"] == len(dataset)
    assert found["examples"] == [] and found["time"] is None
    assert found["segments"] == {"minimum": 1, "mean": 1.0, "maximum": 1}


def test_colors_on_a_terminal():
    main, other = pty.openpty()
    line = [sys.executable, "-m", "adpo", "inspect", str(MODEL), str(PAIRS), "--no-time"]
    process = subprocess.Popen(line, stdout=other)
    os.close(other)
    shown = b""
    try:
        while chunk := os.read(main, 100_000):
            shown += chunk
    except OSError:
        pass
    os.close(main)
    assert process.wait(timeout=60) == 0
    assert b"\x1b[32m" in shown


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        (2, ["inspect", MODEL]),
        (2, ["inspect", MODEL, PAIRS, "--granularity", "delimiter:"]),
        (1, ["inspect", MODEL, "/nowhere.jsonl"]),
        (1, ["inspect", MODEL, PAIRS, "--granularity", "custom"]),
        (1, ["inspect", MODEL, PAIRS, "--max-length", "1"]),
        (1, ["inspect", MODEL, PAIRS, "--epochs", "-1"]),
    ],
)
def test_errors_are_one_line(code, arguments):
    result = run(*arguments)
    assert (result.returncode, result.stdout) == (code, "")
    assert result.stderr.startswith("adpo: error: ") and result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("", 5, [""]),
        ("ab cd ef", 5, ["ab cd", "ef"]),
        ("ab  cd   ef", 5, ["ab", "cd", "ef"]),
        ("abcdefghijk", 5, ["abcde", "fghij", "k"]),
        ("   a", 5, ["   a"]),
    ],
)
def test_wrapping_keeps_the_words(text, width, lines):
    assert command._wrapped(text, width) == lines
