"""Tune SmolLM2-135M-Instruct with ADPO on pairs that prefer plain words to officialese.

python demo.py MODEL.gguf

Shows, before and after: how often the model finds the better answer likelier on pairs that it was
not tuned on, by what margin, and one answer of its own.
"""

import json
import sys
import textwrap
import time
from pathlib import Path

import adpo

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "examples" / "data"
OUTPUT = ROOT / "build" / "demo"
GRANULARITY = "adaptive:4"
QUESTION = "Why should I drink more water?"


def chat(question):
    """ChatML, in which SmolLM2 was taught to talk."""
    return f"<|im_start|>user\n{question}<|im_end|>\n<|im_start|>assistant\n"


def load(name):
    """(prompt, chosen, rejected) for each line."""
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    pairs = [json.loads(line) for line in lines]
    return [(chat(pair["prompt"]), pair["chosen"], pair["rejected"]) for pair in pairs]


def preference(session, pairs):
    """Share of pairs whose chosen answer has the higher log-prob a token, and the mean margin."""
    margins = []
    for prompt, *answers in pairs:
        ids = session.model.tokenize(prompt)
        completions = [session.model.tokenize(answer, add_special=False) for answer in answers]
        chosen, rejected = session.score_completions(ids, completions)
        margins.append(chosen.mean() - rejected.mean())
    return sum(margin > 0 for margin in margins) / len(margins), sum(margins) / len(margins)


def tune(model, pairs):
    """Tune an adapter; print a line every few steps."""
    dataset = adpo.Dataset(model)
    for pair in pairs:
        dataset.add(*pair)
    trainer = adpo.Trainer(
        model,
        dataset,
        adpo.Objective(GRANULARITY),
        epochs=2,
        batch_size=4,
        learning_rate=2e-4,
        seed=1,
    )
    steps = trainer.info.steps
    for metrics in trainer:
        if metrics.step in (1, steps) or metrics.step % 5 == 0:
            print(
                f"  step {metrics.step:3}/{steps}  loss {metrics.loss:.3f}  "
                f"margin {metrics.rewards_margin:+.2f}  "
                f"accuracy {metrics.rewards_accuracy:4.0%}  {metrics.seconds:.1f} s",
                flush=True,
            )
    return trainer.adapter()


def show(title, preferred, answer):
    """Print one half of the comparison."""
    accuracy, margin = preferred
    print(f"\n{title}")
    print(f"  held-out pairs: the plain answer is likelier in {accuracy:.0%}")
    print(f"  mean margin:    {margin:+.3f} nats a token")
    print(f"  {QUESTION}")
    words = " ".join(answer.split())
    print(textwrap.fill(words, 90, initial_indent="  > ", subsequent_indent="    "))


def main():
    """Before, tuning, after."""
    model = adpo.Model(sys.argv[1])
    session = adpo.Session(model)
    pairs, held_out = load("preferences.jsonl"), load("preferences-held-out.jsonl")

    def answer():
        return session.generate(chat(QUESTION), max_tokens=80).text

    print(f"{Path(sys.argv[1]).name}: {model.info.parameters:,} parameters, {adpo.build_info()}")
    show("Before", preference(session, held_out), answer())

    print(f"\nTuning on {len(pairs)} pairs, granularity {GRANULARITY}")
    started = time.monotonic()
    adapter = tune(model, pairs)
    print(f"  {time.monotonic() - started:.0f} s")

    session.set_adapter(adapter)
    show("After", preference(session, held_out), answer())
    adapter.save(OUTPUT)
    print(f"\nThe adapter is in {OUTPUT.relative_to(ROOT)}; peft loads it too.")


if __name__ == "__main__":
    main()
