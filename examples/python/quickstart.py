"""Score a completion, tune on a few preference pairs, score again, generate, and save.

python quickstart.py MODEL ADAPTER-DIRECTORY
"""

import sys

import adpo

PAIRS = [
    (
        "How do I boil an egg?",
        " Put it in boiling water and wait.",
        " The egg is to be immersed.",
    ),
    (
        "Can I pay by card?",
        " Yes, you can pay by card.",
        " Payment by card is permitted.",
    ),
    (
        "Where do I park?",
        " Park behind the house.",
        " Utilisation of the rear is permitted.",
    ),
    (
        "When do you open?",
        " We open at nine.",
        " Commencement of operation is at nine.",
    ),
]

path, output = sys.argv[1:3]
with adpo.Model(path) as model:
    session = adpo.Session(model)
    print(f"{model.info.family}, {model.info.parameters:,} parameters")

    scores = session.score_text("How do I get there?", " Take the bus.")
    print(f"before: log p = {scores.sum:.3f}  {scores.tokens} {scores.logprobs}")

    pairs = adpo.Dataset(model)
    for prompt, chosen, rejected in PAIRS:
        pairs.add(prompt, chosen, rejected)
    trainer = adpo.Trainer(model, pairs, adpo.Objective("token"), epochs=4, learning_rate=2e-4)
    for metrics in trainer:
        print(f"step {metrics.step}: loss {metrics.loss:.4f}, margin {metrics.rewards_margin:+.4f}")

    adapter = trainer.adapter()
    session.set_adapter(adapter)
    scores = session.score_text("How do I get there?", " Take the bus.")
    print(f"after:  log p = {scores.sum:.3f}")

    session.generate(
        "How do I get there?",
        max_tokens=20,
        on_token=lambda token, text, logprob: print(text, end="", flush=True),
    )
    print()
    adapter.save(output)
