"""The progress bar of `adpo train`."""

from __future__ import annotations

import sys

from adpo.metrics import Metrics


class Progress:
    """A bar on standard error, if that is a terminal.

    Parameters
    ----------
    steps : int
        Steps in the whole run.
    """

    WIDTH = 24

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._shown = sys.stderr.isatty()

    def update(self, metrics: Metrics) -> None:
        """Show how far the run is, and how it goes."""
        if not self._shown:
            return
        done = self.WIDTH * metrics.step // max(self._steps, 1)
        bar = "#" * done + "." * (self.WIDTH - done)
        rate = metrics.tokens / metrics.seconds if metrics.seconds > 0 else 0
        sys.stderr.write(
            f"\r[{bar}] {metrics.step}/{self._steps}  loss {metrics.loss:.4f}  "
            f"margin {metrics.rewards_margin:+.3f}  {rate:.0f} tokens/s\x1b[K"
        )
        sys.stderr.flush()

    def end(self) -> None:
        """Leave the bar and begin a new line."""
        if self._shown:
            sys.stderr.write("\n")
            self._shown = False
