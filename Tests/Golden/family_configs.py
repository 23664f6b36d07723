"""The base configuration of each family, as small as its peculiarities allow."""

from typing import Any


def rope(theta: float, **others: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"rope_type": "default", "rope_theta": theta, **others}


BASES: dict[str, dict[str, Any]] = {
    "qwen3": {
        "hidden_size": 36,
        "intermediate_size": 52,
        "num_hidden_layers": 2,
        "num_attention_heads": 6,
        "num_key_value_heads": 2,
        "head_dim": 10,
        "max_position_embeddings": 512,
        "rope_parameters": rope(1000000.0),
        "eos_token_id": 2,
        "pad_token_id": 0,
    },
    # Seven layers: the sixth attends to everything, the others to the last 8 tokens.
    "gemma3_text": {
        "hidden_size": 32,
        "intermediate_size": 40,
        "num_hidden_layers": 7,
        "num_attention_heads": 4,
        "num_key_value_heads": 1,
        "head_dim": 12,
        "query_pre_attn_scalar": 12,
        "sliding_window": 8,
        "max_position_embeddings": 512,
        "bos_token_id": 2,
        "eos_token_id": 1,
        "pad_token_id": 0,
        "rope_parameters": {
            "full_attention": rope(1000000.0),
            "sliding_attention": rope(10000.0),
        },
    },
    "gpt2": {
        "n_embd": 30,
        "n_layer": 2,
        "n_head": 3,
        "n_positions": 256,
        "bos_token_id": 0,
        "eos_token_id": 0,
    },
    "gpt_neox": {
        "hidden_size": 48,
        "intermediate_size": 72,
        "num_hidden_layers": 2,
        "num_attention_heads": 3,
        "max_position_embeddings": 512,
        "rope_parameters": rope(10000.0, partial_rotary_factor=0.25),
        "bos_token_id": 0,
        "eos_token_id": 0,
    },
    # Of each head's 16 dimensions 12 rotate, with six factors.
    "phi3": {
        "hidden_size": 48,
        "intermediate_size": 56,
        "num_hidden_layers": 2,
        "num_attention_heads": 3,
        "num_key_value_heads": 1,
        "max_position_embeddings": 512,
        "original_max_position_embeddings": 64,
        "rope_parameters": {
            "rope_type": "longrope",
            "rope_theta": 10000.0,
            "partial_rotary_factor": 0.75,
            "original_max_position_embeddings": 64,
            "short_factor": [1.0, 1.05, 1.1, 1.3, 1.4, 1.5],
            "long_factor": [1.2, 2.0, 3.5, 5.0, 8.0, 13.0],
        },
        "bos_token_id": 1,
        "eos_token_id": 379,
        "pad_token_id": 379,
    },
    "mixtral": {
        "hidden_size": 36,
        "intermediate_size": 28,
        "num_hidden_layers": 2,
        "num_attention_heads": 6,
        "num_key_value_heads": 2,
        "head_dim": 8,
        "num_local_experts": 4,
        "num_experts_per_tok": 2,
        "max_position_embeddings": 512,
        "rope_parameters": rope(1000000.0),
        "bos_token_id": 1,
        "eos_token_id": 2,
    },
    "llama": {
        "hidden_size": 36,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 6,
        "num_key_value_heads": 2,
        "head_dim": 8,
        "max_position_embeddings": 512,
        "rope_parameters": rope(10000.0),
        "bos_token_id": 1,
        "eos_token_id": 2,
    },
}
