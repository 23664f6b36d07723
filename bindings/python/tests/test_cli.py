"""The command `adpo`, as a process."""

import dataclasses
import json
import re
import subprocess
import sys

import pytest

import adpo
from conftest import FIXTURES, MODEL, PAIRS, run, run_json


def test_info(model):
    found = run_json("info", MODEL)
    assert found["model"] == dataclasses.asdict(model.info)
    assert found["format"] == "safetensors"
    assert found["full_tuning_problem"] is None
    text = run("info", MODEL).stdout
    assert "llama" in text
    assert "no:" not in text


def test_info_says_why_not(tmp_path):
    quantized = run("info", FIXTURES / "models" / "llama-q4_0.gguf").stdout
    assert "Q4_0" in quantized
    assert re.search("full fine-tuning +no:", quantized)
    # A model that cannot be loaded is described, too.
    config = json.loads((MODEL / "config.json").read_text(encoding="utf-8"))
    (tmp_path / "config.json").write_text(json.dumps({**config, "model_type": "mamba"}))
    (tmp_path / "model.safetensors").symlink_to(MODEL / "model.safetensors")
    result = run("info", tmp_path)
    assert result.returncode == 0
    assert "mamba" in result.stdout
    assert re.search("scoring, generation, adapters +no:", result.stdout)


def test_tokenize(model):
    text = "Grüße, <|im_end|> 汉字"
    assert run_json("tokenize", MODEL, "--text", text) == {"ids": model.tokenize(text).tolist()}
    plain = run("tokenize", MODEL, "--text", text, "--plain-text", "--no-special")
    ids = model.tokenize(text, add_special=False, parse_special=False)
    assert plain.stdout.split() == [str(token) for token in ids]


def test_score(session):
    found = run_json("score", MODEL, "--prompt", "The sky is", "--completion", " blue.")
    expected = session.score_text("The sky is", " blue.")
    assert found["tokens"] == expected.tokens.tolist()
    assert found["logprobs"] == pytest.approx(expected.logprobs.tolist(), abs=1e-6)
    assert found["sum"] == pytest.approx(sum(found["logprobs"]), abs=1e-6)
    assert (
        f"{expected.sum:.4f}"
        in run("score", MODEL, "--prompt", "The sky is", "--completion", " blue.").stdout
    )


def test_generate(session):
    found = run_json("generate", MODEL, "--prompt", "Hello", "--max-tokens", 5)
    expected = session.generate("Hello", max_tokens=5)
    assert found == {"tokens": expected.tokens.tolist(), "text": expected.text}
    sampled = ("generate", MODEL, "--prompt", "Hello", "--max-tokens", 5, "--temperature", 1.5)
    assert run_json(*sampled, "--seed", 3) == run_json(*sampled, "--seed", 3)


def test_generate_answers_a_chat(session):
    model = session.model
    found = run_json("generate", MODEL, "--chat", "Hello", "--max-tokens", 5)
    text = model.render_chat([{"role": "user", "content": "Hello"}])
    expected = session.generate(model.tokenize(text, add_special=False), max_tokens=5)
    assert found == {"tokens": expected.tokens.tolist(), "text": expected.text}


def test_generate_streams_text(session):
    result = run("generate", MODEL, "--prompt", "Hello", "--max-tokens", 5)
    expected = session.generate("Hello", max_tokens=5).text
    # A character that max_tokens cut in two is not streamed.
    assert expected.rstrip("\ufffd").startswith(result.stdout.rstrip("\ufffd\n"))


def test_a_version():
    assert run("--version").stdout == f"{adpo.build_info()}\n"


