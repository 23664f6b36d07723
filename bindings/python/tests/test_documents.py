"""What the documents tell their readers to type."""

import re
import shlex
import subprocess
import sys

import pytest

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
