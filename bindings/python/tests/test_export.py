"""Merged models and adapter files."""

import numpy as np
import pytest

import adpo
from conftest import FIXTURES, MODEL, run, run_json

ADAPTER = FIXTURES / "adapters" / "llama-f32-lora"
TOKENS = np.arange(30, dtype=np.int32) * 7 % 320


@pytest.fixture
def adapter(model):
    return model.load_adapter(ADAPTER)


@pytest.fixture
def tuned(model, adapter):
    return adpo.Session(model, adapter).score(TOKENS)[1:]


@pytest.mark.parametrize("name", ["merged", "merged.gguf"])
def test_a_merged_model_computes_the_same(model, adapter, tuned, tmp_path, name):
    report = model.export(tmp_path / name, adapter=adapter)
    assert report.weight_bytes == model.info.weight_bytes
    assert report.tokens > 50
    assert report.mean_difference <= report.max_difference < 1e-3
    merged = adpo.Model(tmp_path / name)
    assert adpo.Session(merged).score(TOKENS)[1:] == pytest.approx(tuned, abs=1e-4)
    assert merged.info == model.info


def test_a_model_is_quantized(model, tmp_path):
    report = model.export(tmp_path / "x.gguf", encoding="q8_0")
    assert 1e-5 < report.mean_difference < 0.1
    assert adpo.Model(tmp_path / "x.gguf").info.encoding == "Q8_0"


def test_an_adapter_file_of_llama_cpp(model, adapter, tuned, tmp_path):
    adapter.save(tmp_path / "adapter.gguf")
    loaded = model.load_adapter(tmp_path / "adapter.gguf")
    assert adpo.Session(model, loaded).score(TOKENS)[1:] == pytest.approx(tuned, abs=1e-5)


@pytest.mark.parametrize(
    ("name", "encoding", "message"),
    [
        ("x", "Q8_0", "safetensors"),
        ("x.gguf", "Q2_K", "read, but not written; there are F32"),
        ("a/b/x", None, "a/b/x"),
    ],
)
def test_what_cannot_be_written(model, tmp_path, name, encoding, message):
    with pytest.raises(adpo.AdpoError, match=message):
        model.export(tmp_path / name, encoding=encoding)
    assert list(tmp_path.iterdir()) == []


def test_a_directory_with_something_in_it(model, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(adpo.ReadWriteError, match="not empty"):
        model.export(tmp_path)


def test_the_command(model, tuned, tmp_path):
    path = tmp_path / "merged.gguf"
    found = run_json("export", MODEL, "--adapter", ADAPTER, "--to", path, "--encoding", "F32")
    assert found["output"] == str(path)
    assert found["max_difference"] < 1e-3
    assert adpo.Session(adpo.Model(path)).score(TOKENS)[1:] == pytest.approx(tuned, abs=1e-4)
    shown = run("export", MODEL, "--to", tmp_path / "copy")
    assert shown.returncode == 0
    assert "mean difference" in shown.stdout


def test_the_command_writes_adapters(model, tuned, tmp_path):
    path = tmp_path / "adapter.gguf"
    adapter = ("--adapter", ADAPTER, "--adapter-only")
    assert run_json("export", MODEL, *adapter, "--to", path) == {"output": str(path)}
    loaded = model.load_adapter(path)
    assert adpo.Session(model, loaded).score(TOKENS)[1:] == pytest.approx(tuned, abs=1e-5)


@pytest.mark.parametrize(
    "options",
    [("--adapter-only",), ("--adapter-only", "--adapter", ADAPTER, "--encoding", "F16")],
)
def test_the_command_refuses(tmp_path, options):
    result = run("export", MODEL, "--to", tmp_path / "x", *options)
    assert result.returncode == 1
    assert result.stderr.startswith("adpo: error: ")
