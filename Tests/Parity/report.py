"""Tables of docs/parity.md: each check replaces its own section."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs/parity.md"
INTRODUCTION = """# Parity

What other programs make of the same files and numbers. `make parity` writes this page, on demand:
it installs PyTorch and llama.cpp. Differences are absolute, of natural log-probs.
"""


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Markdown."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [head, ["---"] * len(head), *rows])


def versions(*packages: str) -> str:
    return ", ".join(f"{name} {version(name)}" for name in packages)


def publish(title: str, body: str) -> None:
    """Print a section and put it into the page, in place of the one of this title."""
    print(f"\n## {title}\n\n{body}")
    text = PAGE.read_text() if PAGE.exists() else INTRODUCTION
    parts = [part for part in text.split("\n## ") if part.partition("\n")[0] != title]
    parts.append(f"{title}\n\n{body}\n")
    PAGE.write_text("\n## ".join(part.strip("\n") + "\n" for part in parts))
