"""The chat templates of well-known models, as PyPI packages ship them, written by libadpo.

    check_chat.py

Every template of trl and axolotl with every conversation of make_chat.py, with and without a
generation prompt; of those that mark what the assistant says, the marks too. Writes the section
"Chat templates" of docs/parity.md.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import trl
from transformers import PreTrainedTokenizerFast

import adpo
from common import MODELS
from make_chat import CONVERSATIONS, rendered
from report import TOO_FAR, publish, table, versions

AXOLOTL = "0.19.0"
CACHE = Path.home() / ".cache/libadpo"
BASE = MODELS / "llama-f32"


def axolotl_templates() -> Iterator[tuple[str, str]]:
    """Those of axolotl's wheel, which is downloaded once and not installed."""
    if not list(CACHE.glob(f"axolotl-{AXOLOTL}-*.whl")):
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(CACHE)]
        subprocess.run([*command, f"axolotl=={AXOLOTL}"], check=True)
    wheel = next(CACHE.glob(f"axolotl-{AXOLOTL}-*.whl"))
    with zipfile.ZipFile(wheel) as files:
        for name in sorted(files.namelist()):
            if name.endswith(".jinja"):
                yield f"axolotl, {Path(name).stem}", files.read(name).decode("utf-8")


def trl_templates() -> Iterator[tuple[str, str]]:
    for path in sorted((Path(trl.__file__).parent / "chat_templates").glob("*.jinja")):
        yield f"trl, {path.stem}", path.read_text(encoding="utf-8")


def model_with(template: str, folder: Path) -> adpo.Model:
    """The tiny model with this template."""
    for file in BASE.iterdir():
        if file.name != "chat_template.jinja":
            (folder / file.name).symlink_to(file)
    (folder / "chat_template.jinja").write_text(template, encoding="utf-8")
    return adpo.Model(folder)


def ours(model: adpo.Model, conversation: dict[str, Any], prompt: bool) -> str | None:
    """The text; None where the template raises."""
    try:
        return model.render_chat(**conversation, add_generation_prompt=prompt)
    except adpo.AdpoError:
        return None


def marks(model: adpo.Model, conversation: dict[str, Any]) -> tuple[list[int], list[int]]:
    tokens = model.tokenize_chat(**conversation, mark_assistant=True)
    return tokens.ids.tolist(), tokens.is_assistant.astype(int).tolist()


def their_marks(
    tokenizer: PreTrainedTokenizerFast, template: str, conversation: dict[str, Any]
) -> tuple[list[int], list[int]]:
    arguments = dict(conversation)
    encoded = tokenizer.apply_chat_template(
        arguments.pop("messages"),
        chat_template=template,
        return_dict=True,
        return_assistant_tokens_mask=True,
        **arguments,
    )
    return encoded["input_ids"], encoded["assistant_masks"]


def compare(tokenizer: PreTrainedTokenizerFast, name: str, template: str) -> list[str]:
    """The row of a template."""
    agreed = refused = marked = 0
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        model = model_with(template, Path(folder))
        for case, conversation in CONVERSATIONS.items():
            arguments = dict(conversation)
            messages = arguments.pop("messages")
            for prompt in (False, True):
                theirs = rendered(
                    tokenizer,
                    template,
                    conversation=messages,
                    add_generation_prompt=prompt,
                    **arguments,
                )
                if ours(model, conversation, prompt) != theirs:
                    problems.append(f"{case}{TOO_FAR}")
                elif theirs is None:
                    refused += 1
                else:
                    agreed += 1
            if theirs is not None and "endgeneration" in template:
                if marks(model, conversation) == their_marks(tokenizer, template, conversation):
                    marked += 1
                else:
                    problems.append(f"{case}, marks{TOO_FAR}")
    return [name, str(agreed), str(refused), str(marked or ""), ", ".join(problems)]


def main() -> None:
    tokenizer = PreTrainedTokenizerFast.from_pretrained(BASE)
    rows = [
        compare(tokenizer, name, template)
        for name, template in (*trl_templates(), *axolotl_templates())
    ]
    body = (
        f"{versions('transformers', 'trl')}, axolotl {AXOLOTL}. {len(rows)} templates of packages, "
        f"each with {len(CONVERSATIONS)} conversations, with and without a generation prompt: how "
        "many texts are the same to the byte, how many both refuse, and in how many conversations "
        "the tokens that the assistant says are the same, where the template marks them.\n\n"
        + table(["template", "same", "both refuse", "same marks", "others"], rows)
    )
    publish("Chat templates", body)


if __name__ == "__main__":
    main()
