"""The study: sample pairs, tune at each granularity and beta with each seed, and report.

python study.py MODEL.gguf

Each run's result is a file in build/study; what is there is not done again.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import report
import sample
from train import Settings

GRANULARITIES = ("response", "static:8", "adaptive:4", "token")
BETAS = (1.0,)
SEEDS = (1, 2, 3)
HERE = Path(__file__).resolve().parent


def runs() -> Iterator[Settings]:
    """All runs, seed by seed, so that what slows the machine slows all granularities."""
    yield Settings("none")
    for seed in SEEDS:
        for beta in BETAS:
            for granularity in GRANULARITIES:
                yield Settings(granularity, beta, seed)


def name(settings: Settings) -> str:
    """Give the name of the file with the result."""
    fields = [str(value) for value in asdict(settings).values()]
    return "-".join(fields).replace(":", "") + ".json"


def start(script: str, *arguments: str) -> None:
    """Start a script as a process of its own; end when it fails."""
    if subprocess.run([sys.executable, str(HERE / script), *arguments]).returncode != 0:
        sys.exit(f"study: {script} {' '.join(arguments)} failed")


def main() -> None:
    """Do what is missing, and report."""
    model = sys.argv[1]
    start("sample.py", model, "train", "held-out")
    for settings in runs():
        result = sample.FOLDER / name(settings)
        if not result.exists():
            began = time.monotonic()
            start("train.py", model, str(result), json.dumps(asdict(settings)))
            print(f"{result.stem}: {time.monotonic() - began:.0f} s", flush=True)
    results = [json.loads((sample.FOLDER / name(settings)).read_text()) for settings in runs()]
    report.write(results)


if __name__ == "__main__":
    main()
