"""Conversations, by the chat template of the model."""

import json

import pytest

import adpo
from conftest import FIXTURES, MODEL, ROOT

GOLDEN = json.loads((ROOT / "Tests" / "Golden" / "chat.json").read_text(encoding="utf-8"))
USER = {"role": "user", "content": "Grüße, 汉字 🙂"}


def copy_model(directory, template=None, **settings):
    """Copy the tiny model, with another chat template or none."""
    for file in MODEL.iterdir():
        if file.name != "chat_template.jinja":
            (directory / file.name).symlink_to(file)
    if template is not None:
        (directory / "chat_template.jinja").write_text(template, encoding="utf-8")
    if settings:
        config = directory / "tokenizer_config.json"
        values = json.loads(config.read_text(encoding="utf-8"))
        config.unlink()
        config.write_text(json.dumps({**values, **settings}), encoding="utf-8")
    return adpo.Model(directory)


def test_a_conversation_is_as_transformers_writes_it(tmp_path):
    """Through files, C and Python; the templates one by one are tested in Swift."""
    template = (FIXTURES / "chat_templates" / "qwen3.jinja").read_text(encoding="utf-8")
    model = copy_model(tmp_path, template)
    for conversation, expected in zip(GOLDEN["conversations"], GOLDEN["qwen3"]):
        arguments = {key: value for key, value in conversation.items() if key != "name"}
        assert model.render_chat(**arguments) == expected["with_prompt"]
        text = model.render_chat(**arguments, add_generation_prompt=False)
        assert text == expected["text"]


@pytest.mark.parametrize("path", ["llama-f32", "llama-f32.gguf"])
def test_templates_of_both_kinds_of_files(path):
    model = adpo.Model(FIXTURES / "models" / path)
    text = model.render_chat([USER])
    assert text == f"<|im_start|>user\n{USER['content']}<|im_end|>\n<|im_start|>assistant\n"
    ids = model.tokenize(text, add_special=False)
    assert model.detokenize(ids) == text
    assert ids.tolist().count(model.eos) == 1


def test_templates_with_names(tmp_path):
    templates = [
        {"name": "default", "template": "plain"},
        {"name": "tool_use", "template": "{{ tools | length }} tools"},
    ]
    model = copy_model(tmp_path, chat_template=templates)
    assert model.render_chat([USER]) == "plain"
    assert model.render_chat([USER], tools=[{"name": "clock"}]) == "1 tools"


def test_a_template_in_the_configuration(tmp_path):
    model = copy_model(tmp_path, chat_template="{{ bos_token }}{{ messages[0].content }}{{ x }}")
    assert model.render_chat([USER], x=1) == f"<|im_start|>{USER['content']}1"


def test_a_model_without_template(tmp_path):
    model = copy_model(tmp_path)
    with pytest.raises(adpo.UnsupportedError, match="has no chat template"):
        model.render_chat([USER])


def test_templates_without_default(tmp_path):
    model = copy_model(tmp_path, chat_template=[{"name": "rag", "template": ""}])
    with pytest.raises(adpo.UnsupportedError, match="'rag'"):
        model.render_chat([USER])


@pytest.mark.parametrize(
    ("template", "error", "message"),
    [
        ("a\n{% if %}", adpo.FormatError, "line 2"),
        ("{% include 'a' %}", adpo.UnsupportedError, "include"),
        ("{{ raise_exception('roles must alternate') }}", ValueError, "roles must alternate"),
        ("\n\n{{ messages[0].nothing.more }}", ValueError, "line 3.*'nothing'"),
        ("{% for a in range(99999) %}" * 3 + "{% endfor %}" * 3, ValueError, "does not end"),
    ],
)
def test_templates_that_fail(tmp_path, template, error, message):
    model = copy_model(tmp_path, template)
    with pytest.raises(error, match=message):
        model.render_chat([USER])


@pytest.mark.parametrize("messages", [[], ["Hello"], [["user", "Hello"]]])
def test_bad_conversations(model, messages):
    with pytest.raises(ValueError, match="conversation"):
        model.render_chat(messages)


MARKING = (
    "{% for message in messages %}{% if message.role == 'assistant' %}"
    "{% generation %}{{ message.content }}{% endgeneration %}"
    "{% else %}{{ message.content }}{% endif %}{% endfor %}"
)


def test_tokens_that_the_assistant_says(tmp_path, model):
    answer = {"role": "assistant", "content": "Straight on."}
    tokens = copy_model(tmp_path, MARKING).tokenize_chat([USER, answer], mark_assistant=True)
    assert tokens.is_assistant.dtype == bool
    assert model.detokenize(tokens.ids) == USER["content"] + "Straight on."
    assert model.detokenize(tokens.ids[tokens.is_assistant]) == "Straight on."
    plain = model.tokenize_chat([USER], add_generation_prompt=True)
    assert plain.is_assistant is None
    assert model.detokenize(plain.ids) == model.render_chat([USER])
    with pytest.raises(adpo.UnsupportedError, match="generation"):
        model.tokenize_chat([USER], mark_assistant=True)


def test_a_message_that_goes_on(model):
    answer = {"role": "assistant", "content": "Straight on"}
    whole = model.render_chat([USER, answer], add_generation_prompt=False)
    text = model.render_chat([USER, answer], continue_final_message=True)
    assert text == whole[: whole.rindex("Straight on") + len("Straight on")]
    with pytest.raises(ValueError, match="both"):
        model.render_chat([USER], add_generation_prompt=True, continue_final_message=True)
    with pytest.raises(ValueError, match="no text"):
        model.render_chat([{"role": "user"}], continue_final_message=True)
