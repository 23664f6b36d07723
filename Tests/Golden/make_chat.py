"""Makes chat.json: what transformers and jinja2 write for chat templates.

The templates are in Fixtures/chat_templates; their constructs are those of the templates in wide
use. Conversations go through `apply_chat_template` of the tiny tokenizer, and snippets through the
environment that transformers sets up.
"""

import datetime
import json
from pathlib import Path
from typing import Any

from transformers import PreTrainedTokenizerFast
from transformers.utils import chat_template_utils

from chat_snippets import SNIPPETS, VARIABLES
from common import FIXTURES, GOLDEN, MODELS, versions, write_json

TEMPLATES = FIXTURES / "chat_templates"
# Noon, so that it is the same day in most time zones.
NOW = 1763380800

USER = {"role": "user", "content": "Hello, how are you?"}
ANSWER = {"role": "assistant", "content": "  Fine, thanks!\n"}
SYSTEM = {"role": "system", "content": ' Speak like a "pirate".\n'}
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": 'The weather\nof a place, <now> & "here".',
        "parameters": {
            "type": "object",
            "properties": {
                "place": {"type": "string", "description": "Ort, z. B. Zürich 🏔"},
                "unit": {"type": ["string", "null"], "enum": ["C", "F"]},
                "days": {"type": "array", "items": {"type": "integer"}},
                "options": {"type": "object", "properties": {"wind": {"type": "boolean"}}},
            },
            "required": ["place"],
        },
        "return": {"type": "number"},
    },
}
CLOCK = {
    "type": "function",
    "function": {"name": "clock", "description": "Time.", "parameters": {"type": "object"}},
}


def call(name: str, arguments: Any, identity: str = "abcdef123") -> dict[str, Any]:  # noqa: ANN401
    """A tool call of the assistant."""
    return {"type": "function", "id": identity, "function": {"name": name, "arguments": arguments}}


CONVERSATIONS: dict[str, dict[str, Any]] = {
    "one": {"messages": [USER]},
    "system": {"messages": [SYSTEM, USER]},
    "turns": {"messages": [USER, ANSWER, {"role": "user", "content": " \n 汉字, naïve 🙂\t "}]},
    "answered": {"messages": [SYSTEM, USER, ANSWER]},
    "two systems": {"messages": [SYSTEM, {"role": "system", "content": "Be brief."}, USER]},
    "not alternating": {"messages": [USER, USER]},
    "assistant first": {"messages": [ANSWER, USER]},
    "unknown role": {"messages": [USER, {"role": "narrator", "content": "Meanwhile ..."}]},
    "stop": {"messages": [USER, {"role": "stop", "content": ""}, ANSWER]},
    "parts": {
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": " What is this? "},
                    {"type": "image", "url": "a.png"},
                    {"type": "text", "text": "And that?"},
                ],
            }
        ]
    },
    "no content": {"messages": [{"role": "user"}]},
    "tools": {"messages": [SYSTEM, USER], "tools": [WEATHER, CLOCK]},
    "calls": {
        "messages": [
            USER,
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [call("get_weather", {"place": "Zürich", "days": [1, 2.5, 1e20]})],
            },
            {"role": "tool", "content": '{"degrees": 7}', "tool_call_id": "abcdef123"},
            {"role": "assistant", "content": "It is cold."},
            {"role": "user", "content": "Thanks."},
        ],
        "tools": [WEATHER],
    },
    "several calls": {
        "messages": [
            USER,
            {
                "role": "assistant",
                "content": "Let me see.",
                "tool_calls": [
                    call("get_weather", {"place": "Rome", "unit": None}, "000000001"),
                    call("clock", "{}", "000000002"),
                ],
            },
            {"role": "tool", "content": "7", "tool_call_id": "000000001"},
            {"role": "tool", "content": "noon", "tool_call_id": "000000002"},
        ],
        "tools": [WEATHER, CLOCK],
    },
    "built-in tools": {
        "messages": [
            USER,
            {
                "role": "assistant",
                "tool_calls": [call("search", {"query": "ships", "site": "sea"})],
            },
            {"role": "ipython", "content": {"found": [1, True, None]}},
        ],
        "builtin_tools": ["search", "code_interpreter"],
    },
    "tools in the system message": {
        "messages": [SYSTEM, USER],
        "tools": [CLOCK],
        "tools_in_user_message": False,
        "date_string": "1 Jan 2000",
    },
    "thinking": {
        "messages": [
            USER,
            {"role": "assistant", "content": "<think>\nHm.\n</think>\n\nYes."},
            USER,
            {"role": "assistant", "reasoning_content": "\nSo?\n", "content": "\nNo."},
        ]
    },
    "thinking under another name": {
        "messages": [USER, {"role": "assistant", "thinking": "Aha.", "content": "Yes."}]
    },
    "no thinking": {"messages": [USER], "enable_thinking": False},
    "thinking budgets": {"messages": [SYSTEM, USER], "thinking_budget": 1000},
    "no budget": {"messages": [USER], "thinking_budget": 0, "thinking": True},
    "documents": {
        "messages": [USER],
        "documents": [
            {"doc_id": 1, "title": "Sea", "text": "The sea is <salt>."},
            {"doc_id": "b", "title": "Land", "text": 'Das Land ist trocken, "heißt" es.'},
        ],
        "controls": {"citations": True},
    },
    "developer": {
        "messages": [{"role": "developer", "content": "Answer in verse."}, USER, ANSWER],
        "reasoning_effort": "high",
    },
    "thinking before a call": {
        "messages": [
            USER,
            {
                "role": "assistant",
                "reasoning_content": "The clock knows.",
                "tool_calls": [call("clock", {}, "000000003")],
            },
            {"role": "tool", "content": "noon", "tool_call_id": "000000003"},
        ],
        "tools": [CLOCK],
        "enable_thinking": True,
    },
    "told not to think": {"messages": [{"role": "user", "content": "Is it so? /no_think"}]},
}


