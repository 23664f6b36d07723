"""Random models of the llama family in Q4_K, with SmolLM2's tokenizer, for what it cannot show.

python synthetic.py NAME ...
"""

from __future__ import annotations

import sys
from pathlib import Path

import gguf
import numpy as np

import cache
from flops import Shape
from work import VOCABULARY

SHAPES = {
    # As large as SmolLM2, but of a width that Q4_K can hold.
    "small": Shape(layers=16, width=768, feed_forward=2048, heads=12, key_value_heads=4),
    # The layers of Llama 3.2 1B and of Llama 3.1 8B.
    "1B": Shape(layers=16, width=2048, feed_forward=8192, heads=32, key_value_heads=8),
    "8B": Shape(layers=32, width=4096, feed_forward=14336, heads=32, key_value_heads=8),
}

# A block of Q4_K: d and dmin in half precision, 12 bytes of scales, 128 of quants, 256 weights.
BLOCK = np.dtype([("d", "<f2"), ("dmin", "<f2"), ("bits", "u1", 140)])
WEIGHTS = 256


def blocks(rows: int, columns: int, random: np.random.Generator) -> np.ndarray:
    """Random weights around 0 of deviation 1/sqrt(columns).  # [rows, bytes of a row]

    A weight is d * scale * quant - dmin * minimum with scale and minimum uniform in 0 to 63 and
    quant in 0 to 15. With dmin = 7.5 d the mean is 0 and the deviation 258 d.
    """
    block = np.empty(rows * columns // WEIGHTS, BLOCK)
    block["d"] = 1 / (258 * columns**0.5)
    block["dmin"] = 7.5 * block["d"]
    block["bits"] = np.frombuffer(random.bytes(140 * block.size), np.uint8).reshape(-1, 140)
    return block.view(np.uint8).reshape(rows, -1)


def matrices(shape: Shape) -> dict[str, tuple[int, int]]:
    """Rows and columns of every matrix."""
    width, wide = shape.width, shape.feed_forward
    key_value = width // shape.heads * shape.key_value_heads
    layer = {
        "attn_q": (width, width),
        "attn_k": (key_value, width),
        "attn_v": (key_value, width),
        "attn_output": (width, width),
        "ffn_gate": (wide, width),
        "ffn_up": (wide, width),
        "ffn_down": (width, wide),
    }
    names = {"token_embd.weight": (VOCABULARY, width)}
    for index in range(shape.layers):
        names |= {f"blk.{index}.{name}.weight": size for name, size in layer.items()}
    return names


def norms(shape: Shape) -> list[str]:
    layers = range(shape.layers)
    names = [f"blk.{index}.{name}.weight" for index in layers for name in ("attn_norm", "ffn_norm")]
    return [*names, "output_norm.weight"]


def add_metadata(writer: gguf.GGUFWriter, shape: Shape, name: str, tokenizer: Path) -> None:
    writer.add_type(gguf.GGUFType.MODEL)
    writer.add_name(f"synthetic {name}")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q4_K_S)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    writer.add_block_count(shape.layers)
    writer.add_context_length(8192)
    writer.add_embedding_length(shape.width)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.key_value_heads)
    writer.add_rope_freq_base(1e5)
    writer.add_rope_dimension_count(shape.width // shape.heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(VOCABULARY)
    for key, field in gguf.GGUFReader(tokenizer).fields.items():
        if key.startswith("tokenizer."):
            sub_type = field.types[1] if len(field.types) > 1 else None
            writer.add_key_value(key, field.contents(), field.types[0], sub_type)


def write(path: Path, name: str, tokenizer: Path) -> None:
    """One matrix after the other: never more than one in memory."""
    shape, kind = SHAPES[name], gguf.GGMLQuantizationType.Q4_K
    writer = gguf.GGUFWriter(path, "llama")
    add_metadata(writer, shape, name, tokenizer)
    sizes = matrices(shape)
    for matrix, (rows, columns) in sizes.items():
        bytes_of_row = columns // WEIGHTS * BLOCK.itemsize
        writer.add_tensor_info(
            matrix, (rows, bytes_of_row), np.dtype(np.uint8), rows * bytes_of_row, raw_dtype=kind
        )
    ones = np.ones(shape.width, np.float32)
    for norm in norms(shape):
        writer.add_tensor_info(norm, ones.shape, ones.dtype, ones.nbytes)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    random = np.random.default_rng(0)
    for rows, columns in sizes.values():
        writer.write_tensor_data(blocks(rows, columns, random))
    for _ in norms(shape):
        writer.write_tensor_data(ones)
    writer.close()


def make(name: str) -> Path:
    """Make the model when it is missing."""
    path = cache.synthetic(name)
    cache.once(path, lambda part: write(part, name, cache.smollm2()))
    return path


if __name__ == "__main__":
    for name in sys.argv[1:]:
        make(name)
