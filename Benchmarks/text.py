"""The text that tokenizers are measured with: prose, code and data of this repository."""

from __future__ import annotations

from cache import ROOT


def corpus() -> str:
    """About a megabyte."""
    paths = [*ROOT.glob("Sources/**/*.swift"), *ROOT.glob("Sources/**/*.[ch]")]
    paths += [*ROOT.glob("docs/*.md"), *ROOT.glob("examples/data/*.jsonl")]
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(paths))
