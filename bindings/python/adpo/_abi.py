"""adpo.h in ctypes: its enums, structs and functions, in the header's order."""

from __future__ import annotations

from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    c_char,
    c_char_p,
    c_double,
    c_float,
    c_int32,
    c_size_t,
    c_uint8,
    c_uint32,
    c_uint64,
    c_void_p,
)

ABI_VERSION = 0

ENUMS = {
    "ADPO_OK": 0,
    "ADPO_ERROR_INVALID_ARGUMENT": 1,
    "ADPO_ERROR_NOT_FOUND": 2,
    "ADPO_ERROR_IO": 3,
    "ADPO_ERROR_FORMAT": 4,
    "ADPO_ERROR_UNSUPPORTED": 5,
    "ADPO_ERROR_OUT_OF_MEMORY": 6,
    "ADPO_ERROR_BUFFER_TOO_SMALL": 7,
    "ADPO_ERROR_BUSY": 8,
    "ADPO_ERROR_NUMERIC": 9,
    "ADPO_ERROR_INTERNAL": 10,
    "ADPO_CANCELLED": 11,
    "ADPO_TOKENIZE_DEFAULT": 0,
    "ADPO_TOKENIZE_NO_SPECIAL": 1,
    "ADPO_TOKENIZE_PLAIN_TEXT": 2,
    "ADPO_DETOKENIZE_DEFAULT": 0,
    "ADPO_DETOKENIZE_SKIP_SPECIAL": 1,
    "ADPO_DETOKENIZE_CONTINUES": 2,
    "ADPO_SPECIAL_TOKEN_BOS": 0,
    "ADPO_SPECIAL_TOKEN_EOS": 1,
    "ADPO_SPECIAL_TOKEN_PAD": 2,
    "ADPO_SPECIAL_TOKEN_UNKNOWN": 3,
    "ADPO_CHAT_DEFAULT": 0,
    "ADPO_CHAT_ADD_GENERATION_PROMPT": 1,
    "ADPO_CHAT_CONTINUE_FINAL_MESSAGE": 2,
    "ADPO_DTYPE_F32": 0,
    "ADPO_DTYPE_BF16": 1,
    "ADPO_DTYPE_AUTO": 2,
    "ADPO_GRANULARITY_RESPONSE": 0,
    "ADPO_GRANULARITY_TOKEN": 1,
    "ADPO_GRANULARITY_STATIC": 2,
    "ADPO_GRANULARITY_ADAPTIVE": 3,
    "ADPO_GRANULARITY_LINES": 4,
    "ADPO_GRANULARITY_SENTENCES": 5,
    "ADPO_GRANULARITY_DELIMITER": 6,
    "ADPO_GRANULARITY_CUSTOM": 7,
    "ADPO_PADDING_MASK": 0,
    "ADPO_PADDING_EOS": 1,
    "ADPO_LOSS_SIGMOID": 0,
    "ADPO_LOSS_ROBUST": 1,
    "ADPO_LOSS_HINGE": 2,
    "ADPO_LOSS_IPO": 3,
    "ADPO_LOSS_SIGMOID_NORM": 4,
    "ADPO_LOSS_EXO_PAIR": 5,
    "ADPO_LOSS_SPPO_HARD": 6,
    "ADPO_LOSS_APO_ZERO": 7,
    "ADPO_LOSS_APO_DOWN": 8,
    "ADPO_LOSS_BCO_PAIR": 9,
    "ADPO_LOSS_NCA_PAIR": 10,
    "ADPO_LOSS_ORPO": 11,
    "ADPO_LOSS_KTO": 12,
    "ADPO_LOSS_SFT": 13,
    "ADPO_REDUCTION_SUM": 0,
    "ADPO_REDUCTION_MEAN": 1,
    "ADPO_SCHEDULE_LINEAR": 0,
    "ADPO_SCHEDULE_CONSTANT": 1,
    "ADPO_SCHEDULE_COSINE": 2,
    "ADPO_OPTIMIZER_ADAMW": 0,
    "ADPO_OPTIMIZER_SGD": 1,
    "ADPO_REFERENCE_BASE": 0,
    "ADPO_REFERENCE_START": 1,
}


class adpo_model_info(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("family", c_char * 32),
        ("encoding", c_char * 32),
        ("layers", c_int32),
        ("width", c_int32),
        ("heads", c_int32),
        ("key_value_heads", c_int32),
        ("vocabulary", c_int32),
        ("context", c_int32),
        ("parameters", c_uint64),
        ("weight_bytes", c_uint64),
    ]


class adpo_export_report(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("weight_bytes", c_uint64),
        ("tokens", c_uint64),
        ("mean_difference", c_double),
        ("max_difference", c_double),
    ]


class adpo_generation_config(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("max_tokens", c_uint32),
        ("temperature", c_float),
        ("seed", c_uint64),
    ]


