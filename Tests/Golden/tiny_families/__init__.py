"""The tiny random models of each family, a file for each: configurations, and how llama.cpp's
converter writes them."""

from tiny_families import (
    arcee,
    cohere,
    cohere2,
    exaone4,
    gemma3,
    glm4,
    gpt2,
    gpt_neox,
    granitemoe,
    llama,
    mixtral,
    nemotron,
    olmo2,
    olmo3,
    olmoe,
    phi,
    phi3,
    qwen2_moe,
    qwen3,
    qwen3_moe,
    stablelm,
    starcoder2,
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
    qwen3_moe.FAMILY,
    olmo2.FAMILY,
    qwen2_moe.FAMILY,
    phi.FAMILY,
    olmoe.FAMILY,
    starcoder2.FAMILY,
    cohere.FAMILY,
    cohere2.FAMILY,
    stablelm.FAMILY,
    olmo3.FAMILY,
    glm4.FAMILY,
    arcee.FAMILY,
    nemotron.FAMILY,
    exaone4.FAMILY,
    granitemoe.FAMILY,
]

__all__ = ["FAMILIES", "TinyFamily", "TinyModel"]
