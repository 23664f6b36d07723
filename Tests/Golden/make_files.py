"""Small safetensors and GGUF files for the readers' tests, in Tests/Fixtures/files.

Made with safetensors 0.8.0, gguf 0.19.0, numpy 2.4.6.
"""

import json
from pathlib import Path

import gguf
import numpy as np
import torch
from safetensors.torch import save_file

FILES = Path(__file__).parent.parent / "Fixtures" / "files"


def counting(*shape: int) -> torch.Tensor:
    """0, 1, 2, ... divided by 4: exact in every format."""
    return torch.arange(int(np.prod(shape)), dtype=torch.float32).reshape(shape) / 4


def make_safetensors() -> None:
    save_file(
        {
            "single": counting(2, 3),
            "half": counting(3).half(),
            "brain": counting(3, 1).bfloat16(),
            "scalar": torch.tensor(1.5),
            "empty": torch.zeros(0, 4),
            "ids": torch.arange(3),
        },
        FILES / "tiny.safetensors",
        metadata={"format": "pt"},
    )
    # What SafetensorsWriter has to write, byte by byte: F32, names in order, a name to escape.
    save_file(
        {"a": counting(2, 3), 'b"\\\n\u00e9': counting(2), "c": torch.tensor(1.5)},
        FILES / "written.safetensors",
        metadata={"format": "pt"},
    )

    single = FILES / "single"
    single.mkdir(exist_ok=True)
    (single / "config.json").write_text("{}\n")
    save_file({"a": counting(2, 3)}, single / "model.safetensors")

    sharded = FILES / "sharded"
    sharded.mkdir(exist_ok=True)
    (sharded / "config.json").write_text("{}\n")
    shards = [{"a": counting(2, 3), "b": counting(2)}, {"c": counting(4) + 1}]
    weight_map = {}
    for number, tensors in enumerate(shards, 1):
        name = f"model-{number:05}-of-{len(shards):05}.safetensors"
        save_file(tensors, sharded / name)
        weight_map |= dict.fromkeys(tensors, name)
    index = {"metadata": {"total_size": 48}, "weight_map": weight_map}
    (sharded / "model.safetensors.index.json").write_text(json.dumps(index, indent=2) + "\n")


def make_gguf() -> None:
    writer = gguf.GGUFWriter(FILES / "tiny.gguf", "llama")
    writer.add_custom_alignment(64)
    writer.add_uint8("t.uint8", 200)
    writer.add_int8("t.int8", -100)
    writer.add_uint16("t.uint16", 60000)
    writer.add_int16("t.int16", -30000)
    writer.add_uint32("t.uint32", 4_000_000_000)
    writer.add_int32("t.int32", -2_000_000_000)
    writer.add_uint64("t.uint64", 2**63)
    writer.add_int64("t.int64", -(2**63))
    writer.add_float32("t.float32", 0.1)
    writer.add_float64("t.float64", 0.1)
    writer.add_bool("t.bool", True)
    writer.add_string("t.string", "caf\u00e9")
    writer.add_array("t.strings", [b"a", b"", b"\xff\xfe"])
    writer.add_array("t.integers", [1, -2, 3])
    writer.add_array("t.floats", [0.5, -1.5])
    writer.add_array("t.bools", [True, False])
    writer.add_key_value("t.bytes", [1, 255], gguf.GGUFValueType.ARRAY, gguf.GGUFValueType.UINT8)
    writer.add_tensor("single", counting(2, 3).numpy())
    writer.add_tensor("half", counting(1, 2, 3).half().numpy())
    quantized = gguf.quants.quantize(counting(3, 32).numpy(), gguf.GGMLQuantizationType.Q4_1)
    writer.add_tensor("quantized", quantized, raw_dtype=gguf.GGMLQuantizationType.Q4_1)
    writer.add_tensor("ids", np.arange(3, dtype=np.int32))
    save(writer)

    # What GGUFWriter has to write, byte by byte.
    writer = gguf.GGUFWriter(FILES / "written.gguf", "llama")
    writer.add_uint32("t.uint32", 4_000_000_000)
    writer.add_float32("t.float32", 0.1)
    writer.add_bool("t.bool", True)
    writer.add_string("t.string", "caf\u00e9")
    writer.add_array("t.strings", [b"a", b"", b"\xff\xfe"])
    writer.add_array("t.integers", [1, -2, 3])
    writer.add_tensor("single", counting(2, 3).numpy())
    writer.add_tensor("half", counting(1, 2, 3).half().numpy())
    save(writer)

    writer = gguf.GGUFWriter(FILES / "split.gguf", "llama", split_max_tensors=1)
    for name, shape in [("a", (2, 3)), ("b", (2,)), ("c", (4,))]:
        writer.add_tensor(name, counting(*shape).numpy())
    save(writer)


def save(writer: gguf.GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    FILES.mkdir(parents=True, exist_ok=True)
    make_safetensors()
    make_gguf()
