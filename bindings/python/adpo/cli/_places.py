"""Where commands write: looked at before the work is done, which takes long."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from adpo.errors import InvalidArgumentError
from adpo.model import encodings


def add_encoding(command: argparse.ArgumentParser, help_text: str) -> None:
    """Add the option that says how a model's weights are written."""
    command.add_argument(
        "--encoding", type=str.upper, choices=encodings(), metavar="E", help=help_text
    )


def prepare_directory(path: Path, option: str) -> None:
    """Make a directory, and see that files can be written there."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise OSError(
            f"cannot write into {path} ({error.strerror}): choose another {option}"
        ) from error


def check_file(path: str | Path, option: str) -> None:
    """See that a file can be written there."""
    place = Path(path)
    if place.is_dir():
        raise InvalidArgumentError(f"{option} {path} is a directory: name a file")
    try:
        with tempfile.TemporaryFile(dir=place.parent):
            pass
    except OSError as error:
        raise OSError(
            f"{option} {path} cannot be written ({error.strerror}): choose another place"
        ) from error


def check_model(path: str, source: str, encoding: str | None, option: str) -> None:
    """See that a model of this encoding can be written there, and not over its source."""
    output = Path(path)
    if output.exists() and output.samefile(source):
        raise InvalidArgumentError(f"{option} {path} is the model itself: choose another place")
    if output.suffix == ".gguf":
        check_file(output, option)
        return
    if encoding and encoding not in encodings()[:3]:
        raise InvalidArgumentError(
            f"--encoding {encoding} is for GGUF files: choose F32, F16 or BF16, "
            f"or an {option} that ends in .gguf"
        )
    if output.exists() and not output.is_dir():
        raise InvalidArgumentError(f"{option} {path} is a file: name a new directory")
    if output.exists() and any(output.iterdir()):
        raise InvalidArgumentError(f"{option} {path} is not empty: choose another, or empty it")
