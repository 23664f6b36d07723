"""Preference pairs tokenized and truncated by TRL's own code, DPOTrainer and its collator.

The tokenizer merges across the boundary of prompt and response in some of them. The golden holds
every text's ids, so that a test needs no tokenizer, and every conversation's text, so that it needs
no chat template.

Rows of other shapes (implicit prompts, conversations, unpaired ones) go through DPOTrainer's or
KTOTrainer's preparation too.
"""

import json
from types import SimpleNamespace
from typing import Any

from datasets import Dataset
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast
from trl import DPOConfig, DPOTrainer, KTOConfig, KTOTrainer
from trl.data_utils import maybe_extract_prompt
from trl.trainer.dpo_trainer import DataCollatorForPreference

from common import GOLDEN, versions, write_json

EOS = "</s>"

PAIRS = [
    # The prompt ends where a token ends.
    {"prompt": "Say hello to the cat.", "chosen": " Hello, cat.", "rejected": " Go away."},
    # "hel" + "lo" merges in one response; the prompt's tokens end before it for both.
    {"prompt": "Say hel", "chosen": "lo to the cat", "rejected": " no"},
    {"prompt": "Say hel", "chosen": " no", "rejected": "lo to the dog"},
    # EOS is there already, in the middle, or only nearly there.
    {"prompt": "Hello", "chosen": " cat</s>", "rejected": " the</s> cat"},
    {"prompt": "Hello", "chosen": " cat</s", "rejected": "</s>"},
    {"prompt": "Say the cat is here", "chosen": "\n", "rejected": "é e\u0301"},
]

LENGTHS = [1, 4, 5, 6, 7, 8, 9, 10, 12, 1000]

# It knows tools and a variable, and thinks before an answer only where it is to give one.
CHAT_TEMPLATE = (
    "{% for message in messages %}<{{ message.role }}>{{ message.content }}</s>\n{% endfor %}"
    "{% if tools %}tools: {{ tools | map(attribute='name') | join(',') }}{% endif %}"
    "{% if add_generation_prompt %}<assistant>{% if think %}<think>{% endif %}{% endif %}"
)


def user(content: str) -> dict[str, str]:
    return {"role": "user", "content": content}


def assistant(content: str) -> dict[str, str]:
    return {"role": "assistant", "content": content}


ROWS: list[dict[str, Any]] = [
    # The prompt is what both begin with; the space before the difference is not its.
    {"chosen": "Say hello to the cat.", "rejected": "Say hello to the dog."},
    {"chosen": "Say hello to me", "rejected": "Say hello there"},
    {"chosen": "Say hello", "rejected": "Say hello there"},
    {"chosen": "Say hello there", "rejected": "Say hello"},
    {"chosen": "the same", "rejected": "the same"},
    {"chosen": "a  b", "rejected": "a  c"},
    {"chosen": "cafe\u0301 is", "rejected": "cafe\u0300 is"},
    {"chosen": "x\U0001f600y", "rejected": "x\U0001f601y"},
    {"chosen": "Say hello</s>", "rejected": "Say no</s>"},
    # Conversations, with the prompt beside or inside.
    {
        "prompt": [user("Say hello.")],
        "chosen": [assistant("hello")],
        "rejected": [assistant("Go away.")],
    },
    {
        "prompt": [{"role": "system", "content": "the cat"}, user("Say"), assistant("hello")],
        "chosen": [user("Say"), assistant("cat")],
        "rejected": [assistant("the"), assistant("cat")],
    },
    {
        "chosen": [user("Say hello."), assistant("hello")],
        "rejected": [user("Say hello."), assistant("Go away.")],
    },
    {
        "chosen": [user("Say"), assistant("hello"), user("cat"), assistant("the cat")],
        "rejected": [user("Say"), assistant("hello"), user("cat"), assistant("no")],
    },
    {
        "chosen": [user("Say"), assistant("hello")],
        "rejected": [user("Say"), assistant("hello"), user("cat")],
    },
    {
        "prompt": [user("Say hello.")],
        "chosen": [assistant("hello")],
        "rejected": [assistant("Go away.")],
        "chat_template_kwargs": {"think": True},
    },
    {
        "prompt": [user("Say hello.")],
        "chosen": [assistant("hello")],
        "rejected": [assistant("Go away.")],
        "tools": json.dumps([{"name": "greet"}]),
    },
]

UNPAIRED: list[dict[str, Any]] = [
    {"prompt": "Say hello to the cat.", "completion": " Hello, cat.", "label": True},
    {"prompt": "Say hel", "completion": "lo to the dog", "label": False},
    {"prompt": "Hello", "completion": " cat</s>", "label": False},
    {"prompt": [user("Say hello.")], "completion": [assistant("hello")], "label": True},
    {"prompt": [user("Say")], "completion": [assistant("no"), user("cat")], "label": False},
]


