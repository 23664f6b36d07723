"""`adpo train`, as a process."""

import json
import os
import pty
import resource
import subprocess
import sys
from functools import partial

import numpy as np
import pytest

import adpo
from conftest import MODEL, PAIRS, interrupt, run, run_json

TRL_NAMES = {
    "loss",
    "grad_norm",
    "learning_rate",
    "epoch",
    "rewards/chosen",
    "rewards/rejected",
    "rewards/accuracies",
    "rewards/margins",
    "logps/chosen",
    "logps/rejected",
    "num_tokens",
    "kl",
}
OWN_NAMES = {
    "dtype",
    "step",
    "loss_per_segment",
    "segments",
    "tokens_per_second",
    "chosen_fall",
}


def train(output, *options):
    return ("train", MODEL, "--data", PAIRS, "--output", output, *options)


@pytest.mark.parametrize("name", ["tuned", "tuned.gguf"])
def test_train_full_leaves_metrics_and_a_model(tmp_path, name):
    base = MODEL.parent / "llama-tied-bf16"
    output = tmp_path / name
    full = ("train", base, "--data", PAIRS, "--output", output, "--full", "--learning-rate", 1e-3)
    summary = run_json(*full)
    tuned = adpo.Model(output)
    assert summary["parameters"] == tuned.info.parameters
    assert tuned.info.encoding == "BF16"
    text = ("Say hello.", " Hello!")
    with adpo.Session(tuned) as session, adpo.Session(adpo.Model(base)) as before:
        assert session.score_text(*text).sum > before.score_text(*text).sum
    lines = (tmp_path / f"{name}.metrics.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == summary["steps"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--adapter A --rank 4 --dora", "--adapter brings its own: leave --rank and --dora out"),
        ("--full --rank 0", "--full tunes no adapter: leave --rank out"),
        ("--reference start", "--reference start needs --adapter"),
        ("--resume", "--resume needs --checkpoint FILE"),
        ("--checkpoint-every 2", "--checkpoint-every needs --checkpoint FILE"),
        ("--eval-every 2", "--eval-every needs --eval FILE"),
        ("--patience 2 --eval E", "--patience needs --eval-every N"),
        ("--keep-best", "--keep-best needs --eval-every N"),
        ("--encoding f16", "--encoding needs --full"),
        ("--full --encoding q4_k", "--encoding Q4_K is for GGUF files"),
        ("--full --metrics o/m", "--metrics o/m is inside --output"),
        ("--link robust --label-smoothing 0.5", "label smoothing is 0.5"),
        ("--rank 99999", "rank is 99999; it must be 1 to 16384"),
    ],
)
def test_a_refused_run_leaves_nothing(tmp_path, monkeypatch, options, message):
    monkeypatch.chdir(tmp_path)
    result = run(*train("o", *options.split()))
    assert result.returncode == 1
    assert message in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("flag", "place", "message"),
    [
        ("--metrics", "/nowhere/file", "--metrics /nowhere/file cannot be written"),
        ("--checkpoint", "/nowhere/file", "--checkpoint /nowhere/file cannot be written"),
        ("--reference-cache", "/nowhere/file", "cannot write /nowhere/file"),
        ("--metrics", "/tmp", "--metrics /tmp is a directory"),
        ("--checkpoint", "/tmp", "--checkpoint /tmp is a directory"),
    ],
)
def test_files_that_cannot_be_written_are_told_before_the_run(tmp_path, flag, place, message):
    result = run(*train(tmp_path / "o", flag, place))
    assert result.returncode == 1
    assert message in result.stderr
    assert not (tmp_path / "o" / "metrics.jsonl").exists()


def test_a_full_disk_is_named(tmp_path):
    output = tmp_path / "o"
    command = [sys.executable, "-m", "adpo", *map(str, train(output, "--epochs", 10))]
    limit = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (3000, 3000))
    result = subprocess.run(command, capture_output=True, text=True, preexec_fn=limit)
    assert result.returncode == 1
    assert result.stderr.startswith(f"adpo: error: cannot write {output / 'metrics.jsonl'} (")


def test_a_model_is_not_written_over(tmp_path):
    source = tmp_path / "model.gguf"
    source.write_bytes((MODEL.parent / "llama-f32.gguf").read_bytes())
    for command in (
        ("train", source, "--data", PAIRS, "--output", source, "--full"),
        ("export", source, "--to", source, "--encoding", "q8_0"),
    ):
        result = run(*command)
        assert result.returncode == 1
        assert "is the model itself" in result.stderr
    assert source.read_bytes() == (MODEL.parent / "llama-f32.gguf").read_bytes()


def test_a_warmup_as_long_as_the_run_is_told(tmp_path):
    result = run(*train(tmp_path / "o", "--warmup", 5))
    assert result.returncode == 0
    assert result.stderr == "adpo: --warmup 5 is no less than the 5 steps of the run\n"


