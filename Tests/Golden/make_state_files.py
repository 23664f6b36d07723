"""Write the files of Fixtures/state_files: a checkpoint amid a run and a cache of its references.

libadpo itself writes them, so that later versions are tested with the files of this one. Run it
for a new version of the format only: files that the library still reads must stay as they are.

    PYTHONPATH=bindings/python ADPO_LIBRARY=build/libadpo.so python Tests/Golden/make_state_files.py
"""

import json
from pathlib import Path

import adpo

FIXTURES = Path(__file__).parents[1] / "Fixtures"
FOLDER = FIXTURES / "state_files"


def pairs(model: adpo.Model, count: int) -> adpo.Dataset:
    """The pairs of TinyRun in ADPOTests; their prompts have 3, 4, 5 ... tokens."""
    dataset = adpo.Dataset(model)
    for index in range(count):

        def tokens(length: int, factor: int, index: int = index) -> list[int]:
            return [(place * factor + index * 31 + 3) % 320 for place in range(length)]

        dataset.add_tokens(tokens(3 + index, 7), tokens(5 + index, 11), tokens(9, 13))
    return dataset


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    references = FOLDER / "references"
    references.unlink(missing_ok=True)
    model = adpo.Model(FIXTURES / "models" / "llama-f32")
    trainer = adpo.Trainer(
        model,
        pairs(model, 6),
        adpo.Objective(granularity="token"),
        lora_rank=2,
        lora_dropout=0.1,
        target_modules=["q_proj"],
        epochs=3,
        batch_size=2,
        gradient_accumulation=2,
        seed=3,
        learning_rate=1e-3,
        schedule="cosine",
        reference_cache=references,
    )
    run = {"evaluation": pairs(model, 3), "evaluation_steps": 1, "keep_best": True}
    trainer.run(lambda metrics: metrics.step == 2, **run)
    trainer.accumulate()
    trainer.save(FOLDER / "checkpoint")
    rest = []
    trainer.run(rest.append, rest.append, **run)
    losses = [{"step": metrics.step, "loss": metrics.loss} for metrics in rest]
    (FOLDER / "rest.json").write_text(json.dumps(losses, indent=1) + "\n")


if __name__ == "__main__":
    main()
