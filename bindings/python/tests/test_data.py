"""Parquet files, and tables such as those of `datasets`."""

import json
import subprocess
import sys

import pyarrow
import pytest
from pyarrow import parquet

import adpo
from conftest import MODEL, PAIRS, run, run_json

ROWS = [json.loads(line) for line in PAIRS.read_text(encoding="utf-8").splitlines()]


def write(path, rows, **options):
    parquet.write_table(pyarrow.Table.from_pylist(rows), path, **options)
    return path


def losses(model, pairs):
    """What a dataset holds shows in the losses of training with it."""
    trainer = adpo.Trainer(model, pairs, learning_rate=1e-3, shuffle=False)
    return [(metrics.loss, metrics.tokens) for metrics in trainer]


@pytest.fixture
def expected(model):
    pairs = adpo.Dataset(model)
    pairs.load_jsonl(PAIRS)
    return losses(model, pairs)


class Table:
    """A table with the interface of `datasets.Dataset` that matters."""

    def __init__(self, rows):
        self.rows = rows

    @property
    def column_names(self):
        return list(self.rows[0])

    def select_columns(self, names):
        return Table([{name: row[name] for name in names} for row in self.rows])

    def __iter__(self):
        for row in self.rows:
            assert "unneeded" not in row
            yield row


def test_a_parquet_file(model, tmp_path, expected):
    rows = [{"unneeded": b"\0", **row} for row in ROWS]
    pairs = adpo.Dataset(model)
    pairs.load_parquet(write(tmp_path / "pairs.parquet", rows, row_group_size=3))
    assert len(pairs) == len(ROWS)
    assert losses(model, pairs) == expected


@pytest.mark.parametrize(
    "rows", [ROWS, iter(ROWS), Table([{"unneeded": 1, **row} for row in ROWS])]
)
def test_rows_of_anything(model, rows, expected):
    pairs = adpo.Dataset(model)
    pairs.extend(rows)
    assert losses(model, pairs) == expected


def test_rows_of_datasets(model, expected):
    datasets = pytest.importorskip("datasets")
    pairs = adpo.Dataset(model)
    pairs.extend(datasets.Dataset.from_list([{"unneeded": 1, **row} for row in ROWS]))
    assert losses(model, pairs) == expected


def test_conversations(model, tmp_path):
    """A conversation in a row is rendered by the model's template, BOS not added to it."""
    turns = {"prompt": ("user", "Hi."), "chosen": ("assistant", "Yes."), "rejected": ("bot", "No.")}
    row = {key: [{"role": role, "content": text}] for key, (role, text) in turns.items()}
    pairs = adpo.Dataset(model, [row])
    pairs.load_parquet(write(tmp_path / "chats.parquet", [{**row, "tools": None}]))
    prompt = model.render_chat(row["prompt"])
    for pair in pairs:
        assert model.detokenize(pair.prompt) == prompt[: len(model.detokenize(pair.prompt))]
        for key in ("chosen", "rejected"):
            whole = model.render_chat(row["prompt"] + row[key], add_generation_prompt=False)
            assert model.detokenize([*pair.prompt, *getattr(pair, key)]) == whole


def test_training_from_parquet(tmp_path):
    data = write(tmp_path / "pairs.parquet", ROWS)
    found = run_json("train", MODEL, "--data", data, "--output", tmp_path / "a")
    from_lines = run_json("train", MODEL, "--data", PAIRS, "--output", tmp_path / "b")
    assert found["pairs"] == len(ROWS)
    assert found["loss"] == from_lines["loss"]
    seen = [run_json("inspect", MODEL, path, "--no-time") for path in (data, PAIRS)]
    assert seen[0] == seen[1]


def test_errors_name_file_and_row(model, tmp_path):
    path = write(tmp_path / "pairs.parquet", [*ROWS[:2], {**ROWS[2], "rejected": ""}, *ROWS[3:]])
    with pytest.raises(ValueError, match=r"pairs\.parquet, row 3: .*rejected"):
        adpo.Dataset(model).load_parquet(path)
    with pytest.raises(ValueError, match=r"^row 2: "):
        adpo.Dataset(model).extend([ROWS[0], {"prompt": "a", "chosen": "b"}])
    with pytest.raises(ValueError, match=r"^row 1 is a str, .* one split of a DatasetDict"):
        adpo.Dataset(model).extend({"train": ROWS})


def test_files_that_are_no_preference_data(model, tmp_path):
    pairs = adpo.Dataset(model)
    with pytest.raises(adpo.FormatError, match=r"none of the columns.*it has text"):
        pairs.load_parquet(write(tmp_path / "other.parquet", [{"text": "a"}]))
    with pytest.raises(adpo.FormatError, match="cannot be read as Parquet"):
        pairs.load_parquet(PAIRS)
    with pytest.raises(adpo.NotFoundError, match=r"/nowhere/pairs\.parquet"):
        pairs.load_parquet("/nowhere/pairs.parquet")
    result = run("train", MODEL, "--data", "/nowhere.parquet", "--output", tmp_path / "o")
    assert result.returncode == 1
    assert result.stderr == "adpo: error: /nowhere.parquet: there is no such file\n"


def test_without_pyarrow(tmp_path):
    """The package works without; the message says what to install."""
    program = f"""
import sys
sys.modules["pyarrow"] = None
import adpo
pairs = adpo.Dataset(adpo.Model({str(MODEL)!r}))
pairs.extend([dict(prompt="a", chosen="b", rejected="c")])
try:
    pairs.load_parquet("pairs.parquet")
except ImportError as error:
    print(error)
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.stdout == "reading pairs.parquet needs pyarrow: pip install pyarrow\n"