def test_train_full_looks_before_it_trains(tmp_path):
    (tmp_path / "file").write_text("mine")
    result = run(*train(tmp_path, "--full"))
    assert result.returncode != 0
    assert "is not empty" in result.stderr
    result = run(*train(tmp_path / "other", "--encoding", "F16"))
    assert result.returncode != 0
    assert "--encoding needs --full" in result.stderr
    result = run(*train(tmp_path / "other", "--full", "--rank", 4, "--dora"))
    assert result.returncode != 0
    assert "leave --rank and --dora out" in result.stderr
    quantized = MODEL.parent / "llama-q4_0.gguf"
    result = run("train", quantized, "--data", PAIRS, "--output", tmp_path / "new", "--full")
    assert result.returncode != 0
    assert "full fine-tuning needs F32, F16 or BF16" in result.stderr


def test_train_leaves_metrics_and_an_adapter(model, tmp_path):
    output = tmp_path / "deep" / "output"
    summary = run_json(
        *train(output, "--granularity", "adaptive:4", "--beta", 0.2, "--learning-rate", 1e-3),
        *("--epochs", 2, "--batch-size", 2, "--rank", 4, "--alpha", 8, "--seed", 1),
        *("--optimizer", "sgd", "--momentum", 0.5, "--schedule", "cosine"),
        *("--warmup", 1, "--max-gradient-norm", 0.5, "--accumulate", 2),
        *("--weight-decay", 0.01, "--max-length", 512, "--eval", PAIRS),
    )
    lines = [json.loads(line) for line in (output / "metrics.jsonl").read_text().splitlines()]
    evaluation = lines.pop()
    assert evaluation["eval_loss"] == summary["eval_loss"]
    assert {name for name in evaluation if name.startswith("eval_")} >= {
        f"eval_{name}" for name in TRL_NAMES if "/" in name
    }
    assert [line["step"] for line in lines] == list(range(1, summary["steps"] + 1))
    assert all(set(line) == TRL_NAMES | OWN_NAMES for line in lines)
    counts = [line["num_tokens"] for line in lines]
    assert counts == sorted(set(counts))
    assert summary["loss"] == lines[-1]["loss"]
    assert {"eval_loss", "eval_rewards/accuracies", "eval_rewards/margins"} <= set(summary)

    config = json.loads((output / "adapter_config.json").read_text())
    assert (config["peft_type"], config["r"], config["lora_alpha"]) == ("LORA", 4, 8)

    text = ("--prompt", "The sky is", "--completion", " blue.")
    tuned = run_json("score", MODEL, *text, "--adapter", output)
    session = adpo.Session(model, model.load_adapter(output))
    expected = session.score_text("The sky is", " blue.").logprobs
    np.testing.assert_allclose(tuned["logprobs"], expected, atol=1e-6)
    assert tuned["sum"] != run_json("score", MODEL, *text)["sum"]


@pytest.mark.parametrize(
    ("options", "objective"),
    [
        ("", adpo.Objective()),
        ("--link hinge --granularity static:3", adpo.Objective("static:3", "hinge")),
        ("--loss dpo", adpo.Objective()),
        ("--loss adpo --padding eos", adpo.Objective("token", padding="eos")),
        (
            "--loss adpo --granularity adaptive:2 --reduction mean",
            adpo.Objective("adaptive:2", reduction="mean"),
        ),
        ("--loss simpo --beta 2", adpo.Objective.named("simpo", beta=2.0)),
        ("--loss cpo --sft-weight 0.5", adpo.Objective(reference_free=True, sft_weight=0.5)),
        (
            "--link robust --label-smoothing 0.2 --wpo",
            adpo.Objective(loss="robust", label_smoothing=0.2, wpo=True),
        ),
        ("--dpop-lambda 5 --ld-alpha 0.5", adpo.Objective(dpop_lambda=5.0, ld_alpha=0.5)),
        (
            "--reference-free --target-margin 0.1",
            adpo.Objective(reference_free=True, target_margin=0.1),
        ),
        (
            "--loss kto --undesirable-weight 0.7",
            adpo.Objective(loss="kto", undesirable_weight=0.7),
        ),
    ],
)
def test_train_takes_an_objective(model, tmp_path, options, objective):
    output = tmp_path / "output"
    run_json(*train(output, *options.split(), "--batch-size", 20))
    line = json.loads((output / "metrics.jsonl").read_text().splitlines()[0])
    pairs = adpo.Dataset(model)
    pairs.load_jsonl(PAIRS)
    trainer = adpo.Trainer(model, pairs, objective, batch_size=20)
    assert line["loss"] == pytest.approx(trainer.step().loss, abs=1e-6)


