"""Makes folders of a tiny model whose weights are quantized as hubs have them, and their goldens.

Each folder of Fixtures/quantized holds codes and scales; the golden has transformers' log-probs of
the decoded weights, and one decoded matrix. They are decoded by transformers (FP8, MLX's layout)
and by compressed-tensors 0.20.0, which is installed beside the other packages with
`pip install --no-deps compressed-tensors==0.20.0 loguru`.
"""

import json
import shutil
from collections.abc import Callable
from typing import Any

import torch
from compressed_tensors.compressors.naive_quantized.base import NaiveQuantizationCompressor
from compressed_tensors.compressors.pack_quantized.base import PackedQuantizationCompressor
from compressed_tensors.quantization import QuantizationArgs, QuantizationScheme
from safetensors.torch import save_file
from transformers.integrations.finegrained_fp8 import _dequantize_fp8_weight
from transformers.integrations.metal_quantization import _affine_dequantize_tensor

from common import FIXTURES, GOLDEN, score, versions, write_json
from make_models import make_model, make_tokenizer, sequences

QUANTIZED = FIXTURES / "quantized"
SAMPLE = "model.layers.0.mlp.down_proj.weight"  # [64, 96]
BLOCK = [32, 40]  # divides neither all rows nor all columns

# The tensors of a module, and what its weight is decoded to.
Quantized = tuple[dict[str, torch.Tensor], torch.Tensor]


