"""Measure libadpo and its peers by turns, print the ratios, and write them into the page."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from pathlib import Path

import cache
import commands
import flops
import peak as machine
import report
import work
from turns import Result, alternate, fresh

QUICK = work.QUICK
GGUF = {"F32": cache.FILES["F32"], "BF16": cache.FILES["BF16"], "Q8_0": cache.FILES["Q8_0"]}
# Compute in the precision of the peer: llama.cpp rounds activations to suit quantized weights.
DTYPE = {"F32": "f32", "BF16": "bf16"}
# Bytes of activations with which a step on weights in F32 stays under 0.8 GB.
FRUGAL = 64 << 20
GENERATION_GOAL = {"Q8_0": "1.5", "Q4_1": "1.5", "Q4_K": "1.5"}
GEMMA3 = "Gemma 3 270M, Q4_K_M"


@dataclass
class Tables:
    """The rows so far, and which versions of the peers made them."""

    rows: list[list[str]] = field(default_factory=list)
    losses: list[list[str]] = field(default_factory=list)
    shares: list[list[str]] = field(default_factory=list)
    versions: list[str] = field(default_factory=list)

    def add(self, name: str, peer: str, ours: float, theirs: float, goal: str = "") -> None:
        """A row of something that is better when it is less."""
        numbers = [report.number(value) for value in (ours, theirs, theirs / ours)]
        self.rows.append([name, peer, *numbers, goal, "", ""])

    def compare(self, name: str, peer: str, ours: Result, theirs: Result, goal: str = "") -> None:
        """A row of rates, and the memory that the two needed."""
        rates = [
            report.number(value) for value in (ours.rate, theirs.rate, ours.rate / theirs.rate)
        ]
        memory = [report.number(result.peak_megabytes) for result in (ours, theirs)]
        self.rows.append([name, peer, *rates, goal, *memory])
        self.versions.append(theirs.last["version"])


def models() -> dict[str, Path]:
    """GGUF files by the name in the table."""
    others = {"Q4_1": cache.smollm2(), "Q4_K": cache.synthetic("small"), GEMMA3: cache.gemma3()}
    return {**GGUF, **others}


def inference(tables: Tables, name: str, unit: str, turns: int) -> None:
    """Scoring or generation beside transformers and llama.cpp, in each encoding."""
    for dtype, directory in (
        ("f32", cache.DIRECTORIES["F32"]),
        ("bf16", cache.DIRECTORIES["BF16"]),
    ):
        theirs = commands.script("peer_transformers.py", name, directory, dtype)
        results = alternate([commands.ours(name, directory, dtype), theirs], turns)
        tables.compare(f"{name}, {unit}, {dtype}", "transformers", *results)
    for encoding, model in models().items():
        ours = commands.ours(name, model, DTYPE.get(encoding, "auto"))
        results = alternate([ours, commands.script("peer_llama.py", name, model)], turns)
        goal = "2" if name == "score" else GENERATION_GOAL.get(encoding, "1")
        tables.compare(f"{name}, {unit}, {encoding}", "llama.cpp", *results, goal)


def training(tables: Tables, peak: machine.Peak, turns: int) -> None:
    """Updates beside TRL's, from the same adapter on the same pairs.

    With the reference log-probs precomputed TRL is at its best, and libadpo has them too: it keeps
    those of pairs that it has seen.
    """
    for dtype, goal in (("f32", "4"), ("bf16", "6")):
        directory = cache.DIRECTORIES[dtype.upper()]
        ours = commands.ours_train(directory, dtype, work.BALANCED, start=cache.START)
        best, other = (
            commands.script("peer_trl.py", directory, cache.START, dtype, reference)
            for reference in ("precomputed", "computed")
        )
        mine, theirs = alternate([ours, best], turns)
        tables.compare(f"train, pairs/s, {dtype}", "TRL, precomputed", mine, theirs, goal)
        memory = (mine.peak_megabytes, theirs.peak_megabytes)
        tables.add(f"its memory, MB, {dtype}", "TRL, precomputed", *memory, "10, under 800 MB")
        tables.compare(f"train, pairs/s, {dtype}", "TRL", *alternate([ours, other], turns))
        if dtype == "f32":
            frugal = commands.ours_train(
                directory, dtype, work.BALANCED, start=cache.START, activations=FRUGAL
            )
            name = f"train, pairs/s, {dtype}, {FRUGAL >> 20} MB of activations"
            tables.compare(name, "TRL, precomputed", *alternate([frugal, best], turns), goal)
        operations = flops.training(flops.SMOLLM2, work.BALANCED)
        share = report.percent(peak.share(dtype, operations, mine.seconds))
        tables.shares.append([f"train, {dtype}", share, "70 %"])
        # The weights of the bf16 model are rounded: what f32 makes of these is the measure.
        exact = commands.ours_train(directory, "f32", work.BALANCED, start=cache.START)
        add_losses(tables, dtype, mine, theirs, *alternate([exact], turns))


def add_losses(tables: Tables, dtype: str, ours: Result, theirs: Result, exact: Result) -> None:
    """The loss of each update, and how far it gets from that of libadpo in f32."""
    expected = [turn["loss"] for turn in exact.turns]
    for name, result in (("libadpo", ours), ("TRL", theirs)):
        losses = [turn["loss"] for turn in result.turns]
        distance = max(abs(a - b) for a, b in zip(losses, expected))
        shown = ", ".join(f"{loss:.4f}" for loss in losses)
        tables.losses.append([f"{name}, {dtype}", shown, f"{distance:.4f}"])


def start(tables: Tables, turns: int) -> None:
    """Whole processes: from before Python is there to the first log-prob; in starts a second."""
    model, directory = cache.smollm2(), cache.DIRECTORIES["F32"]
    runs = {
        "libadpo": commands.ours("first", model),
        "llama.cpp": commands.script("peer_llama.py", "first", model),
        "transformers": commands.script("peer_transformers.py", "first", directory, "f32"),
        f"libadpo, {GEMMA3}": commands.ours("first", cache.gemma3()),
        f"llama.cpp, {GEMMA3}": commands.script("peer_llama.py", "first", cache.gemma3()),
    }
    seconds = {
        name: statistics.median(answer["done"] - answer["started"] for answer in answers)
        for name, answers in zip(runs, fresh(list(runs.values()), turns))
    }
    for peer in ("llama.cpp", "transformers"):
        times = (seconds["libadpo"], seconds[peer])
        tables.add("start to first log-prob, s", peer, *times, "under 0.15 s")
    large = (seconds[f"libadpo, {GEMMA3}"], seconds[f"llama.cpp, {GEMMA3}"])
    tables.add(f"start to first log-prob, s, {GEMMA3}", "llama.cpp", *large, "under 0.35 s")


def tokenizing(tables: Tables, turns: int) -> None:
    theirs = commands.script("peer_tokenizers.py", cache.DIRECTORIES["F32"])
    results = alternate([commands.ours("tokenize", cache.smollm2()), theirs], turns)
    tables.compare("tokenize, MB/s", "tokenizers", *results)


def main() -> None:
    tables = Tables()
    peak = machine.measure()
    print(report.conditions("make bench-peers", peak, []), flush=True)
    inference(tables, "score", "tokens/s", 1 if QUICK else 5)
    inference(tables, "generate", "tokens/s", 1 if QUICK else 2)
    training(tables, peak, 1 if QUICK else 2)
    start(tables, 1 if QUICK else 3)
    tokenizing(tables, 1 if QUICK else 3)
    head = ["", "peer", "libadpo", "peer's", "ratio", "goal", "peak MB", "peer's"]
    versions = "; ".join(dict.fromkeys(tables.versions))
    body = [
        report.conditions("make bench-peers", peak, [f"{versions}."]),
        report.table(head, tables.rows),
        report.table(["losses", "", "distance from f32"], tables.losses),
        report.table(["", "share of peak", "goal"], tables.shares),
    ]
    report.publish("Beside its peers", "\n\n".join(body))


if __name__ == "__main__":
    main()
