"""The tiny random models of each family, a file for each: configurations, and how llama.cpp's
converter writes them."""

from tiny_families import (
    ernie4_5,
    gemma,
    gemma2,
    gemma3,
    gpt2,
    gpt_neox,
    granite,
    helium,
    hunyuan_v1_dense,
    llama,
    ministral3,
    mistral,
    mixtral,
    phi3,
    qwen2,
    qwen3,
    seed_oss,
    smollm3,
)
from tiny_families.family import TinyFamily, TinyModel

FAMILIES: list[TinyFamily] = [
    qwen3.FAMILY,
    gemma3.FAMILY,
    gpt2.FAMILY,
    gpt_neox.FAMILY,
    phi3.FAMILY,
    mixtral.FAMILY,
    llama.FAMILY,
    qwen2.FAMILY,
    mistral.FAMILY,
    gemma2.FAMILY,
    gemma.FAMILY,
    smollm3.FAMILY,
    granite.FAMILY,
    ministral3.FAMILY,
    ernie4_5.FAMILY,
    seed_oss.FAMILY,
    hunyuan_v1_dense.FAMILY,
    helium.FAMILY,
]

__all__ = ["FAMILIES", "TinyFamily", "TinyModel"]
