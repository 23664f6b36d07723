"""Rows of preference data from Parquet files and from tables such as those of `datasets`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Callable

from adpo._marshal import PathLike
from adpo.errors import AdpoError, FormatError, InvalidArgumentError, NotFoundError, from_status

Row = Mapping[str, Any]

# The columns that make a row; others are not read.
COLUMNS = (
    "prompt",
    "chosen",
    "rejected",
    "completion",
    "label",
    "chosen_weights",
    "rejected_weights",
    "completion_weights",
    "tools",
    "chat_template_kwargs",
)


def read_parquet(path: PathLike) -> Iterator[Row]:
    """Give the rows of a Parquet file, a batch in memory at a time."""
    try:
        from pyarrow import ArrowException, parquet
    except ImportError as error:
        raise ImportError(
            f"reading {os.fspath(path)} needs pyarrow: pip install pyarrow"
        ) from error
    try:
        with parquet.ParquetFile(path) as file:
            columns = _known(file.schema_arrow.names, os.fspath(path))
            for batch in file.iter_batches(columns=columns, batch_size=1024):
                yield from batch.to_pylist()
    except FileNotFoundError as error:
        raise NotFoundError(f"{os.fspath(path)}: there is no such file") from error
    except ArrowException as error:
        raise FormatError(f"{os.fspath(path)} cannot be read as Parquet: {error}") from error


def read_table(rows: Iterable[Row]) -> Iterable[Row]:
    """Give the rows of anything; of a `datasets.Dataset`, with the columns that are needed."""
    names, select = getattr(rows, "column_names", None), getattr(rows, "select_columns", None)
    if not isinstance(names, list) or select is None:
        return rows
    return select(_known(names, "the table"))


def _known(names: list[str], source: str) -> list[str]:
    known = [name for name in names if name in COLUMNS]
    if not known:
        raise FormatError(
            f"{source} has none of the columns {', '.join(COLUMNS)}; it has {', '.join(names)}"
        )
    return known


def add_rows(rows: Iterable[Row], add: Callable[[Row], None], source: str = "") -> None:
    """Call `add` with each row; its errors say which row it was, counted from 1."""
    for number, row in enumerate(rows, 1):
        place = f"{source}, row {number}" if source else f"row {number}"
        if not isinstance(row, Mapping):
            raise InvalidArgumentError(
                f"{place} is a {type(row).__name__}, not a mapping from columns to values: give a "
                'list of dicts, one split of a DatasetDict, or a DataFrame\'s to_dict("records")'
            )
        try:
            add(row)
        except AdpoError as error:
            raise from_status(error.status, f"{place}: {error}") from error