DPO = ["train", MODEL, "--data", PAIRS, "--output", "o", "--loss", "dpo"]


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        (2, []),
        (2, ["sing"]),
        (2, ["info"]),
        (2, ["tokenize", MODEL]),
        (2, ["train", MODEL]),
        (2, ["generate", MODEL]),
        (2, ["generate", MODEL, "--prompt", "a", "--chat", "b"]),
        (2, ["train", MODEL, "--data", PAIRS, "--output", "o", "--granularity", "static:0"]),
        (2, ["train", MODEL, "--data", PAIRS, "--output", "o", "--granularity", "static:x"]),
        (2, ["train", MODEL, "--data", PAIRS, "--output", "o", "--granularity", "words"]),
        (2, ["train", MODEL, "--data", PAIRS, "--output", "o", "--beta", "high"]),
        (2, ["train", MODEL, "--data", PAIRS, "--output", "o", "--loss", "ppo"]),
        (2, ["train", MODEL, "--data", PAIRS, "--output", "o", "--link", "kto"]),
        (2, ["train", MODEL, "--data", PAIRS, "--output", "o", "--link", "ipo", "--loss", "dpo"]),
        (1, ["train", MODEL, "--data", PAIRS, "--output", "o", "--loss", "exo_pair"]),
        (1, ["train", MODEL, "--data", PAIRS, "--output", "o", "--padding", "eos"]),
        (1, [*DPO, "--granularity", "token"]),
        (1, ["train", MODEL, "--data", PAIRS, "--output", "o", "--label-smoothing", "0.5"]),
        (2, ["train", MODEL, "--data", PAIRS, "--output", "o", "--epochs", "1.5"]),
        (2, ["train", MODEL, "--data", PAIRS, "--output", "o", "--schedule", "sine"]),
        (1, ["train", MODEL, "--data", PAIRS, "--output", "o", "--beta", "nan"]),
        (1, ["train", MODEL, "--data", PAIRS, "--output", "o", "--epochs", "-1"]),
        (1, ["train", MODEL, "--data", "/nowhere.jsonl", "--output", "o"]),
        (1, ["train", MODEL, "--data", __file__, "--output", "o"]),
        (1, ["train", MODEL, "--data", PAIRS, "--output", __file__]),
        (1, ["train", MODEL, "--data", PAIRS, "--output", "/dev/null/deep"]),
        (1, ["train", MODEL, "--data", PAIRS, "--output", "o", "--adapter", "/nowhere"]),
        (1, ["train", MODEL, "--data", PAIRS, "--output", "o", "--accumulate", "0"]),
        (1, ["train", MODEL, "--data", PAIRS, "--output", "o", "--momentum", "0.5"]),
        (1, ["train", MODEL, "--data", PAIRS, "--output", "o", "--keep-best"]),
        (1, ["train", MODEL, "--data", PAIRS, "--output", "o", "--eval-every", "2"]),
        (1, ["train", MODEL, "--data", PAIRS, "--output", "o", "--eval", "/nowhere"]),
        (1, ["train", MODEL, "--data", PAIRS, "--output", "o", "--checkpoint-every", "2"]),
        (1, ["train", MODEL, "--data", PAIRS, "--output", "o", "--resume"]),
        (1, ["train", MODEL, "--data", PAIRS, "--output", "o", "--checkpoint", PAIRS]),
        (1, ["train", MODEL, "--data", PAIRS, "--output", "o", "--reference-cache", PAIRS]),
        (2, ["train", MODEL, "--data", PAIRS, "--output", "o", "--reference", "adapter"]),
        (2, ["train", MODEL, "--data", PAIRS, "--output", "o", "--optimizer", "adam"]),
        (1, ["train", "/nowhere", "--data", PAIRS, "--output", "o"]),
        (1, ["info", "/nowhere"]),
        (1, ["info", __file__]),
        (1, ["info", ""]),
        (1, ["info", MODEL, "--threads", "-1"]),
        (1, ["score", MODEL, "--prompt", "a", "--completion", "b", "--adapter", "/nowhere"]),
        (1, ["generate", MODEL, "--prompt", "a", "--max-tokens", "-1"]),
        (1, ["generate", MODEL, "--prompt", "a", "--temperature", "-1"]),
        (1, ["generate", MODEL, "--prompt", "a", "--temperature", "nan"]),
    ],
)
def test_errors_are_one_line(code, arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert result.returncode == code
    assert result.stdout == ""
    assert result.stderr.startswith("adpo: error: ")
    assert result.stderr.count("\n") == 1


def test_a_missing_library_is_an_error_line():
    result = run("info", MODEL, ADPO_LIBRARY="/nowhere/libadpo.so")
    assert result.returncode == 1
    assert result.stderr.startswith("adpo: error: cannot load libadpo")


def test_a_reader_that_goes_away(tmp_path):
    command = f"{sys.executable} -m adpo tokenize {MODEL} --text '{'word ' * 20000}' | head -c 1"
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert result.stderr == ""


def test_text_that_the_terminal_cannot_show():
    result = run("score", MODEL, "--prompt", "a", "--completion", " 汉字", PYTHONIOENCODING="ascii")
    assert result.returncode == 0
