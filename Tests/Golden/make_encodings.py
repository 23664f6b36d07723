"""Goldens for the weight encodings: blocks, and the floats that the gguf package decodes them to.

Writes encodings/<name>.blocks and encodings/<name>.f32; and encodings/weights with the blocks that
llama.cpp quantizes them to, encodings/<name>.quantized. Made with gguf 0.19.0, numpy 2.4.6 and,
because gguf cannot quantize to the K formats, llama-cpp-python 0.3.36.
"""

import ctypes
from pathlib import Path

import gguf
import llama_cpp
import numpy as np

ggml = ctypes.CDLL(str(Path(llama_cpp.__file__).parent / "lib" / "libggml-base.so"))
ggml.ggml_quantize_chunk.restype = ctypes.c_size_t
ggml.ggml_quantize_chunk.argtypes = [
    ctypes.c_int,
    ctypes.c_void_p,
    ctypes.c_void_p,
    *[ctypes.c_int64] * 3,
    ctypes.c_void_p,
]

BLOCKS = 4
# Where a format keeps its f16 scales: random bytes there would be NaN, or absurd.
SCALES = {
    "Q4_0": [0],
    "Q4_1": [0, 2],
    "Q8_0": [0],
    "Q4_K": [0, 2],
    "Q6_K": [208],
    "Q5_0": [0],
    "Q5_1": [0, 2],
    "Q5_K": [0, 2],
    "Q3_K": [108],
    "IQ4_NL": [0],
    "IQ4_XS": [0],
    "Q2_K": [80, 82],
    "IQ3_S": [0],
    "IQ3_XXS": [0],
    "IQ2_S": [0],
    "IQ2_XS": [0],
    "IQ2_XXS": [0],
    "MXFP4": [],
    "TQ1_0": [52],
    "TQ2_0": [64],
}
# These are read only.
READ_ONLY = [*("Q2_K", "IQ3_S", "IQ3_XXS", "IQ2_S", "IQ2_XS", "IQ2_XXS"), "MXFP4", "TQ1_0", "TQ2_0"]


def random_blocks(kind: gguf.GGMLQuantizationType, rng: np.random.Generator) -> np.ndarray:
    """Blocks whose codes take all values: quantized weights leave some out."""
    _, block_bytes = gguf.GGML_QUANT_SIZES[kind]
    blocks = rng.integers(0, 256, (BLOCKS, block_bytes), dtype=np.uint8)
    for number, offset in enumerate(SCALES[kind.name]):
        # Among them a subnormal f16, and both signs.
        scales = np.roll(np.array([1.0, -0.01, 3e-6, 0.37], dtype=np.float16), number)
        blocks[:, offset : offset + 2] = scales[:, None].view(np.uint8)
    if kind.name == "MXFP4":
        blocks[:, 0] = [0, 1, 120, 130]  # exponents, of subnormal floats, too
    return blocks


def quantized_blocks(kind: gguf.GGMLQuantizationType, weights: np.ndarray) -> np.ndarray:
    """The weights as llama.cpp quantizes them."""
    elements, block_bytes = gguf.GGML_QUANT_SIZES[kind]
    encoded = np.zeros(weights.size // elements * block_bytes, dtype=np.uint8)
    size = ggml.ggml_quantize_chunk(
        kind.value, weights.ctypes.data, encoded.ctypes.data, 0, 1, weights.size, None
    )
    assert size == encoded.size
    return encoded


def weights_to_quantize(rng: np.random.Generator) -> np.ndarray:
    """Weights of many kinds, 256 of each: what quantizers may stumble over."""
    normal, outliers, positive, small, sparse = np.split(rng.standard_normal(5 * 256), 5)
    outliers[::50] *= 30
    kinds = [normal, outliers, abs(positive) + 1, small * 1e-6, sparse * (sparse > 1.5)]
    constant = np.repeat([0.0, 0.7, -0.3, 0.0], 64)
    ramp = np.arange(-128, 128) / 64  # many ties
    return np.concatenate([*kinds, constant, ramp]).astype("<f4")


def main() -> None:
    rng = np.random.default_rng(1)
    folder = Path(__file__).parent / "encodings"
    folder.mkdir(exist_ok=True)
    for name in ["F32", "F16", "BF16", *SCALES]:
        kind = gguf.GGMLQuantizationType[name]
        elements, block_bytes = gguf.GGML_QUANT_SIZES[kind]
        weights = rng.standard_normal(max(BLOCKS * elements, 64), dtype=np.float32)
        parts = []
        if name in SCALES:
            parts.append(random_blocks(kind, rng).ravel())
        if name in READ_ONLY:
            parts.append(random_blocks(kind, rng).ravel())
        else:
            parts.append(quantized_blocks(kind, weights))
        encoded = np.concatenate(parts)
        decoded = gguf.quants.dequantize(encoded.reshape(-1, block_bytes), kind)
        encoded.tofile(folder / f"{name}.blocks")
        decoded.astype("<f4").tofile(folder / f"{name}.f32")

    weights = weights_to_quantize(np.random.default_rng(2))
    weights.tofile(folder / "weights")
    for name in ["F32", "F16", "BF16", *(name for name in SCALES if name not in READ_ONLY)]:
        kind = gguf.GGMLQuantizationType[name]
        quantized_blocks(kind, weights).tofile(folder / f"{name}.quantized")


if __name__ == "__main__":
    main()
