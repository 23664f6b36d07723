"""Makes GGUF files of the tiny models, and transformers' log-probs of their dequantized weights."""

import tempfile
from pathlib import Path

from gguf import GGMLQuantizationType as Encoding
from gguf import LlamaFileType as FileType

from common import GOLDEN, MODELS, load_model, score, versions, write_json
from llama_gguf import llama_cpp_differences, llama_cpp_quantize, read_llama, write_llama
from make_models import make_model, make_tokenizer, sequences

ENCODINGS = {
    "f32": (Encoding.F32, FileType.ALL_F32),
    "f16": (Encoding.F16, FileType.MOSTLY_F16),
    "bf16": (Encoding.BF16, FileType.MOSTLY_BF16),
    "q4_0": (Encoding.Q4_0, FileType.MOSTLY_Q4_0),
    "q4_1": (Encoding.Q4_1, FileType.MOSTLY_Q4_1),
    "q8_0": (Encoding.Q8_0, FileType.MOSTLY_Q8_0),
}

# Encodings in blocks of 256, which only llama.cpp itself quantizes to, and a model that is as wide.
K_ENCODINGS = {
    "q4_k": FileType.MOSTLY_Q4_K_S,
    "q6_k": FileType.MOSTLY_Q6_K,
    "iq4_xs": FileType.MOSTLY_IQ4_XS,
    "q2_k": FileType.MOSTLY_Q2_K,
}
WIDE = {
    "hidden_size": 256,
    "intermediate_size": 256,
    "num_hidden_layers": 1,
    "tie_word_embeddings": True,
}


def write_golden(path: Path) -> None:
    """Writes the file's golden, and prints how far llama.cpp's log-probs are from it."""
    model = read_llama(path)
    scored = score(model, sequences(make_tokenizer()))
    golden = {
        "made_by": "make_gguf.py",
        "versions": versions("torch", "transformers", "gguf", "llama_cpp_python"),
        "model": f"models/{path.name}",
        "sequences": scored,
    }
    write_json(GOLDEN / "models" / f"{path.name}.json", golden)
    print(f"{path.name}: llama.cpp differs {llama_cpp_differences(path, scored)}")


def main() -> None:
    tokenizer = make_tokenizer()
    made = []
    model = load_model(MODELS / "llama-f32")
    for suffix, (encoding, file_type) in ENCODINGS.items():
        made.append(MODELS / f"llama-{suffix}.gguf")
        write_llama(made[-1], model, tokenizer, encoding, file_type, "llama-f32")

    made.append(MODELS / "llama-rope-llama3.gguf")
    model = load_model(MODELS / "llama-rope-llama3")
    write_llama(made[-1], model, tokenizer, *ENCODINGS["bf16"], "llama-rope-llama3")

    with tempfile.TemporaryDirectory() as folder:
        wide = Path(folder) / "wide.gguf"
        write_llama(wide, make_model(100, WIDE), tokenizer, *ENCODINGS["f32"], "llama-wide")
        for suffix, file_type in K_ENCODINGS.items():
            made.append(MODELS / f"llama-wide-{suffix}.gguf")
            llama_cpp_quantize(wide, made[-1], file_type)

    for path in made:
        write_golden(path)


if __name__ == "__main__":
    main()
