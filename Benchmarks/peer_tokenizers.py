"""Measure the package `tokenizers`: a worker of turns.py. python peer_tokenizers.py DIRECTORY."""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import Any

from tokenizers import Tokenizer

from text import corpus
from turns import Worker


def main() -> None:
    worker = Worker()
    tokenizer = Tokenizer.from_file(f"{sys.argv[1]}/tokenizer.json")
    text = corpus()

    def work() -> dict[str, Any]:
        return {"count": len(text.encode()) * 1e-6, "tokens": len(tokenizer.encode(text).ids)}

    worker.repeat(work)
    worker.end(version=f"tokenizers {version('tokenizers')}")


main()
