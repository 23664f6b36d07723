"""The command `adpo`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from adpo._library import build_info, set_num_threads
from adpo.cli import export, inference, inspection, training
from adpo.errors import AdpoError


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        print(f"adpo: error: {message} (see {self.prog} --help)", file=sys.stderr)
        sys.exit(2)


class _Version(argparse.Action):
    def __call__(self, *_: object) -> NoReturn:
        print(build_info())
        sys.exit(0)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="adpo", description="Score, generate with and tune language models.")
    parser.add_argument(
        "--version", action=_Version, nargs=0, help="of the library, and how it computes"
    )
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("model", metavar="MODEL", help="Hugging Face directory or GGUF file")
    shared.add_argument("--json", action="store_true", help="print one JSON object")
    shared.add_argument("--threads", type=int, default=0, metavar="N", help="0 for all cores (0)")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    inference.add_commands(commands, shared)
    inspection.add_command(commands, shared)
    training.add_command(commands, shared)
    export.add_command(commands, shared)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Returns
    -------
    int
        The exit code: 0, 1 for an error, 2 for wrong usage, 130 after Ctrl-C.
    """
    sys.stdout.reconfigure(errors="replace")
    sys.stderr.reconfigure(errors="replace")
    try:
        options = _parser().parse_args(arguments)
        set_num_threads(options.threads)
        code = options.run(options)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        print("adpo: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of our output is gone; leave nothing for the interpreter to flush to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (AdpoError, OSError, ImportError, MemoryError) as error:
        message = " ".join((str(error) or type(error).__name__).split())
        print(f"adpo: error: {message}", file=sys.stderr)
        return 1
