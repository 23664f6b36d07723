"""The file of metrics that `adpo train` writes."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

from adpo.cli._output import finite
from adpo.metrics import Metrics


class MetricsLog:
    """The file of metrics, a JSON object a line.

    Parameters
    ----------
    path : Path
    steps_done : int
        Lines of later steps, which a run left that was killed after its checkpoint, are removed.
    """

    def __init__(self, path: Path, steps_done: int) -> None:
        kept = path.with_name(path.name + ".new")
        kept.write_text("".join(_lines(path, steps_done)) if steps_done else "", encoding="utf-8")
        kept.replace(path)
        self._path = path
        self._file = path.open("a", encoding="utf-8")

    def write(self, metrics: Metrics) -> None:
        """Add a line, and see that it is in the file before the run goes on."""
        values = {
            name: finite(value) if isinstance(value, float) else value
            for name, value in metrics.trl().items()
        }
        try:
            self._file.write(json.dumps(values, allow_nan=False) + "\n")
            self._file.flush()
        except OSError as error:
            with contextlib.suppress(OSError):  # it tries to write once more
                self._file.close()
            raise OSError(f"cannot write {self._path} ({error.strerror})") from error

    def close(self) -> None:
        """End the file."""
        self._file.close()


def _lines(path: Path, steps: int) -> list[str]:
    """Give the whole lines of a file of metrics, up to a step."""
    if not path.exists():
        return []
    kept = []
    for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
        try:
            if line.endswith("\n") and json.loads(line)["step"] <= steps:
                kept.append(line)
        except (ValueError, KeyError, TypeError):
            continue  # cut off when the process was killed
    return kept
