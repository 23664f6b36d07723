"""The tiny random models of each family, a file for each: configurations, and how llama.cpp's
converter writes them."""

from tiny_families import gemma3, gpt2, gpt_neox, llama, mixtral, phi3, qwen3
from tiny_families.family import TinyFamily, TinyModel

FAMILIES: list[TinyFamily] = [
    qwen3.FAMILY,
    gemma3.FAMILY,
    gpt2.FAMILY,
    gpt_neox.FAMILY,
    phi3.FAMILY,
    mixtral.FAMILY,
    llama.FAMILY,
]

__all__ = ["FAMILIES", "TinyFamily", "TinyModel"]
