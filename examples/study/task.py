"""The task: write one sentence that contains three given words. A program can check the answer."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

# The splits share no word, so that a held-out problem is new in every part.
_LISTS = {
    "train": """
        apple arrow baker barrel basket bell bicycle blanket boat bottle branch brick bridge broom
        butter button cabin camera candle carpet castle chair cherry chimney circus clock cloud
        coffee coin compass corn cottage crow cup curtain desert doctor donkey door drum eagle
        engine farmer feather fence field fire flag flute forest fountain fox garden glove guitar
        hammer harbor hat hill honey horse island jacket kettle key kitchen ladder lake lamp letter
        lion market mirror monkey mountain music needle nurse ocean orange painter
        """,
    "validation": """
        anchor balloon beach beetle bucket cave cheese dragon frog grape hotel jungle knife lemon
        magnet map mouse nest onion parrot pepper piano plate queen rabbit river road roof sand
        school
        """,
    "held-out": """
        scarf shadow sheep shelf ship shoe silver snow soap soldier spider spoon stable star
        station statue stone storm street sugar sword table tailor tea teacher tent theater thread
        tiger tower toy train tree truck tunnel turtle umbrella valley village violin wagon wall
        watch well whale wheel window winter wolf wood
        """,
}
WORDS = {split: words.split() for split, words in _LISTS.items()}
WORDS_IN_A_PROBLEM = 3
# Where one sentence ends and another could begin: a line break ends one too.
END = re.compile(r"[.!?][\"'\u201d\u2019)]*(?=\s|$)|\n")
# Words of an answer that is about a sentence instead of being one.
ABOUT = {"sentence", "word", "words"}


@dataclass(frozen=True)
class Problem:
    """Three words that a sentence is to be written with."""

    words: tuple[str, ...]

    @property
    def prompt(self) -> str:
        """The request, in the ChatML that SmolLM2 was taught to talk in."""
        *first, last = self.words
        request = f"Write one sentence that contains the words {', '.join(first)} and {last}."
        return f"<|im_start|>user\n{request}<|im_end|>\n<|im_start|>assistant\n"

    def is_solved_by(self, answer: str) -> bool:
        """Whether the answer is one sentence that holds each word, whole and as it was given.

        It must not be about sentences or words, for the request could be repeated so. Whether it
        makes sense is not asked.
        """
        text = answer.strip()
        ends = [match.end() for match in END.finditer(text)]
        found = set(re.findall(r"[a-z]+", text.lower()))
        return ends == [len(text)] and found.issuperset(self.words) and not found & ABOUT


def problems(split: str, count: int, seed: int = 0) -> list[Problem]:
    """Draw different problems of a split: "train", "validation" or "held-out"."""
    generator = random.Random(f"{split} {seed}")
    drawn: dict[tuple[str, ...], Problem] = {}
    while len(drawn) < count:
        words = generator.sample(WORDS[split], WORDS_IN_A_PROBLEM)
        drawn.setdefault(tuple(sorted(words)), Problem(tuple(words)))
    return list(drawn.values())
