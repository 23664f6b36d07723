"""transformers, peft and llama.cpp load what libadpo exports, and compute the same log-probs.

    check_exports.py SMOLLM2.gguf

Merges adapters into tiny models and into SmolLM2, exports them in every encoding, has the others
read them, and writes the section "Exports" of docs/parity.md.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import gguf
import llama_cpp
import numpy as np
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

import adpo
from common import FIXTURES, GOLDEN, logprobs_of
from llama_gguf import llama_cpp_quantize
from report import cell, publish, table, versions

# transformers and llama.cpp add in other orders than we do.
TOLERANCE = 2e-4
TEXT = "The river rises in the hills, isn't it 1234 years old?\n\n  It flows to the sea. "


@dataclass
class Subject:
    """A model, an adapter, and how its tables call them."""

    name: str
    model: adpo.Model
    adapter: adpo.Adapter
    tokens: np.ndarray
    dora: bool = False


def logprobs(logits: torch.Tensor, tokens: np.ndarray) -> np.ndarray:
    return logprobs_of(logits.float(), tokens.tolist()).numpy()


def ours(model: adpo.Model, tokens: np.ndarray, adapter: adpo.Adapter | None = None) -> np.ndarray:
    return adpo.Session(model, adapter).score(tokens)[1:]


def transformers_model(path: Path) -> torch.nn.Module:
    return AutoModelForCausalLM.from_pretrained(
        path, dtype=torch.float32, attn_implementation="eager"
    ).eval()


def transformers_logprobs(model: torch.nn.Module, tokens: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        ids = torch.from_numpy(tokens.astype(np.int64))
        return logprobs(model(ids[None], use_cache=False).logits[0], tokens)


def llama_cpp_logprobs(path: Path, tokens: np.ndarray, adapter: Path | None = None) -> np.ndarray:
    llama = llama_cpp.Llama(
        str(path),
        n_ctx=len(tokens),
        n_threads=1,
        logits_all=True,
        lora_path=str(adapter) if adapter else None,
        type_k=llama_cpp.GGML_TYPE_F32,
        type_v=llama_cpp.GGML_TYPE_F32,
        verbose=False,
    )
    llama.eval(tokens.tolist())
    return logprobs(torch.tensor(llama.scores[: len(tokens)].copy()), tokens)


def llama_cpp_tokens(path: Path, texts: Sequence[str]) -> list[list[int]]:
    llama = llama_cpp.Llama(str(path), n_ctx=32, verbose=False)
    return [llama.tokenize(text.encode(), add_bos=True, special=True) for text in texts]


class Table:
    """The rows, printed as they come."""

    def __init__(self) -> None:
        self.rows: list[Sequence[str]] = []

    def add(
        self,
        subject: Subject,
        export: str,
        reader: str,
        theirs: np.ndarray,
        expected: np.ndarray,
        *,
        cost: str = "",
        tolerance: float = TOLERANCE,
    ) -> None:
        difference = np.abs(theirs - expected)
        self.rows.append(
            (
                subject.name,
                export,
                reader,
                f"{difference.mean():.1e}",
                cell(difference.max(), difference.max() < tolerance),
                cost,
            )
        )
        print(*self.rows[-1], sep=" | ", flush=True)


def check_adapters(subject: Subject, base: Path, base_gguf: Path, out: Path, rows: Table) -> None:
    """The adapter alone, on a base that the others read in F32."""
    expected = ours(subject.model, subject.tokens, subject.adapter)
    plain = ours(subject.model, subject.tokens)
    assert np.abs(expected - plain).max() > 0.1, "the adapter does nothing"
    subject.adapter.save(out / "peft")
    tuned = PeftModel.from_pretrained(transformers_model(base), out / "peft").eval()
    rows.add(subject, "adapter", "peft", transformers_logprobs(tuned, subject.tokens), expected)
    if subject.dora:
        return  # llama.cpp has none: its files are merged
    subject.adapter.save(out / "adapter.gguf")
    theirs = llama_cpp_logprobs(base_gguf, subject.tokens, out / "adapter.gguf")
    rows.add(subject, "adapter, GGUF", "llama.cpp", theirs, expected)


def check_directory(subject: Subject, encoding: str, out: Path, rows: Table) -> None:
    path = out / encoding
    report = subject.model.export(path, adapter=subject.adapter, encoding=encoding)
    theirs = transformers_logprobs(transformers_model(path), subject.tokens)
    exported = adpo.Model(path)
    rows.add(
        subject,
        f"directory, {encoding}",
        "transformers",
        theirs,
        ours(exported, subject.tokens),
        cost=f"{report.mean_difference:.1e}",
    )
    tokenizer = AutoTokenizer.from_pretrained(path)
    for text in texts():
        assert tokenizer(text)["input_ids"] == exported.tokenize(text).tolist(), text


def check_gguf(subject: Subject, encoding: str, out: Path, rows: Table) -> None:
    """The file as it is, and as llama.cpp decodes it to F32: it rounds activations otherwise."""
    path = out / f"{encoding}.gguf"
    report = subject.model.export(path, adapter=subject.adapter, encoding=encoding)
    exported = adpo.Model(path)
    expected = ours(exported, subject.tokens)
    cost = f"{report.mean_difference:.1e}"
    export = f"GGUF, {encoding}"
    if encoding != "F32":
        theirs = llama_cpp_logprobs(path, subject.tokens)
        rows.add(subject, export, "llama.cpp", theirs, expected, cost=cost, tolerance=np.inf)
        llama_cpp_quantize(path, out / "decoded.gguf", gguf.LlamaFileType.ALL_F32)
        path = out / "decoded.gguf"
    theirs = llama_cpp_logprobs(path, subject.tokens)
    reader = "llama.cpp" if encoding == "F32" else "llama.cpp, decoded to F32"
    rows.add(subject, export, reader, theirs, expected, cost=cost)
    for text, theirs in zip(texts(), llama_cpp_tokens(path, texts())):
        assert theirs == exported.tokenize(text).tolist(), text


def texts() -> list[str]:
    """Short texts of the tokenizers' golden, and our own."""
    golden = json.loads((GOLDEN / "tokenizers.json").read_text())["texts"]
    short = [text["text"] for text in golden if text.get("repeat", 1) == 1]
    return [TEXT, *[text for text in short if 0 < len(text) < 60]][:40]


