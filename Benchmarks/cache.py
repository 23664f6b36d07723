"""Where the models of the benchmarks are; models.py and synthetic.py make them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "libadpo/bench"

DIRECTORIES = {name: FOLDER / f"SmolLM2-135M-Instruct-{name}" for name in ("F32", "BF16")}
FILES = {name: FOLDER / f"SmolLM2-135M-Instruct.{name}.gguf" for name in ("F32", "BF16", "Q8_0")}
# An adapter that changes nothing yet: libadpo and TRL start from the same.
START = FOLDER / "start"


def smollm2() -> Path:
    """SmolLM2-135M-Instruct in Q4_1, fetched when it is not there."""
    return fetched("smollm2")


def gemma3() -> Path:
    """Gemma 3 270M in Q4_K_M, fetched when it is not there."""
    return fetched("gemma3-270m")


def fetched(name: str) -> Path:
    command = [sys.executable, str(ROOT / "scripts/fetch-model"), name]
    return Path(
        subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    )


def synthetic(name: str) -> Path:
    return FOLDER / f"synthetic-{name}.Q4_K.gguf"


def once(target: Path, make: Callable[[Path], None]) -> None:
    """Make a file or directory that is missing, under another name until it is whole."""
    if target.exists():
        return
    print(f"making {target}", file=sys.stderr)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"part-{target.name}")
    if part.is_dir():
        shutil.rmtree(part)
    make(part)
    part.rename(target)
