"""Preference pairs tokenized and truncated by TRL's own code, DPOTrainer and its collator.

The tokenizer merges across the boundary of prompt and response in some of them. The golden holds
every text's ids, so that a test needs no tokenizer.
"""

from types import SimpleNamespace
from typing import Any

from datasets import Dataset
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast
from trl import DPOConfig, DPOTrainer
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


class RecordingTokenizer(PreTrainedTokenizerFast):
    """Keeps the ids of each text that it encodes."""

    seen: dict[str, list[int]]

    def __call__(self, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        encoded = super().__call__(*arguments, **options)
        self.seen[options["text"]] = encoded["input_ids"]
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


if __name__ == "__main__":
    main()