def by_fp8_blocks(name: str, weight: torch.Tensor) -> Quantized:
    """DeepSeek's and Qwen's FP8: a scale for each block."""
    rows, columns = weight.shape
    padded = torch.zeros(-(-rows // BLOCK[0]) * BLOCK[0], -(-columns // BLOCK[1]) * BLOCK[1])
    padded[:rows, :columns] = weight
    blocks = padded.unflatten(1, (-1, BLOCK[1])).unflatten(0, (-1, BLOCK[0]))
    scales = blocks.abs().amax(dim=(1, 3)) / 448
    full = scales.repeat_interleave(BLOCK[0], 0).repeat_interleave(BLOCK[1], 1)
    codes = (weight / full[:rows, :columns]).to(torch.float8_e4m3fn)
    decoded = _dequantize_fp8_weight(codes, scales, BLOCK, torch.float32)
    return {"weight": codes, "weight_scale_inv": scales}, decoded.to(torch.bfloat16)


def by_compressed_tensors(
    compressor: type, dtype: torch.dtype, **settings: str | int
) -> Callable[[str, torch.Tensor], Quantized]:
    """What compressed-tensors makes of weights and their scales."""
    args = QuantizationArgs(symmetric=True, **settings)
    scheme = QuantizationScheme(targets=["Linear"], weights=args)
    largest = 448 if args.type == "float" else 2 ** (args.num_bits - 1) - 1

    def quantize(name: str, weight: torch.Tensor) -> Quantized:
        groups = weight.unflatten(1, (-1, args.group_size or weight.shape[1]))
        scales = (groups.abs().amax(dim=2) / largest).to(dtype)
        if args.strategy == "tensor":
            scales = scales.max().reshape(1)
        state = {"weight": weight.to(dtype), "weight_scale": scales}
        compressed = compressor.compress(state, scheme)
        decoded = compressor.decompress(compressed, scheme)["weight"]
        return compressed, decoded

    return quantize


def by_mlx(name: str, weight: torch.Tensor) -> Quantized:
    """MLX's affine quantization: 4 bits, and 8 of the sample."""
    bits, group = (8 if name == SAMPLE else 4), 32
    groups = weight.unflatten(1, (-1, group))
    low, high = groups.amin(2), groups.amax(2)
    scales, biases = ((high - low) / (2**bits - 1)).half(), low.half()
    codes = (groups - biases.float().unsqueeze(2)) / scales.float().unsqueeze(2)
    codes = codes.round().clamp(0, 2**bits - 1).to(torch.int64).flatten(1)
    words = codes.unflatten(1, (-1, 32 // bits)) << torch.arange(0, 32, bits)
    packed = words.sum(2).to(torch.uint32)
    decoded = _affine_dequantize_tensor(packed, scales, biases, group, bits).half()
    return {"weight": packed, "scales": scales, "biases": biases}, decoded


def compressed_config(kind: str, **weights: str | int) -> dict[str, Any]:
    """A config.json's description of one group of compressed-tensors."""
    group = {"targets": ["Linear"], "weights": {"symmetric": True, **weights}}
    config = {"quant_method": "compressed-tensors", "format": kind, "config_groups": {"g": group}}
    return {"quantization_config": config}


CHANNEL = {"num_bits": 8, "type": "float", "strategy": "channel"}
TENSOR = {"num_bits": 8, "type": "float", "strategy": "tensor"}
INT8 = {"num_bits": 8, "type": "int", "strategy": "channel"}
INT4 = {"num_bits": 4, "type": "int", "strategy": "group", "group_size": 32}
MLX = {"bits": 4, "group_size": 32, SAMPLE.removesuffix(".weight"): {"bits": 8, "group_size": 32}}

# name: the configuration, how a matrix is quantized, whether embeddings are, too
CASES: dict[str, tuple[dict[str, Any], Callable[[str, torch.Tensor], Quantized], bool]] = {
    "fp8-blocks": (
        {"quantization_config": {"quant_method": "fp8", "weight_block_size": BLOCK}},
        by_fp8_blocks,
        False,
    ),
    "fp8-rows": (
        compressed_config("float-quantized", **CHANNEL),
        by_compressed_tensors(NaiveQuantizationCompressor, torch.bfloat16, **CHANNEL),
        False,
    ),
    "fp8-tensors": (
        compressed_config("float-quantized", **TENSOR),
        by_compressed_tensors(NaiveQuantizationCompressor, torch.bfloat16, **TENSOR),
        False,
    ),
    "int8": (
        compressed_config("int-quantized", **INT8),
        by_compressed_tensors(NaiveQuantizationCompressor, torch.float16, **INT8),
        False,
    ),
    "int4": (
        compressed_config("pack-quantized", **INT4),
        by_compressed_tensors(PackedQuantizationCompressor, torch.bfloat16, **INT4),
        False,
    ),
    "mlx": ({"quantization": MLX, "quantization_config": MLX}, by_mlx, True),
}


def main() -> None:
    tokenizer = make_tokenizer()
    for number, (name, (config, quantize, has_embeddings)) in enumerate(CASES.items()):
        folder = QUANTIZED / name
        shutil.rmtree(folder, ignore_errors=True)
        model = make_model(200 + number, {"num_hidden_layers": 1, "tie_word_embeddings": True})
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        path = folder / "config.json"
        described = json.loads(path.read_text()) | config | {"dtype": "bfloat16"}
        path.write_text(json.dumps(described, indent=2) + "\n")

        tensors: dict[str, torch.Tensor] = {}
        decoded: dict[str, torch.Tensor] = {}
        for key, tensor in model.state_dict().items():
            if key == "lm_head.weight":
                continue
            if tensor.dim() == 2 and (has_embeddings or "embed" not in key):
                parts, decoded[key] = quantize(key, tensor)
                module = key.removesuffix(".weight")
                tensors |= {f"{module}.{part}": value for part, value in parts.items()}
            else:
                tensors[key] = decoded[key] = tensor.to(torch.bfloat16)
        if name == "fp8-tensors":  # scales of activations, which weights alone do not need
            tensors["model.layers.0.mlp.down_proj.input_scale"] = torch.ones(1)
        save_file(
            {key: value.contiguous() for key, value in tensors.items()},
            folder / "model.safetensors",
        )
        model.load_state_dict({key: value.float() for key, value in decoded.items()}, strict=False)
        model.tie_weights()
        golden = {
            "made_by": "make_quantized.py",
            "versions": versions("torch", "transformers", "compressed-tensors"),
            "model": f"quantized/{name}",
            "sequences": score(model.eval(), sequences(tokenizer)),
        }
        write_json(GOLDEN / "quantized" / f"{name}.json", golden)
        save_file({SAMPLE: decoded[SAMPLE]}, GOLDEN / "quantized" / f"{name}.safetensors")


if __name__ == "__main__":
    main()
