"""Tables, printed and written into docs/benchmarks.md: each command replaces its own section."""

from __future__ import annotations

import datetime
import os
import platform
from collections.abc import Sequence
from pathlib import Path

import work
from cache import ROOT
from peak import Peak

PAGE = ROOT / "docs/benchmarks.md"


def number(value: float | None) -> str:
    """Three digits, or more where the whole part has more."""
    if value is None:
        return ""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.0f} %"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Markdown; all columns but the first to the right."""
    marks = ["---"] + ["---:"] * (len(head) - 1)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [head, marks, *rows])


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def conditions(command: str, peak: Peak, versions: Sequence[str]) -> str:
    """Where, when and with what."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    kinds = [("f32", peak.f32), ("bf16", peak.bf16), ("int8", peak.int8)]
    known = [f"{name} {value:,.0f}" for name, value in kinds if value]
    lines = [
        f"`{command}`, {datetime.date.today()}. {processor()}, {peak.cores} cores, "
        f"{memory:.0f} GiB; {platform.system()}, Python {platform.python_version()}.",
        f"Measured peak of all cores: {', '.join(known)} GFLOP/s (int8: Gop/s); "
        f"memory read {peak.read:.0f} GB/s.",
        *dict.fromkeys(versions),
    ]
    return "\n\n".join(lines)


def publish(title: str, body: str) -> None:
    """Print a section and put it into the page, in place of the one of this title."""
    print(f"\n## {title}\n\n{body}")
    if work.QUICK:
        return
    parts = PAGE.read_text().split("\n## ")
    section = f"{title}\n\n{body}\n"
    places = [i for i, part in enumerate(parts) if part.partition("\n")[0] == title]
    if places:
        parts[places[0]] = section
    else:
        parts.append(section)
    PAGE.write_text("\n## ".join(part.strip("\n") + "\n" for part in parts))
