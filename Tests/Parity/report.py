"""Tables of docs/parity.md: each check replaces its own section."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs/parity.md"
INTRODUCTION = """# Parity

What other programs make of the same files and numbers. `make parity` writes this page, on demand:
it installs PyTorch and llama.cpp.
"""
TOO_FAR = " **too far**"


def cell(difference: float, ok: bool) -> str:
    """A difference, marked where it is too large."""
    return f"{difference:.1e}" + ("" if ok else TOO_FAR)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Markdown."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [head, ["---"] * len(head), *rows])


def versions(*packages: str) -> str:
    return ", ".join(f"{name} {version(name)}" for name in packages)


def publish(title: str, body: str) -> None:
    """Print a section, put it into the page in place of the last such, and end the check."""
    print(f"\n## {title}\n\n{body}")
    text = PAGE.read_text() if PAGE.exists() else INTRODUCTION
    sections = dict(part.split("\n", 1) for part in text.split("\n## ")[1:])
    sections[title] = f"\n{body}\n"
    parts = [INTRODUCTION, *(f"## {name}\n{text}" for name, text in sorted(sections.items()))]
    PAGE.write_text("\n".join(part.strip("\n") + "\n" for part in parts))
    failed = body.count(TOO_FAR)
    print(f"\n{failed} numbers are too far off" if failed else "\npassed")
    sys.exit(1 if failed else 0)
