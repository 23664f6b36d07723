"""GGUF files of each family, with the conventions of llama.cpp's convert_hf_to_gguf."""

import copy
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import gguf
import llama_cpp
import numpy as np
import torch
from gguf import MODEL_ARCH as ARCHITECTURE
from torch.nn.functional import gelu
from transformers import PreTrainedConfig, PreTrainedModel

from common import all_logits, logprobs_of
from family_tokenizers import FamilyTokenizer
from llama_gguf import llama_cpp_logits, permute

ARCHITECTURES = {
    "llama": ARCHITECTURE.LLAMA,
    "mixtral": ARCHITECTURE.LLAMA,
    "qwen3": ARCHITECTURE.QWEN3,
    "gemma3_text": ARCHITECTURE.GEMMA3,
    "gpt2": ARCHITECTURE.GPT2,
    "gpt_neox": ARCHITECTURE.GPTNEOX,
    "phi3": ARCHITECTURE.PHI3,
}
TRANSPOSED = ("attn.c_attn.weight", "attn.c_proj.weight", "mlp.c_fc.weight", "mlp.c_proj.weight")


def add_parameters(writer: gguf.GGUFWriter, config: PreTrainedConfig) -> None:
    """The metadata of the architecture; what a converter leaves out is left out here, too."""
    kind = config.model_type
    heads = config.num_attention_heads
    head_dim = getattr(config, "head_dim", None) or config.hidden_size // heads
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    feed_forward = config.n_inner if kind == "gpt2" else config.intermediate_size
    writer.add_feed_forward_length(feed_forward or 4 * config.hidden_size)
    writer.add_head_count(heads)
    if kind in ("gpt2", "gpt_neox"):
        epsilon = config.layer_norm_epsilon if kind == "gpt2" else config.layer_norm_eps
        writer.add_layer_norm_eps(epsilon)
        if kind == "gpt_neox":
            partial = config.rope_parameters["partial_rotary_factor"]
            writer.add_rope_dimension_count(int(partial * head_dim))
            writer.add_parallel_residual(config.use_parallel_residual)
        return
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    parameters = config.rope_parameters
    theta = parameters.get("full_attention", parameters)["rope_theta"]
    writer.add_rope_freq_base(theta)
    if kind == "phi3":
        original = config.original_max_position_embeddings
        scale = config.max_position_embeddings / original
        writer.add_rope_dimension_count(int(parameters["partial_rotary_factor"] * head_dim))
        writer.add_rope_scaling_orig_ctx_len(original)
        writer.add_rope_scaling_attn_factors(math.sqrt(1 + math.log(scale) / math.log(original)))
        writer.add_sliding_window(config.sliding_window or 0)
        return
    writer.add_key_length(head_dim)
    writer.add_value_length(head_dim)
    if kind == "gemma3_text":
        writer.add_sliding_window(config.sliding_window)
    if kind in ("llama", "mixtral"):
        writer.add_vocab_size(config.vocab_size)
        writer.add_rope_dimension_count(head_dim)
    if kind == "mixtral":
        writer.add_expert_count(config.num_local_experts)
        writer.add_expert_used_count(config.num_experts_per_tok)


def converted(
    name: str, values: np.ndarray, config: PreTrainedConfig
) -> Iterator[tuple[str, np.ndarray]]:
    """A tensor as llama.cpp lays it out, under transformers' name or a part of it."""
    kind = config.model_type
    if kind in ("llama", "mixtral") and ".q_proj." in name:
        yield name, permute(values, config.num_attention_heads)
    elif kind in ("llama", "mixtral") and ".k_proj." in name:
        yield name, permute(values, config.num_key_value_heads)
    elif name.endswith(".experts.gate_up_proj"):
        gate, up = np.split(values, 2, axis=1)
        experts = name.removesuffix("gate_up_proj")
        yield experts + "gate_proj.weight", gate
        yield experts + "up_proj.weight", up
    elif name.endswith(".experts.down_proj"):
        yield name + ".weight", values
    elif kind == "gemma3_text" and name.endswith("norm.weight"):
        yield name, values + 1
    elif kind == "gpt2" and name.endswith(TRANSPOSED):
        yield name, values.T
    elif ".query_key_value." in name:
        # Of each head its q, k and v -> all q, all k, all v.
        split = values.reshape(config.num_attention_heads, 3, -1, *values.shape[1:])
        yield name, split.swapaxes(0, 1).reshape(values.shape)
    else:
        yield name, values


def write_gguf(path: Path, model: PreTrainedModel, tokenizer: FamilyTokenizer, name: str) -> None:
    """Writes the model in F32."""
    config = model.config
    architecture = ARCHITECTURES[config.model_type]
    writer = gguf.GGUFWriter(path, gguf.MODEL_ARCH_NAMES[architecture])
    writer.add_type(gguf.GGUFType.MODEL)
    writer.add_name(name)
    add_parameters(writer, config)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    tokenizer.write(writer)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    parameters = config.to_dict().get("rope_parameters") or {}
    for kind in ("long", "short"):
        if f"{kind}_factor" in parameters:
            factors = np.array(parameters[f"{kind}_factor"], dtype=np.float32)
            writer.add_tensor(f"rope_factors_{kind}.weight", factors)
    names = gguf.get_tensor_name_map(architecture, config.num_hidden_layers)
    for theirs, values in model.state_dict().items():
        if theirs in ("lm_head.weight", "embed_out.weight") and config.tie_word_embeddings:
            continue
        for part, array in converted(theirs, values.float().numpy(), config):
            ours = names.get_name(part, try_suffixes=(".weight", ".bias"))
            if ours is None:
                raise ValueError(f"{name}: gguf has no name for {part}")
            writer.add_tensor(ours, np.ascontiguousarray(array))
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
