"""The examples run; the demo is `make demo`."""

import json
import subprocess
import sys

import pytest

from conftest import MODEL, ROOT


def test_quickstart(tmp_path):
    script = ROOT / "examples" / "python" / "quickstart.py"
    result = subprocess.run(
        [sys.executable, script, MODEL, tmp_path / "adapter"], capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "adapter" / "adapter_config.json").exists()


def data(name):
    lines = (ROOT / "examples" / "data" / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize(
    ("name", "least"), [("preferences.jsonl", 60), ("preferences-held-out.jsonl", 20)]
)
def test_the_data_are_pairs_of_about_equal_length(name, least):
    pairs = data(name)
    assert len(pairs) >= least
    for pair in pairs:
        assert set(pair) == {"prompt", "chosen", "rejected"}
        for response in (pair["chosen"], pair["rejected"]):
            assert 30 <= len(response.split()) <= 60


def test_held_out_prompts_are_not_trained_on():
    prompts = [pair["prompt"] for pair in data("preferences.jsonl")]
    held_out = [pair["prompt"] for pair in data("preferences-held-out.jsonl")]
    assert len(set(prompts + held_out)) == len(prompts) + len(held_out)