@pytest.mark.parametrize(
    ("options", "arguments"),
    [
        ("--rank 2 --alpha 4 --rslora", {"lora_rank": 2, "lora_alpha": 4, "use_rslora": True}),
        (
            "--dora --dropout 0.2 --target-modules v_proj,model.layers.1.mlp.*",
            {
                "use_dora": True,
                "lora_dropout": 0.2,
                "target_modules": ["v_proj", "model.layers.1.mlp.*"],
            },
        ),
    ],
)
def test_train_takes_the_kind_of_adapter(model, tmp_path, options, arguments):
    output = tmp_path / "output"
    options = (*options.split(), "--learning-rate", 1e-2, "--batch-size", 10)
    summary = run_json(*train(output, *options))
    pairs = adpo.Dataset(model)
    pairs.load_jsonl(PAIRS)
    trainer = adpo.Trainer(model, pairs, learning_rate=1e-2, batch_size=10, **arguments)
    assert summary["parameters"] == trainer.info.parameters
    trainer.run()
    trainer.adapter().save(tmp_path / "expected")
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        found = (output / name).read_bytes()
        assert found == (tmp_path / "expected" / name).read_bytes()
    cost = run_json("inspect", MODEL, PAIRS, "--no-time", *options[:-4])
    assert cost["memory"]["parameters"] == 4 * trainer.info.parameters


def test_train_refuses_modules_that_the_model_lacks(tmp_path):
    result = run(*train(tmp_path / "output", "--target-modules", "q_proj,qq_proj"))
    assert result.returncode == 1
    assert '"qq_proj" matches no target module: q_proj, k_proj' in result.stderr


def test_train_starts_from_an_adapter(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    options = ("--learning-rate", 1e-3, "--epochs", 2, "--batch-size", 2)
    run_json(*train(first, *options))
    run_json(*train(second, "--adapter", first, *options))
    line = json.loads((second / "metrics.jsonl").read_text().splitlines()[0])
    assert line["rewards/chosen"] != 0


def test_train_stops_early_and_keeps_the_best(tmp_path):
    data = tmp_path / "reversed.jsonl"
    pairs = [json.loads(line) for line in PAIRS.read_text(encoding="utf-8").splitlines()]
    swapped = [{**p, "chosen": p["rejected"], "rejected": p["chosen"]} for p in pairs]
    data.write_text("".join(json.dumps(pair) + "\n" for pair in swapped))
    metrics = tmp_path / "elsewhere.jsonl"
    output = tmp_path / "output"
    command = train(output, "--eval", data, "--eval-every", 2, "--patience", 2, "--keep-best")
    result = run(*command, "--learning-rate", 1e-3, "--epochs", 2, "--metrics", metrics, "--json")
    assert result.stderr == "adpo: stopped early after step 6 of 10\n"
    summary = json.loads(result.stdout)
    lines = [json.loads(line) for line in metrics.read_text().splitlines()]
    losses = [line["eval_loss"] for line in lines if "eval_loss" in line]
    assert len(losses) == 3
    assert summary["best_eval_loss"] == min(losses) == losses[0]
    assert summary["best_step"] == 2
    assert not (output / "metrics.jsonl").exists()


def test_train_warns_when_the_chosen_responses_become_less_likely(tmp_path):
    # APO-down lowers the chosen responses by design.
    loss = ("--loss", "apo_down", "--learning-rate", 3e-3, "--epochs", 10, "--rank", 4)
    result = run(*train(tmp_path / "output", *loss))
    assert result.returncode == 0
    assert "the log-prob of the chosen responses has fallen by" in result.stderr
    assert result.stderr.count("\n") == 1


def test_train_reports_what_it_cut(tmp_path):
    data = tmp_path / "pairs.jsonl"
    pairs = [
        {"prompt": "Hi.", "chosen": " Yes.", "rejected": " No."},
        {"prompt": "Hi.", "chosen": " Yes." * 200, "rejected": " No."},
        {"prompt": "Hi." * 200, "chosen": " Yes.", "rejected": " No."},
    ]
    data.write_text("".join(json.dumps(pair) + "\n" for pair in pairs))
    result = run("train", MODEL, "--data", data, "--output", tmp_path / "o", "--max-length", 60)
    assert result.returncode == 0
    assert "1 pairs left out" in result.stderr
    assert "1 pairs cut" in result.stderr


def test_no_progress_bar_without_a_terminal(tmp_path):
    result = run(*train(tmp_path / "output"))
    assert result.returncode == 0
    assert result.stderr == ""


def test_a_progress_bar_on_a_terminal(tmp_path):
    main, other = pty.openpty()
    command = [sys.executable, "-m", "adpo", *map(str, train(tmp_path / "output"))]
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=other, timeout=120)
    os.close(other)
    shown = os.read(main, 100_000).decode()
    os.close(main)
    assert result.returncode == 0
    assert "loss" in shown and "[####" in shown


def test_ctrl_c_saves_the_adapter(tmp_path):
    output = tmp_path / "output"
    metrics = output / "metrics.jsonl"
    code, shown = interrupt(train(output, "--epochs", 100_000), metrics)
    assert code == 130
    steps = len(metrics.read_text().splitlines())
    assert shown.startswith(f"adpo: interrupted after step {steps} of ")
    assert str(output) in shown
    assert (output / "adapter_model.safetensors").exists()


def test_an_empty_response_names_the_line(tmp_path):
    data = tmp_path / "pairs.jsonl"
    data.write_text('{"prompt": "a", "chosen": "b", "rejected": ""}\n')
    result = run("train", MODEL, "--data", data, "--output", tmp_path / "o")
    assert result.returncode == 1
    assert "line 1" in result.stderr
    assert "rejected" in result.stderr
