"""`adpo info`, `tokenize`, `score` and `generate`."""

from __future__ import annotations

import argparse
import dataclasses
from typing import Any

from adpo._dtype import DTYPES
from adpo.cli._output import finite, print_json, print_table
from adpo.description import describe
from adpo.model import Model
from adpo.session import Session


def add_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the four commands to the parser."""
    info = commands.add_parser(
        "info", parents=[shared], help="what a file is and what can be done with it"
    )
    info.set_defaults(run=_info)

    tokenize = commands.add_parser("tokenize", parents=[shared], help="text to token ids")
    tokenize.add_argument("--text", required=True)
    tokenize.add_argument("--no-special", action="store_true", help="add no BOS or other token")
    tokenize.add_argument(
        "--plain-text", action="store_true", help='read "<|im_end|>" and the like as plain text'
    )
    tokenize.set_defaults(run=_tokenize)

    score = commands.add_parser("score", parents=[shared], help="log-probs of a completion")
    score.add_argument("--prompt", required=True)
    score.add_argument("--completion", required=True)
    score.add_argument("--adapter", metavar="A", help="score with this adapter")
    add_dtype(score)
    score.set_defaults(run=_score)

    generate = commands.add_parser("generate", parents=[shared], help="continue a text or a chat")
    start = generate.add_mutually_exclusive_group(required=True)
    start.add_argument("--prompt", metavar="TEXT", help="continue this text")
    start.add_argument("--chat", metavar="TEXT", help="answer this, by the model's chat template")
    generate.add_argument("--max-tokens", type=int, default=256, metavar="N", help="(256)")
    generate.add_argument(
        "--temperature",
        type=float,
        default=0.0,
        metavar="T",
        help="0 takes the likeliest token (0)",
    )
    generate.add_argument(
        "--seed", type=int, default=0, metavar="S", help="the same gives the same text (0)"
    )
    generate.add_argument("--adapter", metavar="A", help="generate with this adapter")
    add_dtype(generate)
    generate.set_defaults(run=_generate)


def add_dtype(command: argparse.ArgumentParser) -> None:
    """Add the option that says what products with the weights compute in."""
    command.add_argument(
        "--dtype",
        choices=DTYPES,
        default="f32",
        help="bf16 is faster and less exact; auto is bf16 where that is fast (f32)",
    )


def open_session(options: argparse.Namespace) -> Session:
    """Load the model, and the adapter if one is named."""
    model = Model(options.model)
    adapter = model.load_adapter(options.adapter) if options.adapter else None
    return Session(model, adapter, dtype=options.dtype)


def _info(options: argparse.Namespace) -> int:
    description = describe(options.model)
    if options.json:
        print_json(**dataclasses.asdict(description))
        return 0
    values: dict[str, Any] = {
        "format": description.format,
        "architecture": description.architecture,
        "encodings": ", ".join(
            f"{share.encoding} {share.bytes / 1e6:,.1f} MB in {share.tensors}"
            for share in description.encodings
        ),
    }
    if description.model is not None:
        values |= dataclasses.asdict(description.model)
        values["chat_template"] = "yes" if description.has_chat_template else "no"
    for name, problem in (
        ("scoring, generation, adapters", description.loading_problem),
        ("full fine-tuning", description.full_tuning_problem),
        ("export to a directory", description.directory_export_problem),
        ("export to GGUF", description.gguf_export_problem),
    ):
        values[name] = "yes" if problem is None else f"no: {problem}"
        if description.loading_problem:
            break
    print_table(**values)
    return 0


def _tokenize(options: argparse.Namespace) -> int:
    ids = Model(options.model).tokenize(
        options.text, add_special=not options.no_special, parse_special=not options.plain_text
    )
    if options.json:
        print_json(ids=ids.tolist())
    else:
        print(*ids)
    return 0


def _score(options: argparse.Namespace) -> int:
    session = open_session(options)
    scores = session.score_text(options.prompt, options.completion)
    if options.json:
        print_json(
            tokens=scores.tokens.tolist(),
            logprobs=[finite(logprob) for logprob in scores.logprobs.tolist()],
            sum=finite(scores.sum),
        )
        return 0
    for token, logprob in zip(scores.tokens.tolist(), scores.logprobs.tolist()):
        print(f"{token:8}  {logprob:9.4f}  {session.model.detokenize([token], continues=True)!r}")
    print(f"{'sum':>8}  {scores.sum:9.4f}")
    return 0


def _generate(options: argparse.Namespace) -> int:
    session = open_session(options)

    def show(_token: int, text: str, _logprob: float) -> None:
        print(text, end="", flush=True)

    prompt = options.prompt
    if options.chat is not None:
        text = session.model.render_chat([{"role": "user", "content": options.chat}])
        prompt = session.model.tokenize(text, add_special=False)
    generation = session.generate(
        prompt,
        max_tokens=options.max_tokens,
        temperature=options.temperature,
        seed=options.seed,
        on_token=None if options.json else show,
    )
    if options.json:
        print_json(tokens=generation.tokens.tolist(), text=generation.text)
    else:
        print()
    return 0