class FixedTime(datetime.datetime):
    """A clock that stands still, in UTC."""

    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:
        return datetime.datetime.fromtimestamp(NOW, tz or datetime.UTC)


def rendered(tokenizer: PreTrainedTokenizerFast, source: str, **arguments: Any) -> str | None:  # noqa: ANN401
    """The text; None where the template raises."""
    try:
        return tokenizer.apply_chat_template(
            chat_template=source, tokenize=False, **json.loads(json.dumps(arguments))
        )
    except Exception:
        return None


def conversations(tokenizer: PreTrainedTokenizerFast, source: str) -> list[dict[str, Any]]:
    """Each conversation, with and without a generation prompt."""
    cases = []
    for name, conversation in CONVERSATIONS.items():
        arguments = dict(conversation)
        messages = arguments.pop("messages")
        texts = [
            rendered(
                tokenizer, source, conversation=messages, add_generation_prompt=flag, **arguments
            )
            for flag in (False, True)
        ]
        cases.append({"conversation": name, "text": texts[0], "with_prompt": texts[1]})
    return cases


def snippet(source: str) -> dict[str, Any]:
    """A snippet and what it writes; null where it raises."""
    try:
        template = chat_template_utils._compile_jinja_template(source)
        return {"template": source, "text": template.render(**VARIABLES)}
    except Exception:
        return {"template": source, "text": None}


def main() -> None:
    chat_template_utils.datetime = FixedTime
    tokenizer = PreTrainedTokenizerFast.from_pretrained(MODELS / "llama-f32")
    golden: dict[str, Any] = {
        "made_by": Path(__file__).name,
        "versions": versions("transformers", "jinja2"),
        "now": NOW,
        "special_tokens": tokenizer.special_tokens_map,
        "conversations": [{"name": name, **value} for name, value in CONVERSATIONS.items()],
        "variables": VARIABLES,
        "snippets": [snippet(source) for source in SNIPPETS],
    }
    for path in sorted(TEMPLATES.glob("*.jinja")):
        golden[path.stem] = conversations(tokenizer, path.read_text(encoding="utf-8"))
    write_json(GOLDEN / "chat.json", golden)


if __name__ == "__main__":
    main()
