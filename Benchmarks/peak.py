"""The most that this machine can do, measured by peak.c; in 1e9 operations or bytes a second."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Peak:
    """None where the processor has no such instruction."""

    f32: float
    bf16: float | None
    int8: float | None
    read: float
    cores: int

    def share(self, dtype: str, operations: float, seconds: float) -> float | None:
        """Of the peak of this kind's instruction."""
        peak = {"f32": self.f32, "bf16": self.bf16, "int8": self.int8}[dtype]
        return operations / seconds * 1e-9 / peak if peak else None


def measure() -> Peak:
    # clang first: gcc copies the sums of int8 about.
    compiler = shutil.which("clang") or shutil.which("cc")
    if compiler is None:
        sys.exit("bench: no C compiler; install clang or gcc")
    with tempfile.TemporaryDirectory() as folder:
        program = f"{folder}/peak"
        source = Path(__file__).with_suffix(".c")
        options = ["-O3", "-march=native", "-ffp-contract=fast", "-pthread"]
        subprocess.run([compiler, *options, str(source), "-o", program], check=True)
        output = subprocess.run([program], check=True, stdout=subprocess.PIPE).stdout
    return Peak(**json.loads(output))
