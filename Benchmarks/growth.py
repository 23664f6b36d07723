"""How time and memory of libadpo's updates grow: with tokens, with pairs, with the model."""

from __future__ import annotations

from pathlib import Path

import cache
import commands
import flops
import peak as machine
import report
import synthetic
from bench import measure
from work import QUICK, Pairs

DTYPE = "bf16"
TOKENS = (32, 64) if QUICK else (128, 256, 512, 1024, 2048, 4096)
DATASETS = (10, 100) if QUICK else (10, 10_000)
MODELS = ("1B",) if QUICK else ("1B", "8B")


def thirds(tokens: int, batch: int) -> Pairs:
    """A pair of so many tokens: a third prompt, roughly, a third each response."""
    response = tokens // 3
    return Pairs(tokens - 2 * response, response, batch)


def by_tokens(model: Path) -> str:
    rows = []
    for tokens in TOKENS:
        result = measure(commands.ours_train(model, DTYPE, thirds(tokens, batch=1)), 2)
        milliseconds = report.number(1e6 * result.seconds / tokens)
        cells = [report.number(result.seconds), milliseconds, report.number(result.peak_megabytes)]
        rows.append([f"{tokens:,}", *cells])
    return report.table(["tokens in the pair", "s", "ms for 1,000 tokens", "peak memory, MB"], rows)


def by_pairs(model: Path) -> str:
    rows = []
    for pairs in DATASETS:
        command = commands.ours_train(model, DTYPE, thirds(192, batch=4), pairs=pairs)
        result = measure(command, 2)
        cells = [report.number(result.rate), report.number(result.peak_megabytes)]
        rows.append([f"{pairs:,}", *cells])
    return report.table(["pairs in the dataset", "pairs/s, first epoch", "peak memory, MB"], rows)


def by_model(peak: machine.Peak) -> str:
    rows = []
    pairs = thirds(24, batch=1) if QUICK else thirds(384, batch=1)
    for name in MODELS:
        model, shape = synthetic.make(name), synthetic.SHAPES[name]
        result = measure(commands.ours_train(model, DTYPE, pairs), 1)
        share = peak.share(DTYPE, flops.training(shape, pairs), result.seconds)
        generated = measure(commands.ours("generate", model), 1)
        rows.append(
            [
                f"{shape.linear + shape.head:,}",
                f"{model.stat().st_size * 1e-6:,.0f}",
                report.number(result.seconds),
                report.number(pairs.tokens / result.seconds),
                report.percent(share),
                report.number(result.peak_megabytes),
                report.number(generated.rate),
            ]
        )
    update = f"s an update of 1 pair of {pairs.tokens} tokens"
    head = ["parameters, Q4_K", "file, MB", update, "tokens/s", "share of peak", "peak memory, MB"]
    return report.table([*head, "generation, tokens/s"], rows)


def main() -> None:
    peak = machine.measure()
    model = cache.smollm2()
    body = [
        report.conditions("make bench-growth", peak, [f"Updates compute in {DTYPE}."]),
        by_tokens(model),
        by_pairs(model),
        by_model(peak),
    ]
    report.publish("Growth", "\n\n".join(body))


if __name__ == "__main__":
    main()
