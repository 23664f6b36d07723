"""The fixtures of the repository, and the command as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import adpo

ROOT = Path(__file__).resolve().parents[3]
FIXTURES = ROOT / "Tests" / "Fixtures"
MODEL = FIXTURES / "models" / "llama-f32"
PAIRS = FIXTURES / "pairs.jsonl"


@pytest.fixture(scope="session")
def model():
    return adpo.Model(MODEL)


@pytest.fixture
def session(model):
    with adpo.Session(model) as session:
        yield session


@pytest.fixture
def pairs(model):
    """A dataset in which the response that says yes is always the chosen one."""
    dataset = adpo.Dataset(model)
    for topic in ("the door", "the window", "the garden", "the letter"):
        dataset.add(f"May I see {topic}?", f" Yes, here is {topic}.", f" No, {topic} is shut.")
    return dataset


@pytest.fixture
def trainer(model, pairs):
    objective = adpo.Objective("adaptive:4")
    return adpo.Trainer(model, pairs, objective, epochs=4, batch_size=2, learning_rate=1e-3)


def run(*arguments, **environment):
    """Run `python -m adpo`; the result has returncode, stdout and stderr."""
    return subprocess.run(
        [sys.executable, "-m", "adpo", *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=120,
    )


def run_json(*arguments):
    """Run a command with --json; exactly one JSON object is what it prints."""
    result = run(*arguments, "--json")
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("\n") == 1
    return json.loads(result.stdout)


def interrupt(command, metrics, lines=1):
    """Send a command Ctrl-C once it has written so many lines of metrics.

    Returns
    -------
    code : int
    shown : str
        What it wrote to standard error.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "adpo", *map(str, command)],
        stderr=subprocess.PIPE,
        text=True,
        # What runs in the background of a shell ignores SIGINT, and so would its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        if metrics.exists() and metrics.read_bytes().count(b"\n") >= lines:
            break
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    try:
        _, shown = process.communicate(timeout=60)
    finally:
        process.kill()
    return process.returncode, shown
