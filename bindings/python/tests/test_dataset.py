"""Rows of all shapes, segments and weights."""

import json

import numpy as np
import pytest

import adpo
from conftest import FIXTURES, MODEL

ADAPTER = FIXTURES / "adapters" / "llama-f32-lora"


@pytest.fixture
def dataset(model):
    return adpo.Dataset(model)


def ids(model, text, **options):
    return model.tokenize(text, **options).tolist()


def test_a_pair_is_what_was_tokenized(model, dataset):
    dataset.append({"prompt": "Hi.", "chosen": " Yes.", "rejected": " No.", "source": 3})
    dataset.add("Hi.", " Yes.", " No.")
    for pair in dataset:
        whole = np.concatenate([pair.prompt, pair.chosen])
        assert whole.dtype == np.int32
        assert model.detokenize(whole, skip_special=True) == "Hi. Yes."
        assert pair.chosen[-1] == model.eos
        assert pair.chosen_segments is None and pair.rejected_weights is None
    assert len(dataset) == 2


def test_the_prompt_is_what_both_begin_with(model, dataset):
    dataset.append({"chosen": "I see a cat", "rejected": "I see a dog"})
    pair = dataset[0]
    assert model.detokenize(pair.prompt, skip_special=True) == "I see a"
    assert model.detokenize(pair.chosen, skip_special=True) == " cat"


def test_unpaired_rows(dataset):
    dataset.append({"prompt": "Hi.", "completion": " Yes.", "label": True})
    dataset.append({"prompt": "Hi.", "completion": " No.", "label": np.bool_(False)})
    dataset.add_unpaired("Hi.", " Yes.", desirable=True)
    dataset.add_unpaired_tokens([1], [2, 3], desirable=False)
    desirable = [len(pair.rejected) == 0 for pair in dataset]
    assert desirable == [True, False, True, False]
    assert [len(pair.chosen) == 0 for pair in dataset] == [not good for good in desirable]
    assert dataset[2].chosen.tolist() == dataset[0].chosen.tolist()
    assert dataset[-1].rejected.tolist() == [2, 3]


def test_segments_of_texts(model, dataset):
    dataset.append({"prompt": "Count.", "chosen": [" One,", " two."], "rejected": " No."})
    pair = dataset[0]
    ends = pair.chosen_segments
    assert ends[-1] == len(pair.chosen)
    assert model.detokenize(pair.chosen[: ends[0]]) == " One,"
    assert pair.rejected_segments == [len(pair.rejected)]
    trainer = adpo.Trainer(model, dataset, adpo.Objective("custom"))
    assert trainer.step().segments == 1


def test_set_segments_and_weights(dataset):
    dataset.add_tokens([1], [2, 3, 4], [5, 6])
    dataset.set_segments(0, [1, 3], np.array([1, 2]))
    dataset.set_weights(-1, np.ones(3), [0.5, -1])
    pair = dataset[0]
    assert (pair.chosen_segments, pair.rejected_segments) == ([1, 3], [1, 2])
    assert pair.rejected_weights.tolist() == [0.5, -1]
    dataset.set_segments(0)
    dataset.set_weights(0)
    assert dataset[0].chosen_segments is None and dataset[0].chosen_weights is None


@pytest.mark.parametrize(
    ("chosen", "rejected", "message"),
    [
        ([2, 2, 3], [2], "overlap"),
        ([1, 2], [2], "leaves tokens out"),
        ([1, 4], [2], "beyond it"),
        ([-1, 3], [2], "negative"),
        ([3], [], "leaves tokens out"),
        ([1.5, 3], [2], "integers"),
    ],
)
def test_bad_segments_are_refused(dataset, chosen, rejected, message):
    dataset.add_tokens([1], [2, 3, 4], [5, 6])
    with pytest.raises(adpo.InvalidArgumentError, match=message):
        dataset.set_segments(0, chosen, rejected)
    assert dataset[0].chosen_segments is None


