"""Log-probs through the whole library against transformers and peft."""

import json

import numpy as np
import pytest

import adpo
from conftest import FIXTURES, ROOT

GOLDEN = ROOT / "Tests" / "Golden"


def goldens(folder):
    return sorted((GOLDEN / folder).glob("*.json"))


def check(golden, session):
    for sequence in golden["sequences"]:
        expected = np.array(sequence["logprobs"][1:], np.float64)
        found = session.score(sequence["tokens"])
        assert np.isnan(found[0])
        np.testing.assert_allclose(found[1:], expected, rtol=0, atol=2e-4)


@pytest.mark.parametrize("path", goldens("models"), ids=lambda path: path.stem)
def test_models(path):
    golden = json.loads(path.read_text(encoding="utf-8"))
    check(golden, adpo.Session(adpo.Model(FIXTURES / golden["model"])))


@pytest.mark.parametrize("path", goldens("adapters"), ids=lambda path: path.stem)
def test_adapters(path):
    golden = json.loads(path.read_text(encoding="utf-8"))
    model = adpo.Model(FIXTURES / golden["model"])
    check(golden, adpo.Session(model, model.load_adapter(FIXTURES / golden["adapter"])))


def test_there_are_goldens():
    assert goldens("models")
    assert goldens("adapters")
