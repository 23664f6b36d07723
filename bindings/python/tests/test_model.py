"""Models and their tokenizers."""

import copy
import gc
import pickle
import subprocess
import sys

import numpy as np
import pytest

import adpo
from conftest import FIXTURES, MODEL

TEXTS = ["", "Hello, world!", "naïve café\n\n  tabs\tand  spaces", "汉字 🙂 العربية", "a\0b"]


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("llama-f32", "architectures", ["LlamaForCausalLM"]),
        ("llama-f32.gguf", "general.architecture", "llama"),
    ],
)
def test_metadata(name, key, value):
    model = adpo.Model(FIXTURES / "models" / name)
    assert model.metadata(key) == value
    assert model.metadata()[key] == value
    with pytest.raises(adpo.NotFoundError, match="nonsense"):
        model.metadata("nonsense")


def test_info(model):
    info = model.info
    assert info.family == "llama"
    assert info.encoding == "F32"
    assert min(info.layers, info.width, info.heads, info.key_value_heads, info.context) > 0
    assert info.weight_bytes >= 4 * info.parameters > 0


@pytest.mark.parametrize("path", sorted((FIXTURES / "models").glob("*.gguf")), ids=lambda p: p.stem)
def test_gguf_files_load(path):
    assert adpo.Model(path).info.family == "llama"


@pytest.mark.parametrize("text", TEXTS)
def test_tokenizing_there_and_back(model, text):
    ids = model.tokenize(text, add_special=False)
    assert ids.dtype == np.int32
    assert model.detokenize(ids) == text
    assert model.detokenize(ids, continues=True) == text


def test_completion_tokens_follow_the_prompt(model):
    prompt, completion = model.tokenize_completion("The sky is", " blue.")
    assert model.detokenize(prompt, skip_special=True) == "The sky is"
    assert model.detokenize(completion) == " blue."
    together = model.tokenize("The sky is blue.")
    assert np.array_equal(np.concatenate([prompt, completion]), together)


def test_special_tokens(model):
    assert model.eos is not None
    text = model.detokenize([model.eos])
    assert model.tokenize(text, add_special=False).tolist() == [model.eos]
    assert model.eos not in model.tokenize(text, add_special=False, parse_special=False)
    assert model.detokenize([model.eos], skip_special=True) == ""
    vocabulary = model.info.vocabulary
    for token in (model.bos, model.pad, model.unknown):
        assert token is None or 0 <= token < vocabulary


def test_a_lone_surrogate_is_read_as_a_replacement_character(model):
    ids = model.tokenize("a\ud800b", add_special=False)
    assert "\ufffd" in model.detokenize(ids)


@pytest.mark.parametrize("ids", [[-1], [2**31 - 1], [2**40], [0.5], [[1]], ["a"]])
def test_bad_ids_are_refused(model, ids):
    with pytest.raises(ValueError):
        model.detokenize(ids)


def test_a_missing_path():
    with pytest.raises(FileNotFoundError, match="/nowhere/model") as caught:
        adpo.Model("/nowhere/model")
    assert isinstance(caught.value, adpo.AdpoError)
    assert caught.value.status == 2


def test_a_path_with_a_nul():
    with pytest.raises(ValueError):
        adpo.Model("a\0b")


def test_a_foreign_file():
    with pytest.raises(adpo.FormatError):
        adpo.Model(__file__)


@pytest.mark.parametrize("size", [0, 3, 20, 100, 1000])
def test_a_truncated_gguf_file(tmp_path, size):
    whole = (FIXTURES / "models" / "llama-f32.gguf").read_bytes()
    path = tmp_path / "cut.gguf"
    path.write_bytes(whole[:size])
    with pytest.raises(adpo.FormatError, match=r"cut\.gguf"):
        adpo.Model(path)


def test_a_directory_without_a_model(tmp_path):
    with pytest.raises(adpo.NotFoundError):
        adpo.Model(tmp_path)


def test_an_unknown_architecture(tmp_path):
    for file in MODEL.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    config = tmp_path / "config.json"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("llama", "abacus").replace("Llama", "Abacus"), encoding="utf-8")
    with pytest.raises(adpo.UnsupportedError, match=r"[Aa]bacus"):
        adpo.Model(tmp_path)


def test_closing():
    with adpo.Model(MODEL) as model:
        model.tokenize("a")
    with pytest.raises(adpo.InvalidArgumentError, match="closed"):
        model.tokenize("a")
    model.close()


def test_children_outlive_their_model():
    model = adpo.Model(MODEL)
    session = adpo.Session(model)
    expected = session.score([1, 2, 3])
    model.close()
    gc.collect()
    assert np.array_equal(session.score([1, 2, 3]), expected, equal_nan=True)


@pytest.mark.parametrize("copied", [pickle.dumps, copy.copy, copy.deepcopy])
def test_an_object_of_the_library_is_not_copied(model, session, copied):
    with pytest.raises(TypeError, match="a Model cannot be pickled or copied"):
        copied(model)
    with pytest.raises(TypeError, match="a Session cannot be pickled or copied"):
        copied(session)


def test_what_lives_at_the_end_of_the_program_ends_quietly():
    program = f"""
import adpo, threading
model = adpo.Model({str(MODEL)!r})
session = adpo.Session(model)
pairs = adpo.Dataset(model, [dict(prompt="a", chosen=" b", rejected=" c")])
trainer = adpo.Trainer(model, pairs, epochs=1000000)
started = threading.Event()
threading.Thread(target=trainer.run, args=(lambda _: started.set(),), daemon=True).start()
started.wait()
cycle = [model, session]
cycle.append(cycle)
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60)
    assert (result.returncode, result.stderr) == (0, b"")