@pytest.mark.parametrize(
    ("chosen", "rejected"), [([1], [1, 1]), ([1, 1, 1], [1, np.nan]), ([[1, 1, 1]], [1, 1])]
)
def test_bad_weights_are_refused(dataset, chosen, rejected):
    dataset.add_tokens([1], [2, 3, 4], [5, 6])
    with pytest.raises(adpo.InvalidArgumentError):
        dataset.set_weights(0, chosen, rejected)


@pytest.mark.parametrize("index", [1, -2, 10**6])
def test_there_is_no_such_pair(dataset, index):
    dataset.add_tokens([1], [2, 3, 4], [5, 6])
    with pytest.raises(IndexError):
        dataset[index]
    with pytest.raises(IndexError):
        dataset.set_weights(index)


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ({"prompt": "a"}, adpo.FormatError),
        ({"prompt": "a", "completion": "b"}, adpo.FormatError),
        ({"prompt": "a", "chosen": "b", "rejected": {1, 2}}, adpo.InvalidArgumentError),
        ({"prompt": "a", "chosen": "b", "rejected": float("nan")}, adpo.InvalidArgumentError),
        ({"prompt": "a", "chosen": "b", "rejected": ""}, adpo.InvalidArgumentError),
        (
            {
                "prompt": "a",
                "chosen": "b",
                "rejected": "c",
                "chosen_weights": [1.0] * 99,
            },
            adpo.InvalidArgumentError,
        ),
    ],
)
def test_bad_rows_are_refused(dataset, row, error):
    with pytest.raises(error):
        dataset.append(row)
    assert len(dataset) == 0


def test_rows_of_a_file_and_of_python_are_the_same(model, tmp_path):
    rows = [
        {"prompt": "Hi.", "chosen": [" Yes,", " sir."], "rejected": " Nö."},
        {"chosen": "I see a cat", "rejected": "I see a dog"},
        {"prompt": "Hi.", "completion": " Yes.", "label": False},
    ]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    file = adpo.Dataset(model)
    file.load_jsonl(path)
    for own, read in zip(adpo.Dataset(model, rows), file):
        assert repr(own) == repr(read)
    assert len(file) == 3


@pytest.mark.parametrize(
    ("granularity", "segments"),
    [("lines", 3), ("sentences", 3), ("delimiter:.\n", 2), ("delimiter:xyz", 1)],
)
def test_granularities_of_text(model, granularity, segments):
    rows = [{"prompt": "Say.", "chosen": " a.\nb\nc", "rejected": " a.\nd\ne."}]
    trainer = adpo.Trainer(model, adpo.Dataset(model, rows), adpo.Objective(granularity))
    assert trainer.step().segments == segments


def test_custom_granularity_needs_segments(model, dataset):
    dataset.add("Hi.", " Yes.", " No.")
    with pytest.raises(adpo.InvalidArgumentError, match="pair 1 has no segments"):
        adpo.Trainer(model, dataset, adpo.Objective("custom"))


def test_contrastive_weights(model, pairs, trainer):
    trainer.step()
    positive, negative = model.load_adapter(ADAPTER), trainer.adapter()
    pairs.weigh_contrastively(positive, negative)
    for pair in pairs:
        assert (pair.chosen_weights == 1).all()
        assert ((pair.rejected_weights > 0) & (pair.rejected_weights < 1)).all()
    with pytest.raises(adpo.InvalidArgumentError, match="b is -1"):
        pairs.weigh_contrastively(positive, negative, -1)
    other = adpo.Model(MODEL).load_adapter(ADAPTER)
    with pytest.raises(adpo.InvalidArgumentError, match="another model"):
        pairs.weigh_contrastively(positive, other)


def test_a_closed_dataset():
    dataset = adpo.Dataset(adpo.Model(MODEL))
    dataset.close()
    with pytest.raises(adpo.InvalidArgumentError):
        dataset.append({"prompt": "a", "chosen": "b", "rejected": "c"})