class adpo_objective(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("loss", c_int32),
        ("granularity", c_int32),
        ("granularity_size", c_uint32),
        ("delimiter", c_char_p),
        ("padding", c_int32),
        ("reduction", c_int32),
        ("beta", c_double),
        ("label_smoothing", c_double),
        ("reference_free", c_int32),
        ("wpo", c_int32),
        ("target_margin", c_double),
        ("sft_weight", c_double),
        ("dpop_lambda", c_double),
        ("ld_alpha", c_double),
        ("desirable_weight", c_double),
        ("undesirable_weight", c_double),
    ]


class adpo_loss_input(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("chosen_count", c_size_t),
        ("rejected_count", c_size_t),
        ("policy", POINTER(c_float)),
        ("reference", POINTER(c_float)),
        ("weights", POINTER(c_float)),
        ("log_sum_squares", POINTER(c_float)),
        ("chosen_ends", POINTER(c_size_t)),
        ("chosen_segments", c_size_t),
        ("rejected_ends", POINTER(c_size_t)),
        ("rejected_segments", c_size_t),
        ("kl", c_double),
    ]


class adpo_trainer_config(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("objective", POINTER(adpo_objective)),
        ("dtype", c_int32),
        ("full_finetuning", c_int32),
        ("lora_rank", c_uint32),
        ("lora_alpha", c_double),
        ("lora_dropout", c_double),
        ("target_modules", c_char_p),
        ("use_rslora", c_int32),
        ("use_dora", c_int32),
        ("epochs", c_uint32),
        ("batch_size", c_uint32),
        ("gradient_accumulation", c_uint32),
        ("max_length", c_uint32),
        ("activation_memory", c_uint64),
        ("shuffle", c_int32),
        ("seed", c_uint64),
        ("learning_rate", c_double),
        ("schedule", c_int32),
        ("warmup_steps", c_double),
        ("max_gradient_norm", c_double),
        ("optimizer", c_int32),
        ("weight_decay", c_double),
        ("momentum", c_double),
        ("adam_beta1", c_double),
        ("adam_beta2", c_double),
        ("adam_epsilon", c_double),
        ("reference", c_int32),
        ("reference_cache", c_char_p),
    ]


class adpo_trainer_info(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("parameters", c_uint64),
        ("pairs", c_uint64),
        ("pairs_dropped", c_uint64),
        ("pairs_truncated", c_uint64),
        ("steps", c_uint64),
        ("steps_done", c_uint64),
        ("best_step", c_uint64),
        ("best_loss", c_double),
    ]


class adpo_metrics(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("step", c_uint64),
        ("epoch", c_double),
        ("loss", c_double),
        ("loss_per_segment", c_double),
        ("gradient_norm", c_double),
        ("learning_rate", c_double),
        ("rewards_chosen", c_double),
        ("rewards_rejected", c_double),
        ("rewards_accuracy", c_double),
        ("rewards_margin", c_double),
        ("logps_chosen", c_double),
        ("logps_rejected", c_double),
        ("dtype", c_int32),
        ("pairs", c_uint64),
        ("segments", c_uint64),
        ("tokens", c_uint64),
        ("seconds", c_double),
        ("num_tokens", c_uint64),
        ("tokens_per_second", c_double),
        ("is_evaluation", c_int32),
        ("chosen_fall", c_double),
        ("kl", c_double),
    ]


class adpo_run_config(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("evaluation_steps", c_uint32),
        ("evaluation", c_void_p),
        ("patience", c_uint32),
        ("keep_best", c_int32),
        ("checkpoint", c_char_p),
        ("checkpoint_steps", c_uint32),
    ]


STRUCTS = [
    adpo_model_info,
    adpo_export_report,
    adpo_generation_config,
    adpo_objective,
    adpo_loss_input,
    adpo_trainer_config,
    adpo_trainer_info,
    adpo_metrics,
    adpo_run_config,
]

# fmt: off
handle = c_void_p
handle_out = POINTER(c_void_p)
status = c_int32
text = c_char_p
size = c_size_t
size_out = POINTER(c_size_t)
ids = POINTER(c_int32)
marks = POINTER(c_uint8)
floats = POINTER(c_float)
user_data = c_void_p

adpo_token_callback = CFUNCTYPE(c_int32, c_int32, POINTER(c_char), c_size_t, c_float, c_void_p)
adpo_metrics_callback = CFUNCTYPE(c_int32, POINTER(adpo_metrics), c_void_p)

