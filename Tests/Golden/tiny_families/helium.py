import family_tokenizers
from tiny_families.family import TinyFamily, TinyModel, older_rope, rope

FAMILY = TinyFamily(
    "helium",
    family_tokenizers.llama,
    {
        "hidden_size": 40,
        "intermediate_size": 44,
        "num_hidden_layers": 2,
        "num_attention_heads": 5,
        "num_key_value_heads": 1,
        "head_dim": 8,
        "max_position_embeddings": 512,
        "rope_parameters": rope(100000.0),
        "bos_token_id": 1,
        "eos_token_id": 2,
    },
    [
        TinyModel("helium", 40, adapters={"lora": {}}),
        TinyModel(
            "helium-older",
            41,
            {"num_hidden_layers": 1, "attention_bias": True, "mlp_bias": True},
            older_config=older_rope,
        ),
    ],
)
