"""The printing of the commands."""

from __future__ import annotations

import json
import math
from typing import Any


def finite(number: float) -> float | None:
    """Give the number, or None: JSON has no NaN."""
    return number if math.isfinite(number) else None


def print_json(**values: Any) -> None:
    """Print one JSON object on a line."""
    print(json.dumps(values, allow_nan=False))


def print_table(**values: Any) -> None:
    """Print a line for each value, the names aligned."""
    width = max(map(len, values))
    for name, value in values.items():
        shown = value
        if isinstance(value, int):
            shown = f"{value:,}"
        elif isinstance(value, float):
            shown = f"{value:.6g}"
        print(f"{name.replace('_', ' '):{width}}  {shown}")
