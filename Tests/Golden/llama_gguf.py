"""GGUF files of Llama models, with the conventions of llama.cpp's convert_hf_to_gguf."""

import json
import math
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gguf
import llama_cpp
import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from common import logprobs_of

# The names of a layer's tensors in GGUF (blk.N.X) and in safetensors (model.layers.N.X).
LAYER_NAMES = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def permute(rows: np.ndarray, heads: int) -> np.ndarray:
    """Rotary halves, as transformers stores them, to llama.cpp's adjacent pairs."""
    split = rows.reshape(heads, 2, rows.shape[0] // heads // 2, *rows.shape[1:])
    return np.ascontiguousarray(split.swapaxes(1, 2)).reshape(rows.shape)


def unpermute(rows: np.ndarray, heads: int) -> np.ndarray:
    """The inverse of permute."""
    split = rows.reshape(heads, rows.shape[0] // heads // 2, 2, *rows.shape[1:])
    return np.ascontiguousarray(split.swapaxes(1, 2)).reshape(rows.shape)


def names(layers: int) -> dict[str, str]:
    """GGUF name -> safetensors name of every tensor that a Llama model may have."""
    pairs = {
        "token_embd.weight": "model.embed_tokens.weight",
        "output_norm.weight": "model.norm.weight",
        "output.weight": "lm_head.weight",
    }
    for layer in range(layers):
        for ours, theirs in LAYER_NAMES.items():
            pairs[f"blk.{layer}.{ours}.weight"] = f"model.layers.{layer}.{theirs}.weight"
    return pairs


def heads_of(name: str, config: LlamaConfig) -> int | None:
    """The number of heads whose rows are permuted in this tensor, if they are."""
    if ".attn_q." in name:
        return config.num_attention_heads
    if ".attn_k." in name:
        return config.num_key_value_heads
    return None


def llama3_factors(config: LlamaConfig) -> np.ndarray:
    """What divides each rotary frequency: the tensor rope_freqs.weight.  # [head size / 2]"""
    rope = config.rope_parameters
    original = rope["original_max_position_embeddings"]
    low, high = original / rope["low_freq_factor"], original / rope["high_freq_factor"]
    factors = []
    for index in range(0, config.head_dim, 2):
        wavelength = 2 * math.pi * rope["rope_theta"] ** (index / config.head_dim)
        if wavelength < high:
            factors.append(1.0)
        elif wavelength > low:
            factors.append(rope["factor"])
        else:
            smooth = (original / wavelength - rope["low_freq_factor"]) / (
                rope["high_freq_factor"] - rope["low_freq_factor"]
            )
            factors.append(1 / ((1 - smooth) / rope["factor"] + smooth))
    return np.array(factors, dtype=np.float32)


def add_tokenizer(writer: gguf.GGUFWriter, tokenizer: PreTrainedTokenizerFast) -> None:
    """The tokenizer.ggml.* metadata of a byte-level BPE tokenizer like SmolLM2's."""
    special = set(tokenizer.all_special_tokens)
    tokens = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
    kinds = [
        gguf.TokenType.CONTROL if token in special else gguf.TokenType.NORMAL for token in tokens
    ]
    writer.add_add_space_prefix(False)
    writer.add_add_bos_token(False)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    merges = json.loads(tokenizer.backend_tokenizer.to_str())["model"]["merges"]
    writer.add_token_merges([" ".join(merge) for merge in merges])
    writer.add_bos_token_id(tokenizer.bos_token_id)
    writer.add_eos_token_id(tokenizer.eos_token_id)
    writer.add_unk_token_id(tokenizer.unk_token_id)
    writer.add_pad_token_id(tokenizer.pad_token_id)
    writer.add_chat_template(tokenizer.chat_template)


def write_llama(
    path: Path,
    model: LlamaForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    encoding: gguf.GGMLQuantizationType,
    file_type: gguf.LlamaFileType,
    name: str,
) -> None:
    """Writes the model; matrices in this encoding, vectors in F32."""
    config = model.config
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_type(gguf.GGUFType.MODEL)
    writer.add_name(name)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_key_length(config.head_dim)
    writer.add_value_length(config.head_dim)
    writer.add_file_type(file_type)
    writer.add_vocab_size(config.vocab_size)
    writer.add_rope_dimension_count(config.head_dim)
    add_tokenizer(writer, tokenizer)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)

    if config.rope_parameters["rope_type"] == "llama3":
        writer.add_tensor("rope_freqs.weight", llama3_factors(config))
    state = model.state_dict()
    for ours, theirs in names(config.num_hidden_layers).items():
        if ours == "output.weight" and config.tie_word_embeddings:
            continue
        values = state[theirs].float().numpy()
        heads = heads_of(ours, config)
        if heads is not None:
            values = permute(values, heads)
        kind = encoding if values.ndim == 2 else gguf.GGMLQuantizationType.F32
        writer.add_tensor(ours, gguf.quants.quantize(values, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def read_llama(path: Path) -> LlamaForCausalLM:
    """The file's model in float32: its tensors dequantized by the gguf package."""
    reader = gguf.GGUFReader(path)

    def field(key: str) -> float | int:
        return reader.get_field(key).contents()

    tensors = {
        tensor.name: gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        for tensor in reader.tensors
    }
    config = LlamaConfig(
        vocab_size=field("llama.vocab_size"),
        hidden_size=field("llama.embedding_length"),
        intermediate_size=field("llama.feed_forward_length"),
        num_hidden_layers=field("llama.block_count"),
        num_attention_heads=field("llama.attention.head_count"),
        num_key_value_heads=field("llama.attention.head_count_kv"),
        max_position_embeddings=field("llama.context_length"),
        rms_norm_eps=field("llama.attention.layer_norm_rms_epsilon"),
        rope_parameters={"rope_type": "default", "rope_theta": field("llama.rope.freq_base")},
        tie_word_embeddings="output.weight" not in tensors,
        bos_token_id=field("tokenizer.ggml.bos_token_id"),
        eos_token_id=field("tokenizer.ggml.eos_token_id"),
        attn_implementation="eager",
    )
    state = {}
    for ours, theirs in names(config.num_hidden_layers).items():
        if ours not in tensors:
            continue
        heads = heads_of(ours, config)
        values = tensors.pop(ours)
        state[theirs] = torch.tensor(values if heads is None else unpermute(values, heads))
    if config.tie_word_embeddings:
        state["lm_head.weight"] = state["model.embed_tokens.weight"]
    model = LlamaForCausalLM(config).float().eval()
    model.load_state_dict(state)
    factors = tensors.pop("rope_freqs.weight", None)
    if factors is not None:
        model.model.rotary_emb.inv_freq /= torch.tensor(factors)
    if tensors:
        raise ValueError(f"{path.name}: tensors that were not read: {sorted(tensors)}")
    return model


def llama_cpp_logits(
    path: Path, tokens: Sequence[int], overrides: dict[str, int] | None = None
) -> torch.Tensor:
    """The logits after each token, as llama.cpp computes them with these values in place of the
    file's metadata.  # [tokens, vocabulary]"""
    llama = llama_cpp.Llama(
        str(path),
        n_ctx=len(tokens),
        n_threads=1,
        logits_all=True,
        type_k=llama_cpp.GGML_TYPE_F32,
        type_v=llama_cpp.GGML_TYPE_F32,
        kv_overrides=overrides,
        verbose=False,
    )
    llama.eval(list(tokens))
    return torch.tensor(llama.scores[: len(tokens)].copy())


def llama_cpp_quantize(
    source: Path, target: Path, file_type: gguf.LlamaFileType, pure: bool = True
) -> None:
    """Rewrites a GGUF file by llama.cpp in another encoding: every matrix, or those it chooses."""
    parameters = llama_cpp.llama_model_quantize_default_params()
    parameters.nthread = 1
    parameters.ftype = int(file_type)
    parameters.pure = pure
    parameters.allow_requantize = True
    status = llama_cpp.llama_model_quantize(str(source).encode(), str(target).encode(), parameters)
    if status != 0:
        raise RuntimeError(f"llama.cpp could not quantize to {target.name}")


def llama_cpp_differences(path: Path, scored: Sequence[dict[str, Any]]) -> str:
    """How far llama.cpp's log-probs are from these, as text: of the file itself (llama.cpp rounds
    activations to suit the weights), and of the same weights that it decoded to F32."""
    texts = []
    with tempfile.TemporaryDirectory() as folder:
        decoded = Path(folder) / "decoded.gguf"
        llama_cpp_quantize(path, decoded, gguf.LlamaFileType.ALL_F32)
        for label, file in (("as it is", path), ("decoded to F32", decoded)):
            differences = []
            for sequence in scored:
                tokens = sequence["tokens"]
                theirs = logprobs_of(llama_cpp_logits(file, tokens), tokens)
                differences.append(theirs - torch.tensor(sequence["logprobs"][1:]))
            difference = torch.cat(differences).abs()
            texts.append(f"{label}: mean {difference.mean():.1e}, max {difference.max():.1e}")
    return "; ".join(texts)