def tiny(name: str, adapter: str | None = None) -> Subject:
    """A tiny model, and an adapter of the fixtures or a new one."""
    model = adpo.Model(FIXTURES / "models" / name)
    tokens = np.random.default_rng(0).integers(0, 320, 60, dtype=np.int32)
    if adapter is None:
        return Subject(f"{name} + tuned", model, tune(model, 1e-2), tokens)
    loaded = model.load_adapter(FIXTURES / "adapters" / adapter)
    return Subject(f"{name} + {adapter}", model, loaded, tokens, "dora" in adapter)


def smollm2(path: Path, **options: bool) -> Subject:
    """SmolLM2 with a new adapter, of the kind that the options name."""
    model = adpo.Model(path)
    kind = "".join(f", {option}" for option in options)
    name = f"SmolLM2-135M-Instruct.Q4_1.gguf + tuned{kind}"
    adapter = tune(model, 1e-3, **options)
    return Subject(name, model, adapter, model.tokenize(TEXT * 3), "use_dora" in options)


def tune(model: adpo.Model, learning_rate: float, **options: bool) -> adpo.Adapter:
    """An adapter that differs clearly from none."""
    pairs = adpo.Dataset(model)
    pairs.load_jsonl(FIXTURES / "pairs.jsonl")
    trainer = adpo.Trainer(model, pairs, learning_rate=learning_rate, lora_rank=8, **options)
    for _ in trainer:
        pass
    return trainer.adapter()


def check(
    subject: Subject,
    rows: Table,
    directories: Sequence[str] = ("F32",),
    files: Sequence[str] = ("F32", "Q8_0"),
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        base, base_gguf = out / "base", out / "base.gguf"
        subject.model.export(base, encoding="F32")
        subject.model.export(base_gguf, encoding="F32")
        check_adapters(subject, base, base_gguf, out, rows)
        for encoding in directories:
            check_directory(subject, encoding, out, rows)
        for encoding in files:
            check_gguf(subject, encoding, out, rows)


def main() -> None:
    torch.set_num_threads(1)
    rows = Table()
    plain = ("F32", "F16", "BF16")
    every = adpo.encodings()
    check(tiny("llama-f32", "llama-f32-lora"), rows, plain, every)
    check(tiny("llama-f32.gguf", "llama-f32-rslora"), rows)
    check(tiny("llama-f32", "llama-f32-dora"), rows, plain, ["F32", "Q8_0", "Q4_K"])
    check(tiny("llama-f32.gguf", "llama-f32-dora"), rows)
    check(tiny("llama-bias", "llama-bias-lora"), rows)
    check(tiny("llama-bias", "llama-bias-dora"), rows)
    for name in ("tied-bf16", "rope-linear", "rope-llama3", "rope-llama3.gguf", "rope-yarn"):
        check(tiny(f"llama-{name}"), rows, files=["F32"])
    check(smollm2(Path(sys.argv[1])), rows, plain, every)
    for kind in ("use_rslora", "use_dora"):
        check(smollm2(Path(sys.argv[1]), **{kind: True}), rows, files=["F32"])
    head = ("model", "export", "read by", "mean difference", "largest", "cost of the encoding")
    publish(
        "Exports",
        f"{versions('transformers', 'peft', 'llama_cpp_python', 'torch')}. "
        "Differences are absolute, of natural log-probs. "
        "The difference is that of another program's log-probs from ours of the same file; the "
        "cost of the encoding that of the exported model from model and adapter in memory, in the "
        f"mean. Differences up to {TOLERANCE:g} pass. llama.cpp rounds activations to suit the "
        "weights (to 8 bits for quantized ones), so what it makes of a file is shown, and what it "
        "makes of the same file after it has decoded the weights to F32 has to be equal. "
        "Tokenizers of all these files give the ids that ours gives.\n\n" + table(head, rows.rows),
    )


main()
