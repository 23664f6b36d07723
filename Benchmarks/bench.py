"""Measure libadpo alone: print tables, and write them into docs/benchmarks.md."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cache
import commands
import flops
import peak as machine
import report
import work
from turns import Result, alternate, fresh

TURNS = 1 if work.QUICK else 5
DTYPES = ("f32", "bf16")
SHAPES = {
    "a training step": work.BALANCED,
    "the same, long prompts": work.PROMPT_HEAVY,
    "the same, short prompts": work.PROMPT_LIGHT,
}


def measure(command: list[str], turns: int = TURNS) -> Result:
    (result,) = alternate([command], turns)
    return result


def products(model: Path, peak: machine.Peak) -> str:
    """Scoring and training: what large products decide."""
    rows = []

    def add(name: str, dtype: str, result: Result, unit: str, operations: float) -> None:
        share = report.percent(peak.share(dtype, operations, result.seconds))
        rate = f"{report.number(result.rate)} {unit}"
        seconds, memory = report.number(result.seconds), report.number(result.peak_megabytes)
        rows.append([name, dtype, seconds, rate, share, memory])

    for dtype in DTYPES:
        scored = measure(commands.ours("score", model, dtype))
        operations = flops.scoring(flops.SMOLLM2, work.SCORED)
        add(f"scoring {work.SCORED} tokens", dtype, scored, "tokens/s", operations)
        for name, shape in SHAPES.items():
            sizes = f"{shape.batch} x ({shape.prompt} + {shape.response} + {shape.response})"
            result = measure(commands.ours_train(model, dtype, shape), min(TURNS, 3))
            operations = flops.training(flops.SMOLLM2, shape)
            add(f"{name}: {sizes}", dtype, result, "pairs/s", operations)
        shape = work.BALANCED
        many = commands.ours_train(model, dtype, shape, pairs=shape.batch * 10)
        operations = flops.training(flops.SMOLLM2, shape) + flops.reference(flops.SMOLLM2, shape)
        first = measure(many, min(TURNS, 3))
        add("a training step of the first epoch", dtype, first, "pairs/s", operations)
    return report.table(["", "dtype", "s", "rate", "share of peak", "peak memory, MB"], rows)


def generation(models: dict[str, Path], peak: machine.Peak) -> str:
    """One sequence: what reading the weights decides."""
    rows = []
    for name, model in models.items():
        result = measure(commands.ours("generate", model), min(TURNS, 3))
        share = result.rate * result.last["weight_bytes"] * 1e-9 / peak.read
        memory = report.number(result.peak_megabytes)
        rows.append([name, report.number(result.rate), report.percent(share), memory])
    return report.table(["generation", "tokens/s", "share of memory read", "peak memory, MB"], rows)


def gemma3(model: Path) -> str:
    """A small model with a large vocabulary: its head is two thirds of its weights."""
    rows = []
    shape = work.BALANCED
    for name, dtype, command, unit in (
        (
            f"scoring {work.SCORED} tokens",
            "bf16",
            commands.ours("score", model, "bf16"),
            "tokens/s",
        ),
        (
            f"a training step: {shape.batch} x ({shape.prompt} + 2 x {shape.response})",
            "bf16",
            commands.ours_train(model, "bf16", shape),
            "pairs/s",
        ),
        ("generation", "auto", commands.ours("generate", model), "tokens/s"),
    ):
        result = measure(command, min(TURNS, 3))
        rate = f"{report.number(result.rate)} {unit}"
        memory = report.number(result.peak_megabytes)
        rows.append([name, dtype, report.number(result.seconds), rate, memory])
    name, seconds, _ = start(model)
    rows.append([name, "", seconds, "", ""])
    head = ["Gemma 3 270M, Q4_K_M", "dtype", "s", "rate", "peak memory, MB"]
    return report.table(head, rows)


def start(model: Path) -> list[str]:
    """From before the Python process is there to the first log-prob."""
    (answers,) = fresh([commands.ours("first", model)], TURNS)
    seconds = statistics.median(answer["done"] - answer["started"] for answer in answers)
    return ["start of Python to the first log-prob", f"{report.number(seconds)} s", ""]


def tokenizing(model: Path) -> list[str]:
    result = measure(commands.ours("tokenize", model))
    memory = report.number(result.peak_megabytes)
    return ["tokenizing", f"{report.number(result.rate)} MB/s", memory]


def tuning(model: Path) -> list[str]:
    """The whole job: `adpo train` from the start of the process to the adapter on disk."""
    data = cache.ROOT / "examples/data/preferences.jsonl"
    paths = [str(cache.ROOT / "bindings/python"), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "adpo", "train", str(model), "--data", str(data)]
        options = ["--output", f"{folder}/tuned", "--epochs", "1" if work.QUICK else "3"]
        started = time.perf_counter()
        process = subprocess.Popen([*command, *options], env=environment, stdout=2)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit("bench: adpo train failed")
    pairs = len(data.read_text().splitlines())
    name = f"tuning on {pairs} pairs, 3 epochs: `adpo train`, start to adapter on disk"
    return [name, f"{report.number(seconds)} s", report.number(usage.ru_maxrss / 1024)]


def main() -> None:
    model = cache.smollm2()
    peak = machine.measure()
    models = {"Q4_1": model, **{name: path for name, path in cache.FILES.items() if path.exists()}}
    version = measure(commands.ours("score", model), 1).last
    body = [
        report.conditions("make bench", peak, [f"{version['build']}."]),
        products(model, peak),
        generation(models, peak),
        gemma3(cache.gemma3()),
        report.table(["", "", "peak memory, MB"], [start(model), tokenizing(model), tuning(model)]),
    ]
    report.publish("libadpo alone", "\n\n".join(body))


if __name__ == "__main__":
    main()