class RecordingTokenizer(PreTrainedTokenizerFast):
    """Keeps the ids of each text that it encodes, and each conversation that it renders."""

    seen: dict[str, list[int]]
    rendered: list[dict[str, Any]]

    def __call__(self, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        encoded = super().__call__(*arguments, **options)
        if "text" in options:
            self.seen[options["text"]] = encoded["input_ids"]
        return encoded

    def apply_chat_template(self, messages: Any, **options: Any) -> Any:  # noqa: ANN401
        encoded = super().apply_chat_template(messages, **options)
        if options.get("tokenize"):
            text = super().apply_chat_template(messages, **{**options, "tokenize": False})
            call = {"messages": messages, "text": text, "ids": encoded["input_ids"]}
            call |= {
                name: options[name]
                for name in ("tools", "think", "add_generation_prompt")
                if options.get(name)
            }
            if call not in self.rendered:
                self.rendered.append(call)
        return encoded


def make_tokenizer(with_bos: bool) -> RecordingTokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=["<s>", EOS],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(["Say hello to the cat. The cat says hello."] * 9, trainer)
    if with_bos:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<s> $A", special_tokens=[("<s>", 0)]
        )
    recording = RecordingTokenizer(tokenizer_object=tokenizer, bos_token="<s>", eos_token=EOS)
    recording.seen = {}
    recording.rendered = []
    recording.chat_template = CHAT_TEMPLATE
    return recording


def truncated(rows: list[dict[str, Any]], length: int) -> dict[str, Any]:
    """What the filter of `_prepare_dataset` and the collator leave of the pairs."""
    kept = [row for row in rows if len(row["prompt_ids"]) < length]
    collator = DataCollatorForPreference(pad_token_id=-1, max_length=length)
    pairs = []
    for row in kept:
        batch = collator.torch_call([row])
        responses = [
            ids[mask.bool()].tolist()
            for ids, mask in zip(batch["input_ids"], batch["completion_mask"], strict=True)
        ]
        pairs.append([row["prompt_ids"], *responses])
    cut = sum(
        [row["chosen_ids"], row["rejected_ids"]] != pair[1:]
        for row, pair in zip(kept, pairs, strict=True)
    )
    return {
        "max_length": length,
        "pairs": pairs,
        "dropped": len(rows) - len(kept),
        "truncated": cut,
    }


def case(with_bos: bool) -> dict[str, Any]:
    tokenizer = make_tokenizer(with_bos)
    prepare = DPOTrainer._prepare_dataset

    def rows(max_length: int | None) -> list[dict[str, Any]]:
        config = DPOConfig("unused", max_length=max_length, use_cpu=True, bf16=False)
        trainer = SimpleNamespace(_tokenizer=tokenizer)
        return list(prepare(trainer, Dataset.from_list(PAIRS), tokenizer, config, "train"))

    everything = rows(None)
    for length in LENGTHS:
        assert len(rows(length)) == len(truncated(everything, length)["pairs"])
    return {
        "with_bos": with_bos,
        "ids": [{"text": text, "ids": ids} for text, ids in tokenizer.seen.items()],
        "pairs": [
            [row["prompt_ids"], row["chosen_ids"], row["rejected_ids"]] for row in everything
        ],
        "truncated": [truncated(everything, length) for length in LENGTHS],
    }


def row_case(with_bos: bool) -> dict[str, Any]:
    """Each row by itself, since TRL takes all rows for what the first is."""
    tokenizer = make_tokenizer(with_bos)
    trainer = SimpleNamespace(_tokenizer=tokenizer, calculate_KL=False)

    def prepare(kind: type, config: Any, row: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401
        rows = Dataset.from_list([row])
        return kind._prepare_dataset(trainer, rows, tokenizer, config, "eval")[0]

    dpo = DPOConfig("unused", max_length=None, use_cpu=True, bf16=False)
    kto = KTOConfig("unused", max_length=None, use_cpu=True, bf16=False)
    pairs = [prepare(DPOTrainer, dpo, row) for row in ROWS]
    unpaired = [prepare(KTOTrainer, kto, row) for row in UNPAIRED]
    return {
        "with_bos": with_bos,
        "pairs": [[row["prompt_ids"], row["chosen_ids"], row["rejected_ids"]] for row in pairs],
        "unpaired": [[row["prompt_ids"], row["completion_ids"], row["label"]] for row in unpaired],
        "ids": [{"text": text, "ids": ids} for text, ids in tokenizer.seen.items()],
        "rendered": tokenizer.rendered,
    }


def main() -> None:
    write_json(
        GOLDEN / "pairs.json",
        {
            "versions": versions("trl", "transformers", "tokenizers"),
            "eos": EOS,
            "texts": PAIRS,
            "cases": [case(with_bos=False), case(with_bos=True)],
        },
    )
    write_json(
        GOLDEN / "rows.json",
        {
            "versions": versions("trl", "transformers", "tokenizers"),
            "eos": EOS,
            "rows": ROWS,
            "unpaired": UNPAIRED,
            "extracted": [maybe_extract_prompt(row) for row in ROWS],
            "cases": [row_case(with_bos=False), row_case(with_bos=True)],
        },
    )


if __name__ == "__main__":
    main()
