"""The command lines of the workers."""

from __future__ import annotations

import sys
from pathlib import Path

from work import Pairs

HERE = Path(__file__).resolve().parent


def script(name: str, *arguments: object) -> list[str]:
    return [sys.executable, str(HERE / name), *map(str, arguments)]


def ours(work: str, model: Path, dtype: str = "auto", **options: object) -> list[str]:
    rest = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    return script("ours.py", work, model, "--dtype", dtype, *rest)


def ours_train(model: Path, dtype: str, shape: Pairs, **options: object) -> list[str]:
    sizes = {"prompt": shape.prompt, "response": shape.response, "batch": shape.batch}
    # Of no more pairs than a batch, the reference log-probs are known after the first update.
    return ours("train", model, dtype, **{**sizes, "pairs": shape.batch, **options})
