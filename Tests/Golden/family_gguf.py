"""GGUF files of each family, with the conventions of llama.cpp's convert_hf_to_gguf."""

import copy
from collections.abc import Sequence
from pathlib import Path

import gguf
import llama_cpp
import numpy as np
import torch
from torch.nn.functional import gelu
from transformers import PreTrainedConfig, PreTrainedModel

from common import all_logits, logprobs_of
from family_tokenizers import FamilyTokenizer
from llama_gguf import llama_cpp_logits
from tiny_families import TinyFamily


def add_sizes(writer: gguf.GGUFWriter, config: PreTrainedConfig) -> None:
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    inner = getattr(config, "n_inner", None) or getattr(config, "intermediate_size", None)
    writer.add_feed_forward_length(inner or 4 * config.hidden_size)
    writer.add_head_count(config.num_attention_heads)


def write_gguf(path: Path, model: PreTrainedModel, family: TinyFamily, name: str) -> None:
    """Writes the model in F32."""
    config = model.config
    if family.architecture is None:
        raise ValueError(f"{name}: llama.cpp has no architecture for {family.model_type}")
    writer = gguf.GGUFWriter(path, gguf.MODEL_ARCH_NAMES[family.architecture])
    writer.add_type(gguf.GGUFType.MODEL)
    writer.add_name(name)
    add_sizes(writer, config)
    family.metadata(writer, config)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    family.tokenizer().write(writer)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    parameters = config.to_dict().get("rope_parameters") or {}
    for kind in ("long", "short"):
        if f"{kind}_factor" in parameters:
            factors = np.array(parameters[f"{kind}_factor"], dtype=np.float32)
            writer.add_tensor(f"rope_factors_{kind}.weight", factors)
    tensors: dict[str, list[np.ndarray]] = {}
    names = gguf.get_tensor_name_map(family.architecture, config.num_hidden_layers)
    for theirs, values in model.state_dict().items():
        if theirs in ("lm_head.weight", "embed_out.weight") and config.tie_word_embeddings:
            continue
        for part, array in family.converted(theirs, values.float().numpy(), config):
            ours = names.get_name(part, try_suffixes=(".weight", ".bias"))
            if ours is None:
                raise ValueError(f"{name}: gguf has no name for {part}")
            tensors.setdefault(ours, []).append(array)
    for ours, parts in tensors.items():
        writer.add_tensor(
            ours, np.stack(parts) if len(parts) > 1 else np.ascontiguousarray(parts[0])
        )
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


class TableGELU(torch.nn.Module):
    """GELU as llama.cpp looks it up: the tanh formula, from F16 to F16."""

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        looked_up = gelu(values.half().float(), approximate="tanh").half().float()
        return torch.where(values >= 10, values, looked_up.masked_fill(values <= -10, 0))


def with_table_gelu(model: PreTrainedModel) -> PreTrainedModel:
    """A copy of the model with llama.cpp's GELU in place of its own."""
    model = copy.deepcopy(model)
    for module in model.modules():
        for name, child in module.named_children():
            if "GELU" in type(child).__name__:
                setattr(module, name, TableGELU())
    return model


def llama_cpp_differences(
    path: Path, model: PreTrainedModel, sequences: Sequence[Sequence[int]]
) -> tuple[float, float]:
    """The largest distance of llama.cpp's log-probs from the model's, and from those that the model
    has with llama.cpp's table of GELU."""
    own = table = 0.0
    original = getattr(model.config, "original_max_position_embeddings", 0)
    for tokens in sequences:
        # llama.cpp chooses the factors of longrope by the size of its context, which it rounds up
        # to 256; so that it takes the short ones, the original context has to be longer.
        overrides = None
        if original and len(tokens) <= original:
            overrides = {"phi3.rope.scaling.original_context_length": 256}
        theirs = logprobs_of(llama_cpp_logits(path, tokens, overrides), tokens)
        for_table = all_logits(with_table_gelu(model), tokens)
        own = max(own, (theirs - logprobs_of(all_logits(model, tokens), tokens)).abs().max().item())
        table = max(table, (theirs - logprobs_of(for_table, tokens)).abs().max().item())
    return own, table


def check_tokenizer(path: Path, tokenizer: FamilyTokenizer, texts: Sequence[str]) -> None:
    """Sees that llama.cpp finds the same ids in these texts as transformers."""
    llama = llama_cpp.Llama(str(path), vocab_only=True, verbose=False)
    for text in texts:
        theirs = llama.tokenize(text.encode(), add_bos=tokenizer.add_bos, special=True)
        ours = tokenizer.tokenizer.encode(text)
        if ours != theirs:
            raise ValueError(f"{path.name}: {text!r} is {ours}, by llama.cpp {theirs}")
