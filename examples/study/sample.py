"""Sample answers from the model, and pair right ones with wrong ones.

python sample.py MODEL.gguf [SPLIT ...]

Writes build/study/SPLIT.jsonl, a line for each problem with all of its answers, and goes on where
it stopped.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import NamedTuple

import task
from writing import Answer, Request, write

FOLDER = Path(__file__).resolve().parents[2] / "build" / "study"
PROBLEMS = {"train": 160, "validation": 24, "held-out": 60}
ANSWERS = 8
TEMPERATURE = 0.8
PAIRS_OF_A_PROBLEM = 2


class Pair(NamedTuple):
    """Answers of the model to one problem: the chosen one is right, the rejected one wrong."""

    prompt: str
    chosen: str
    rejected: str


def sample(model: Path, split: str) -> None:
    """Sample the answers to the problems of a split that have none yet."""
    path = FOLDER / f"{split}.jsonl"
    done = len(path.read_text().splitlines()) if path.exists() else 0
    problems = task.problems(split, PROBLEMS[split])
    requests = [
        Request(problem, TEMPERATURE, index * ANSWERS + turn)
        for index, problem in enumerate(problems)
        for turn in range(ANSWERS)
    ]
    written = write(model, None, requests[done * ANSWERS :])
    with path.open("a") as file:
        for problem in problems[done:]:
            answers = [next(written)._asdict() for _ in range(ANSWERS)]
            print(json.dumps({"words": problem.words, "answers": answers}), file=file, flush=True)


def sampled(split: str) -> list[tuple[task.Problem, list[Answer]]]:
    """Read the problems of a split with their answers."""
    lines = [json.loads(line) for line in (FOLDER / f"{split}.jsonl").read_text().splitlines()]
    return [
        (task.Problem(tuple(line["words"])), [Answer(**answer) for answer in line["answers"]])
        for line in lines
    ]


def pair(problem: task.Problem, answers: list[Answer]) -> list[Pair]:
    """Pair the right answers to a problem with wrong ones, each text used once at most.

    Answers that did not end are left out: they lack their end, where others lack a word.
    """
    texts = {answer.text: answer.is_right for answer in answers if answer.has_ended}
    right = [text for text, is_right in texts.items() if is_right]
    wrong = [text for text, is_right in texts.items() if not is_right]
    return [Pair(problem.prompt, *both) for both in zip(right, wrong)][:PAIRS_OF_A_PROBLEM]


def pairs(split: str) -> list[Pair]:
    """Make all pairs of a split."""
    return [made for problem, answers in sampled(split) for made in pair(problem, answers)]


def main() -> None:
    """Sample the splits that are named, or all."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for split in sys.argv[2:] or PROBLEMS:
        sample(Path(sys.argv[1]), split)
        right = [answer.is_right for _, answers in sampled(split) for answer in answers]
        print(f"{split}: {sum(right) / len(right):.0%} right, {len(pairs(split))} pairs")


if __name__ == "__main__":
    main()
