"""The files of pairs that commands read."""

from __future__ import annotations

from adpo.dataset import Dataset
from adpo.model import Model


def load(model: Model, path: str) -> Dataset:
    """Read a Parquet file if the name says so, and JSON Lines otherwise."""
    pairs = Dataset(model)
    if path.endswith(".parquet"):
        pairs.load_parquet(path)
    else:
        pairs.load_jsonl(path)
    return pairs