# name: (result, arguments)
FUNCTIONS = {
    "adpo_version": (c_char_p, []),
    "adpo_abi_version": (c_uint32, []),
    "adpo_build_info": (c_char_p, []),
    "adpo_status_name": (c_char_p, [status]),
    "adpo_last_error": (c_char_p, []),
    "adpo_set_num_threads": (status, [c_int32]),
    "adpo_model_load": (status, [text, handle_out]),
    "adpo_model_destroy": (None, [handle]),
    "adpo_model_describe": (status, [text, text, size, size_out]),
    "adpo_model_get_info": (status, [handle, POINTER(adpo_model_info)]),
    "adpo_model_metadata": (status, [handle, text, text, size, size_out]),
    "adpo_tokenize": (status, [handle, text, size, c_uint32, ids, size, size_out]),
    "adpo_tokenize_completion": (status, [handle, text, size, text, size, c_uint32, ids, size, size_out, size_out]),  # noqa: E501
    "adpo_detokenize": (status, [handle, ids, size, c_uint32, POINTER(c_char), size, size_out]),
    "adpo_token_special": (status, [handle, c_int32, ids]),
    "adpo_chat_render": (status, [handle, text, size, c_uint32, text, size, size_out]),
    "adpo_chat_tokenize": (status, [handle, text, size, c_uint32, ids, marks, size, size_out]),
    "adpo_adapter_load": (status, [handle, text, handle_out]),
    "adpo_adapter_save": (status, [handle, text]),
    "adpo_adapter_destroy": (None, [handle]),
    "adpo_encoding_name": (c_char_p, [c_uint32]),
    "adpo_model_export": (status, [handle, handle, text, text, POINTER(adpo_export_report)]),
    "adpo_session_create": (status, [handle, c_int32, handle_out]),
    "adpo_session_destroy": (None, [handle]),
    "adpo_session_set_adapter": (status, [handle, handle]),
    "adpo_score": (status, [handle, ids, size, floats]),
    "adpo_score_completions": (status, [handle, ids, size, ids, POINTER(c_size_t), size, floats]),
    "adpo_score_text": (status, [handle, text, size, text, size, c_uint32, ids, floats, size, size_out]),  # noqa: E501
    "adpo_logits": (status, [handle, ids, size, floats]),
    "adpo_generation_config_init": (status, [POINTER(adpo_generation_config), size]),
    "adpo_generate": (status, [handle, POINTER(adpo_generation_config), ids, size, adpo_token_callback, user_data, ids, size, size_out]),  # noqa: E501
    "adpo_dataset_create": (status, [handle, handle_out]),
    "adpo_dataset_destroy": (None, [handle]),
    "adpo_dataset_add_text": (status, [handle, text, size, text, size, text, size]),
    "adpo_dataset_add_tokens": (status, [handle, ids, size, ids, size, ids, size]),
    "adpo_dataset_add_unpaired_text": (status, [handle, text, size, text, size, c_int32]),
    "adpo_dataset_add_unpaired_tokens": (status, [handle, ids, size, ids, size, c_int32]),
    "adpo_dataset_add_json": (status, [handle, text, size]),
    "adpo_dataset_load_jsonl": (status, [handle, text]),
    "adpo_dataset_set_segments": (status, [handle, size, size_out, size, size_out, size]),
    "adpo_dataset_set_weights": (status, [handle, size, floats, size, floats, size]),
    "adpo_dataset_weigh_contrastively": (status, [handle, handle, handle, c_double, c_int32]),
    "adpo_dataset_count": (status, [handle, size_out]),
    "adpo_dataset_get_json": (status, [handle, size, POINTER(c_char), size, size_out]),
    "adpo_objective_init": (status, [POINTER(adpo_objective), size]),
    "adpo_loss": (status, [POINTER(adpo_objective), POINTER(adpo_loss_input), POINTER(c_double), floats]),  # noqa: E501
    "adpo_trainer_config_init": (status, [POINTER(adpo_trainer_config), size]),
    "adpo_paper_recipe_init": (status, [POINTER(adpo_objective), size, POINTER(adpo_trainer_config), size]),  # noqa: E501
    "adpo_dataset_inspect": (status, [handle, handle, POINTER(adpo_trainer_config), size, c_int32, POINTER(c_char), size, size_out]),  # noqa: E501
    "adpo_trainer_create": (status, [handle, POINTER(adpo_trainer_config), handle, handle, handle_out]),  # noqa: E501
    "adpo_trainer_destroy": (None, [handle]),
    "adpo_trainer_get_info": (status, [handle, POINTER(adpo_trainer_info)]),
    "adpo_trainer_step": (status, [handle, POINTER(adpo_metrics)]),
    "adpo_trainer_accumulate": (status, [handle, POINTER(adpo_metrics)]),
    "adpo_trainer_gradients": (status, [handle, POINTER(POINTER(c_float)), size_out]),
    "adpo_trainer_apply": (status, [handle, POINTER(adpo_metrics)]),
    "adpo_trainer_set_learning_rate": (status, [handle, c_double]),
    "adpo_run_config_init": (status, [POINTER(adpo_run_config), size]),
    "adpo_trainer_run": (status, [handle, POINTER(adpo_run_config), adpo_metrics_callback, user_data]),  # noqa: E501
    "adpo_trainer_save": (status, [handle, text]),
    "adpo_trainer_restore": (status, [handle, text]),
    "adpo_trainer_evaluate": (status, [handle, handle, POINTER(adpo_metrics)]),
    "adpo_trainer_adapter": (status, [handle, handle_out]),
    "adpo_trainer_model": (status, [handle, handle_out]),
}
# fmt: on
