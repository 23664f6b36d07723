"""Makes chat_tokens.json: conversations as token ids with the mask of what the assistant says, and
conversations whose last message goes on, by transformers."""

from pathlib import Path
from typing import Any

from transformers import AutoTokenizer, PreTrainedTokenizerFast

from common import FIXTURES, GOLDEN, versions, write_json

# A tokenizer of each kind: byte-level, SentencePiece with and without a space before the text, and
# one whose added tokens take white space along.
TOKENIZERS = ("qwen3", "llama-sentencepiece", "gemma3", "phi3")
TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}{{ '<' + message.role + '>\n' }}"
    "{% if message.role == 'assistant' %}{% generation %}{{ message.content | trim + eos_token }}"
    "{% endgeneration %}{{ '\n' }}{% else %}{{ message.content + eos_token + '\n' }}{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<assistant>\n' }}{% endif %}"
)
MESSAGES = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Where  is the station?"},
    {"role": "assistant", "content": "Straight on; then left. Naïve café: 日本 🦊 "},
    {"role": "user", "content": "Thanks!"},
    {"role": "assistant", "content": " You are welcome."},
]
OPEN = {
    "text": [MESSAGES[1], {"role": "assistant", "content": "Straight on, then"}],
    "spaces": [MESSAGES[1], {"role": "assistant", "content": "  Straight on \n"}],
    "the mark's place is the last": [
        {"role": "user", "content": "Say: yes"},
        {"role": "assistant", "content": "yes"},
    ],
    "parts": [
        {
            "role": "user",
            "content": [{"type": "text", "text": "One"}, {"type": "text", "text": "two "}],
        }
    ],
    "no text": [{"role": "user", "content": []}],
    "no content": [{"role": "user"}],
    "left out": [MESSAGES[1], {"role": "stop", "content": "A message"}],
}
TEMPLATES = (
    "chatml",
    "deepseek",
    "gemma",
    "llama2",
    "llama3",
    "mistral",
    "phi3",
    "qwen3",
    "smollm3",
)


def tokens(name: str) -> dict[str, Any]:
    tokenizer = AutoTokenizer.from_pretrained(FIXTURES / "families" / name)
    encoded = tokenizer.apply_chat_template(
        MESSAGES,
        chat_template=TEMPLATE,
        tokenize=True,
        return_dict=True,
        return_assistant_tokens_mask=True,
    )
    return {"tokenizer": name, "ids": encoded["input_ids"], "mask": encoded["assistant_masks"]}


def continued(
    tokenizer: PreTrainedTokenizerFast, template: str, messages: list[dict[str, Any]]
) -> str | None:
    """The text; None where transformers raises."""
    source = (FIXTURES / "chat_templates" / f"{template}.jinja").read_text(encoding="utf-8")
    try:
        return tokenizer.apply_chat_template(
            messages, chat_template=source, tokenize=False, continue_final_message=True
        )
    except Exception:
        return None


def main() -> None:
    tokenizer = AutoTokenizer.from_pretrained(FIXTURES / "families" / TOKENIZERS[0])
    golden = {
        "made_by": Path(__file__).name,
        "versions": versions("transformers"),
        "template": TEMPLATE,
        "messages": MESSAGES,
        "tokens": [tokens(name) for name in TOKENIZERS],
        "model": f"families/{TOKENIZERS[0]}",
        "continued": [
            {
                "template": template,
                "case": case,
                "messages": messages,
                "text": continued(tokenizer, template, messages),
            }
            for template in TEMPLATES
            for case, messages in OPEN.items()
        ],
    }
    write_json(GOLDEN / "chat_tokens.json", golden)


if __name__ == "__main__":
    main()
