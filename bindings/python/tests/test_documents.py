"""What the documents tell their readers to type."""

import re
import shlex
import subprocess
import sys

import pytest

import adpo
from adpo.objective import LOSSES, SHORTHANDS
from conftest import MODEL, PAIRS, ROOT, run

PAGES = ["README.md", "bindings/python/README.md", "docs/DATA.md", "docs/METHOD.md", "docs/TRL.md"]
COMMANDS = ("score", "generate", "inspect", "train", "export")
# Options of other programs: pip, hf, pkg-config.
OTHERS = {"--editable", "--local-dir", "--cflags", "--libs"}


def blocks(page, language):
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """What the examples call a model, pairs and held-out pairs."""
    (tmp_path / "model.gguf").write_bytes((MODEL.parent / "llama-f32.gguf").read_bytes())
    for name in ("pairs.jsonl", "held-out.jsonl"):
        (tmp_path / name).write_bytes(PAIRS.read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", ["README.md", "bindings/python/README.md"])
def test_the_python_of_a_page_runs(folder, page):
    program = "\n".join(blocks(page, "python"))
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert (folder / "my-adapter" / "adapter_config.json").exists()


def test_the_commands_of_the_readme_run(folder):
    lines = "\n".join(blocks("README.md", "sh")).splitlines()
    commands = [shlex.split(line)[1:] for line in lines if line.startswith("adpo ")]
    assert len(commands) == 5
    for command in commands:
        result = run(*command)
        assert result.returncode == 0, result.stderr
    assert (folder / "tuned.gguf").exists()


@pytest.fixture(scope="module")
def options():
    """All options of the commands, by their help."""
    helps = [run(command, "--help").stdout for command in COMMANDS]
    return {flag for text in helps for flag in re.findall(r"--[a-z][a-z-]+", text)}


@pytest.mark.parametrize("page", PAGES)
def test_options_that_a_page_names_exist(page, options):
    text = (ROOT / page).read_text(encoding="utf-8")
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text))
    assert named - OTHERS <= options


def names(text):
    """What a text has in backquotes."""
    return re.findall(r"`([\w:]+)`", text)


def test_the_readme_names_the_losses():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    sentence = text[text.index("any of the losses") : text.index("chosen responses alone")]
    assert names(sentence) == list(LOSSES)


def test_the_method_has_a_formula_of_each_loss():
    text = (ROOT / "docs" / "METHOD.md").read_text(encoding="utf-8")
    tables = text[text.index("| loss | of one segment |") : text.index("| option | what it does |")]
    assert re.findall(r"^\| `(\w+)` \|", tables, re.MULTILINE) == list(LOSSES)


def test_the_header_names_the_losses():
    text = (ROOT / "include" / "adpo.h").read_text(encoding="utf-8")
    assert [name.lower() for name in re.findall(r"\bADPO_LOSS_(\w+) = ", text)] == list(LOSSES)


def test_help_names_the_losses():
    text = " ".join(run("train", "--help").stdout.split())
    assert f"{', '.join(LOSSES)}; or for short {', '.join(SHORTHANDS)}" in text


def has_place(loss, **options):
    """Whether the library takes options with a loss."""
    smoothing = {"label_smoothing": 0.1} if loss == "exo_pair" else {}  # it needs one
    objective = adpo.Objective(loss=loss, **{**smoothing, **options})
    sides = ([-1.0], [] if loss == "kto" else [-2.0])
    try:
        adpo.loss(objective, sides, sides, log_sum_squares=sides)
    except adpo.InvalidArgumentError as error:
        assert "has no place for" in str(error) or "needs the reference" in str(error), error
        return False
    return True


def test_the_method_tells_which_losses_take_an_option():
    text = (ROOT / "docs" / "METHOD.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)`(?:, `\w+`)? \|.*\| (.*) \|$", text, re.MULTILINE)
    told = dict(rows)
    values = {
        "label_smoothing": 0.1,
        "target_margin": 0.5,
        "reference_free": True,
        "dpop_lambda": 1.0,
        "ld_alpha": 0.5,
        "sft_weight": 0.5,
        "wpo": True,
        "desirable_weight": 2.0,
    }
    pairwise = set(LOSSES) - {"kto", "sft"}
    these_five = set(names(told["target_margin"]))
    for option, value in values.items():
        told_names, _, exceptions = told[option].partition(" but ")
        expected = set(names(told_names))
        if told_names.startswith("pairwise"):
            expected |= pairwise
        if told_names.startswith("these five"):
            expected |= these_five
        expected -= set(names(exceptions))
        assert {loss for loss in LOSSES if has_place(loss, **{option: value})} == expected, option
