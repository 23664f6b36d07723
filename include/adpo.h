/*
 * adpo.h - the C interface of libadpo.
 *
 * libadpo loads a causal language model, computes the log-probability of every
 * token, generates text, and fine-tunes the model on preference pairs with
 * Autoregressive DPO (ADPO, arXiv 2602.09533), on an ordinary CPU, inside your
 * process. Read this file from top to bottom: each section needs only what
 * stands above it.
 *
 * A complete use, without the error checks that a real program wants:
 *
 *     adpo_model *model = NULL;
 *     adpo_dataset *pairs = NULL;
 *     adpo_trainer *trainer = NULL;
 *     adpo_adapter *adapter = NULL;
 *
 *     adpo_model_load("model.gguf", &model);
 *     adpo_dataset_create(model, &pairs);
 *     adpo_dataset_add_text(pairs, "Say hello.", ADPO_NUL, " Hi!", ADPO_NUL,
 *                           " Salutations.", ADPO_NUL);
 *
 *     adpo_objective objective;
 *     adpo_objective_init(&objective, sizeof objective);
 *     objective.granularity = ADPO_GRANULARITY_TOKEN;
 *     adpo_trainer_config config;
 *     adpo_trainer_config_init(&config, sizeof config);
 *     config.objective = &objective;
 *     adpo_trainer_create(model, &config, pairs, NULL, &trainer);
 *     if (adpo_trainer_run(trainer, NULL, NULL, NULL) != ADPO_OK)
 *         fprintf(stderr, "%s\n", adpo_last_error());
 *     adpo_trainer_adapter(trainer, &adapter);
 *     adpo_adapter_save(adapter, "my-adapter");
 *
 *     adpo_adapter_destroy(adapter);
 *     adpo_trainer_destroy(trainer);
 *     adpo_dataset_destroy(pairs);
 *     adpo_model_destroy(model);
 *
 * The conventions, everywhere the same (docs/C-API.md gives the reasons):
 *
 *   Status     Functions that can fail return an adpo_status. On failure the
 *              outputs are untouched, and adpo_last_error() says what happened,
 *              where, and what to do. Nothing is printed; nothing aborts. "Returns"
 *              lists what a function returns besides ADPO_OK; any function can
 *              return ADPO_ERROR_INTERNAL, too.
 *   Handles    adpo_x_create or adpo_x_load gives one, adpo_x_destroy ends it;
 *              destroying NULL is fine. A handle keeps alive what it was made
 *              from, so any order of destruction is safe.
 *   Structs    begin with struct_size. Fill one with its adpo_x_init function.
 *              Those without one, and those that receive results, need their
 *              struct_size set to sizeof, and what is not used to be zero. Later
 *              versions of the library understand you then; earlier ones do while
 *              the fields that they do not know are zero.
 *   Arguments  must not be NULL unless the text says so; an array may be where its
 *              count is 0. Of flags that are an int32_t, 0 is no and all else yes.
 *   Text       is UTF-8 with a length in bytes, or ADPO_NUL for NUL-terminated.
 *              Ill-formed bytes are read as U+FFFD. Paths and names end with NUL;
 *              a path must be well-formed UTF-8.
 *   Buffers    Outputs of unknown size take (buffer, capacity, &needed). The
 *              needed size is set also on failure, as soon as it is known; when
 *              it exceeds the capacity, nothing else is written and
 *              ADPO_ERROR_BUFFER_TOO_SMALL is returned. A NULL buffer with
 *              capacity 0 asks for the size.
 *   Counting   Arguments and reports count pairs and tokens from 0; messages count
 *              pairs, rows and lines from 1, as editors do.
 *   Threads    Functions whose handle is const, and those without one, may run on
 *              any number of threads at once. Other handles belong to one call at
 *              a time; a second one gets ADPO_ERROR_BUSY.
 *   Callbacks  run on the calling thread, take your user_data, and cancel the
 *              call with ADPO_CANCELLED when they return nonzero; all that was
 *              complete before stays valid. A call with the handle that is running
 *              gets ADPO_ERROR_BUSY; destroyed there, it ends with its call.
 */
#ifndef ADPO_H
#define ADPO_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---------------------------------------------------------------------------
 * 1. The library: version and errors
 * ------------------------------------------------------------------------- */

#define ADPO_VERSION_MAJOR 0
#define ADPO_VERSION_MINOR 1
#define ADPO_VERSION_PATCH 0

/* Counts incompatible changes of this interface; compare it with
 * adpo_abi_version() when the library is loaded at run time. */
#define ADPO_ABI_VERSION 0

/* As a text length: the text ends at its first NUL. */
#define ADPO_NUL ((size_t)-1)

typedef int32_t adpo_status;
enum {
    ADPO_OK = 0,
    ADPO_ERROR_INVALID_ARGUMENT = 1, /* a NULL, a wrong struct_size, a value out of range */
    ADPO_ERROR_NOT_FOUND = 2,        /* a file, a folder or a key is missing */
    ADPO_ERROR_IO = 3,               /* reading or writing failed */
    ADPO_ERROR_FORMAT = 4,           /* a file is malformed, truncated, or of another kind */
    ADPO_ERROR_UNSUPPORTED = 5,      /* well-formed, but an architecture, encoding or tokenizer
                                        that this version does not know */
    ADPO_ERROR_OUT_OF_MEMORY = 6,
    ADPO_ERROR_BUFFER_TOO_SMALL = 7, /* *needed holds the size that is wanted */
    ADPO_ERROR_BUSY = 8,             /* the handle is at work in another call */
    ADPO_ERROR_NUMERIC = 9,          /* NaN or infinity where a finite number is needed, or numbers
                                        that differ where they should not */
    ADPO_ERROR_INTERNAL = 10,        /* a defect in libadpo: please report it */
    ADPO_CANCELLED = 11              /* a callback asked to stop */
};

/* The version of the loaded library, such as "0.1.0". Static. */
const char *adpo_version(void);

/* The loaded library's ADPO_ABI_VERSION. */
uint32_t adpo_abi_version(void);

/* One line on how the library computes here: version and instruction set. Static. */
const char *adpo_build_info(void);

/* The name of a status, such as "ADPO_ERROR_FORMAT"; "unknown status" for others. Static. */
const char *adpo_status_name(adpo_status status);

/* Why the last failing call of this thread failed; "" when none has. Valid until the next
 * failing call of the same thread. Never NULL. */
const char *adpo_last_error(void);

/* The number of threads for computations, process-wide: 1 to 1024, or 0 for one a core (the
 * default). The same number gives the same bits.
 * Returns: INVALID_ARGUMENT. */
adpo_status adpo_set_num_threads(int32_t count);

/* ---------------------------------------------------------------------------
 * 2. The model
 * ------------------------------------------------------------------------- */

/* A language model: its weights, mapped from the file, and its tokenizer. Immutable; any number
 * of threads may use one. */
typedef struct adpo_model adpo_model;

/* Loads a Hugging Face directory (config.json, safetensors, tokenizer.json) or a GGUF file.
 * Weights are mapped, not read: loading takes milliseconds, and the files must stay as they are
 * while the model lives. But those of a directory that are quantized (FP8, compressed-tensors, MLX) are
 * decoded into memory, 16 bits each.
 * Returns: INVALID_ARGUMENT, NOT_FOUND, IO, FORMAT, UNSUPPORTED, OUT_OF_MEMORY. */
adpo_status adpo_model_load(const char *path, adpo_model **model);

void adpo_model_destroy(adpo_model *model);

/* Tells what a file or directory is and what can be done with it, also where it cannot be loaded; as
 * JSON, not NUL-terminated:
 *   "format"            "gguf" or "safetensors"
 *   "architecture"      as the file names it
 *   "encodings"         [{"encoding", "tensors", "bytes"}, ...], the largest share first
 *   "model"             what adpo_model_info has; null where it cannot be loaded
 *   "has_chat_template"
 *   "loading_problem", "full_tuning_problem", "directory_export_problem", "gguf_export_problem"
 *                       why it cannot be loaded (and so scored, generated with and tuned by an
 *                       adapter), tuned as a whole, exported to a directory and to a GGUF file;
 *                       null where it can
 * Returns: INVALID_ARGUMENT, NOT_FOUND, IO, FORMAT (neither kind of model), BUFFER_TOO_SMALL,
 * OUT_OF_MEMORY. */
adpo_status adpo_model_describe(const char *path, char *json, size_t capacity, size_t *needed);

typedef struct adpo_model_info {
    uint32_t struct_size;
    char family[32];          /* "llama" */
    char encoding[32];        /* of most weights, such as "F32" or "Q4_1" */
    int32_t layers;
    int32_t width;            /* of the hidden states */
    int32_t heads;            /* attention heads */
    int32_t key_value_heads;
    int32_t vocabulary;       /* number of token ids that the head scores */
    int32_t context;          /* positions that the model was trained for */
    uint64_t parameters;
    uint64_t weight_bytes;    /* size of the weights as stored, or as decoded (adpo_model_load) */
} adpo_model_info;

/* Fills *info.
 * Returns: INVALID_ARGUMENT. */
adpo_status adpo_model_get_info(const adpo_model *model, adpo_model_info *info);

/* Tells what else the model's file says of it: the value of one key as JSON, not NUL-terminated.
 * The keys are those of a GGUF file's metadata, such as "general.name", or of config.json, such as
 * "architectures". A NULL key asks for all of them, as one object; a GGUF file's has the whole
 * vocabulary in it. For a tuned model, it is what the file of its base says.
 * Returns: INVALID_ARGUMENT, NOT_FOUND (no such key), IO, FORMAT, BUFFER_TOO_SMALL. */
adpo_status adpo_model_metadata(const adpo_model *model, const char *key, char *json,
                                size_t capacity, size_t *needed);

/* ---------------------------------------------------------------------------
 * 3. The tokenizer
 * ------------------------------------------------------------------------- */

typedef uint32_t adpo_tokenize_flags;
enum {
    ADPO_TOKENIZE_DEFAULT = 0,
    /* Do not add the BOS (or other) tokens that the tokenizer's configuration asks for. */
    ADPO_TOKENIZE_NO_SPECIAL = 1,
    /* Text such as "<|im_end|>" is plain text, not a special token: for untrusted text. */
    ADPO_TOKENIZE_PLAIN_TEXT = 2
};

/* Text to token ids, as transformers does it. *needed counts ids.
 * Returns: INVALID_ARGUMENT, BUFFER_TOO_SMALL, OUT_OF_MEMORY. */
adpo_status adpo_tokenize(const adpo_model *model, const char *text, size_t text_length,
                          adpo_tokenize_flags flags, int32_t *ids, size_t capacity,
                          size_t *needed);

/* The ids of prompt + completion, and in *prompt_count how many of them are the prompt: the
 * common prefix of these ids and the prompt's own. The rest are the completion's. *needed counts
 * the ids of both.
 * Returns: INVALID_ARGUMENT, BUFFER_TOO_SMALL, OUT_OF_MEMORY. */
adpo_status adpo_tokenize_completion(const adpo_model *model, const char *prompt,
                                     size_t prompt_length, const char *completion,
                                     size_t completion_length, adpo_tokenize_flags flags,
                                     int32_t *ids, size_t capacity, size_t *needed,
                                     size_t *prompt_count);

typedef uint32_t adpo_detokenize_flags;
enum {
    ADPO_DETOKENIZE_DEFAULT = 0,
    ADPO_DETOKENIZE_SKIP_SPECIAL = 1, /* leave special tokens out of the text */
    /* The tokens go on from others, such as a prompt's: a space before their first word stays, which
     * tokenizers of SentencePiece's kind leave out at the beginning of a text. */
    ADPO_DETOKENIZE_CONTINUES = 2
};

/* Token ids to text, not NUL-terminated; *needed counts bytes. A token can end within a UTF-8
 * sequence, so a part of a text need not be well-formed; adpo_token_callback gives whole characters.
 * Returns: INVALID_ARGUMENT (also for ids out of range), BUFFER_TOO_SMALL. */
adpo_status adpo_detokenize(const adpo_model *model, const int32_t *ids, size_t count,
                            adpo_detokenize_flags flags, char *text, size_t capacity,
                            size_t *needed);

typedef int32_t adpo_special_token;
enum {
    ADPO_SPECIAL_TOKEN_BOS = 0, /* begins a text */
    ADPO_SPECIAL_TOKEN_EOS = 1, /* ends a response */
    ADPO_SPECIAL_TOKEN_PAD = 2, /* fills up batches; libadpo needs none */
    ADPO_SPECIAL_TOKEN_UNKNOWN = 3 /* stands for what the vocabulary lacks */
};

/* The id of a special token; -1 when the tokenizer has none of that kind.
 * Returns: INVALID_ARGUMENT. */
adpo_status adpo_token_special(const adpo_model *model, adpo_special_token which, int32_t *id);

typedef uint32_t adpo_chat_flags;
enum {
    ADPO_CHAT_DEFAULT = 0,
    ADPO_CHAT_ADD_GENERATION_PROMPT = 1, /* end with what begins the assistant's answer */
    ADPO_CHAT_CONTINUE_FINAL_MESSAGE = 2 /* end with the last message, which goes on */
};

/* A conversation as the text that the model was trained on: the model's chat template, a Jinja
 * program, is run as transformers does it. `conversation` is JSON: an array of messages, such as
 * [{"role": "user", "content": "Hi."}], or an object with "messages", "tools" and whatever else
 * the template knows, such as "enable_thinking". The text is not NUL-terminated; *needed counts
 * bytes. It has its special tokens in it, BOS included: tokenize it with
 * ADPO_TOKENIZE_NO_SPECIAL.
 * Returns: INVALID_ARGUMENT (also: the template refuses the messages, or does not end), FORMAT (the
 * JSON or the template is malformed), UNSUPPORTED (the model has no template, or one that asks for
 * what chat templates do not use), BUFFER_TOO_SMALL, OUT_OF_MEMORY. */
adpo_status adpo_chat_render(const adpo_model *model, const char *conversation,
                             size_t conversation_length, adpo_chat_flags flags, char *text,
                             size_t capacity, size_t *needed);

/* The same conversation as token ids; *needed counts ids. Where `is_assistant` is not NULL, each id
 * gets 1 there if the assistant says it, and 0 if not: what the template marks by
 * {% generation %}. Both arrays have room for `capacity` elements.
 * Returns: as adpo_chat_render; UNSUPPORTED also where `is_assistant` is asked for and the template
 * marks nothing, or the tokenizer normalizes the text so that its tokens have no places there. */
adpo_status adpo_chat_tokenize(const adpo_model *model, const char *conversation,
                               size_t conversation_length, adpo_chat_flags flags, int32_t *ids,
                               uint8_t *is_assistant, size_t capacity, size_t *needed);

/* ---------------------------------------------------------------------------
 * 4. Adapters and export
 * ------------------------------------------------------------------------- */

/* A LoRA adapter for one model: y += alpha/rank * B A x in linear layers, and what rsLoRA and DoRA
 * make of that. Immutable; sessions on many threads may share one. */
typedef struct adpo_adapter adpo_adapter;

/* Loads a PEFT directory (adapter_config.json and adapter_model.safetensors), or the adapter file
 * of llama.cpp when the path ends in ".gguf".
 * Returns: INVALID_ARGUMENT, NOT_FOUND, IO, FORMAT (also: made for another model), UNSUPPORTED,
 * OUT_OF_MEMORY. */
adpo_status adpo_adapter_load(const adpo_model *model, const char *path, adpo_adapter **adapter);

/* Writes a PEFT directory that `peft` loads, or when the path ends in ".gguf" a file for llama.cpp
 * (--lora). What was written is loaded again, and must give the same log-probs before it takes its
 * place; otherwise the path is as it was.
 * Returns: INVALID_ARGUMENT, IO, UNSUPPORTED (DoRA in a file for llama.cpp), OUT_OF_MEMORY, NUMERIC
 * (the log-probs differ or are not finite). */
adpo_status adpo_adapter_save(const adpo_adapter *adapter, const char *path);

void adpo_adapter_destroy(adpo_adapter *adapter);

/* The differences that reading an export back has shown: |log-prob read back - log-prob in memory|
 * over the tokens of a fixed text. Where nothing is rounded it is about 1e-5; otherwise it is what
 * the encoding costs. */
typedef struct adpo_export_report {
    uint32_t struct_size;
    uint64_t weight_bytes;    /* written */
    uint64_t tokens;          /* compared */
    double mean_difference;
    double max_difference;
} adpo_export_report;

/* The names of the encodings that exports can have, by number from 0; NULL behind the last. "F32", "F16"
 * and "BF16" come first: directories hold these alone. Static. */
const char *adpo_encoding_name(uint32_t number);

/* Writes the model, with an adapter merged into its weights unless that is NULL: W + alpha/rank B A
 * is computed in f32 and then encoded, one band of rows at a time. When the path ends in ".gguf"
 * the result is a GGUF file, otherwise a Hugging Face directory, which must be new or empty.
 * Tokenizer, chat template and metadata go along.
 *
 * `encoding` is that of the matrices, one of adpo_encoding_name. NULL leaves them as they are, but makes
 * quantized ones F16 in a directory. In files of fewer than 6 bits a weight the head gets Q6_K. Where
 * an encoding's blocks of 256 do not divide the rows, another takes its place, as in llama.cpp (Q5_0
 * that of Q4_K); where blocks of 32 do not, it is F16. Norms and biases are F32 in GGUF files.
 *
 * The result is loaded again and compared before it takes its place; otherwise the path is as it
 * was. report may be NULL.
 * Returns: INVALID_ARGUMENT (also: an adapter of another model, an encoding that the file cannot
 * hold), IO, UNSUPPORTED (the file has no way to say what the model or its tokenizer does), NUMERIC
 * (the log-probs differ by more than the encoding explains), OUT_OF_MEMORY. */
adpo_status adpo_model_export(const adpo_model *model, const adpo_adapter *adapter,
                              const char *path, const char *encoding,
                              adpo_export_report *report);

/* ---------------------------------------------------------------------------
 * 5. Scoring
 * ------------------------------------------------------------------------- */

/* The type in which products with the model's weights, and with LoRA's A and B, compute. All else
 * is 32-bit: sums, parameters, norms, attention, the loss. */
typedef int32_t adpo_dtype;
enum {
    ADPO_DTYPE_F32 = 0,
    /* Weights and activations are rounded to bfloat16: about twice as fast, log-probs to about two
     * decimals. Where the processor has no bf16 dot product, this is F32. */
    ADPO_DTYPE_BF16 = 1,
    /* BF16 where the processor has that product and the weights are not stored in F32; else F32. */
    ADPO_DTYPE_AUTO = 2
};

/* A place to compute with a model: scratch memory, and the adapter in use. One a thread. */
typedef struct adpo_session adpo_session;

/* Returns: INVALID_ARGUMENT, OUT_OF_MEMORY. */
adpo_status adpo_session_create(const adpo_model *model, adpo_dtype dtype,
                                adpo_session **session);

void adpo_session_destroy(adpo_session *session);

/* Computes with this adapter from now on; NULL for the model alone.
 * Returns: INVALID_ARGUMENT (also: an adapter of another model), BUSY. */
adpo_status adpo_session_set_adapter(adpo_session *session, const adpo_adapter *adapter);

/* logprobs[i] = log p(tokens[i] | tokens[0..i-1]), natural logarithm, for each of the tokens. The
 * first has nothing before it: logprobs[0] is NaN.
 * Returns: INVALID_ARGUMENT (also for ids out of range), BUSY, OUT_OF_MEMORY. */
adpo_status adpo_score(adpo_session *session, const int32_t *tokens, size_t count,
                       float *logprobs);

/* Scores many completions of one prompt; the prompt is computed once. `completions` holds their
 * tokens one after another, `completion_lengths` the number of tokens of each (0 is allowed), and
 * `logprobs` receives one number for each completion token. The prompt has at least one token.
 * Returns: INVALID_ARGUMENT (also for ids out of range), BUSY, OUT_OF_MEMORY. */
adpo_status adpo_score_completions(adpo_session *session, const int32_t *prompt,
                                   size_t prompt_count, const int32_t *completions,
                                   const size_t *completion_lengths, size_t completion_count,
                                   float *logprobs);

/* Scores one completion given as text: adpo_tokenize_completion and adpo_score_completions in one
 * call. `tokens` and `logprobs`, both of `capacity`, receive the completion's tokens and their
 * log-probs; *needed is their count. The prompt has at least one token.
 * Returns: INVALID_ARGUMENT, BUFFER_TOO_SMALL, BUSY, OUT_OF_MEMORY. */
adpo_status adpo_score_text(adpo_session *session, const char *prompt, size_t prompt_length,
                            const char *completion, size_t completion_length,
                            adpo_tokenize_flags flags, int32_t *tokens, float *logprobs,
                            size_t capacity, size_t *needed);

/* The logits that follow each token: `logits` is [count, vocabulary], row-major.
 * Returns: INVALID_ARGUMENT (also for ids out of range), BUSY, OUT_OF_MEMORY. */
adpo_status adpo_logits(adpo_session *session, const int32_t *tokens, size_t count,
                        float *logits);

/* ---------------------------------------------------------------------------
 * 6. Generation
 * ------------------------------------------------------------------------- */

typedef struct adpo_generation_config {
    uint32_t struct_size;
    uint32_t max_tokens;  /* 256 */
    float temperature;    /* 0: greedy. Otherwise the logits are divided by it, then sampled */
    uint64_t seed;        /* 0. The same seed gives the same text */
} adpo_generation_config;

/* Fills in the defaults named above.
 * Returns: INVALID_ARGUMENT. */
adpo_status adpo_generation_config_init(adpo_generation_config *config, size_t struct_size);

/* Receives each new token, the text that it completes and its log-prob at temperature 1. The texts
 * one after another are what follows the prompt: UTF-8 in whole characters, so that some tokens have
 * none, as special tokens do. A NUL stands behind each. Return 0 to go on. */
typedef int32_t (*adpo_token_callback)(int32_t token, const char *text, size_t length,
                                       float logprob, void *user_data);

/* Continues the prompt (at least one token) until an EOS token or max_tokens. `tokens` receives
 * what was generated, an EOS token included; *needed is its count, and max_tokens is always
 * capacity enough. config and on_token may be NULL. With on_token, `tokens` may be NULL with
 * capacity 0, and needed may be NULL.
 * Returns: INVALID_ARGUMENT, BUFFER_TOO_SMALL (before anything is generated), NUMERIC (logits that
 * are not finite), BUSY, OUT_OF_MEMORY, CANCELLED (the tokens so far are given). */
adpo_status adpo_generate(adpo_session *session, const adpo_generation_config *config,
                          const int32_t *prompt, size_t prompt_count,
                          adpo_token_callback on_token, void *user_data, int32_t *tokens,
                          size_t capacity, size_t *needed);

/* ---------------------------------------------------------------------------
 * 7. Preference pairs
 * ------------------------------------------------------------------------- */

/* Preference pairs, tokenized for one model. */
typedef struct adpo_dataset adpo_dataset;

/* Returns: INVALID_ARGUMENT, OUT_OF_MEMORY. */
adpo_status adpo_dataset_create(const adpo_model *model, adpo_dataset **dataset);

void adpo_dataset_destroy(adpo_dataset *dataset);

/* Adds a pair given as text. The responses follow the prompt as they are, so a separating space
 * or line break belongs to one of them; EOS is appended to a response that lacks it. The prompt's
 * tokens are the common prefix of the prompt's, prompt + chosen's and prompt + rejected's.
 * Returns: INVALID_ARGUMENT (also: an empty response, a prompt without tokens), BUSY,
 * OUT_OF_MEMORY. */
adpo_status adpo_dataset_add_text(adpo_dataset *dataset, const char *prompt, size_t prompt_length,
                                  const char *chosen, size_t chosen_length, const char *rejected,
                                  size_t rejected_length);

/* Adds a pair given as tokens, which are used as they are.
 * Returns: INVALID_ARGUMENT (also: an id out of range, an empty prompt or response), BUSY,
 * OUT_OF_MEMORY. */
adpo_status adpo_dataset_add_tokens(adpo_dataset *dataset, const int32_t *prompt,
                                    size_t prompt_count, const int32_t *chosen,
                                    size_t chosen_count, const int32_t *rejected,
                                    size_t rejected_count);

/* Adds an unpaired row, for losses that take such: a completion that is desirable (nonzero) or not
 * (0). Text and tokens are treated as those of a pair.
 * Returns: INVALID_ARGUMENT (also: an empty prompt or completion, an id out of range), BUSY,
 * OUT_OF_MEMORY. */
adpo_status adpo_dataset_add_unpaired_text(adpo_dataset *dataset, const char *prompt,
                                           size_t prompt_length, const char *completion,
                                           size_t completion_length, int32_t desirable);
adpo_status adpo_dataset_add_unpaired_tokens(adpo_dataset *dataset, const int32_t *prompt,
                                             size_t prompt_count, const int32_t *completion,
                                             size_t completion_count, int32_t desirable);

/* Adds one row given as a JSON object, in one of these shapes; other keys are ignored:
 *
 *     {"prompt": ..., "chosen": ..., "rejected": ...}
 *     {"chosen": ..., "rejected": ...}            the prompt is what both begin with, as in TRL
 *     {"prompt": ..., "completion": ..., "label": true or false}         unpaired
 *
 * Each text is a string; a response may also be an array of strings, its segments for granularity
 * CUSTOM. Or all are conversations, arrays of {"role": ..., "content": ...}, which the model's chat
 * template renders; "tools" and "chat_template_kwargs" are given to it. "chosen_weights",
 * "rejected_weights" and "completion_weights" are arrays of numbers, one for each token of that
 * response, which multiply its log-ratios.
 * Returns: INVALID_ARGUMENT (also: an empty response), FORMAT (no such object), UNSUPPORTED (a
 * conversation without a chat template), BUSY, OUT_OF_MEMORY. */
adpo_status adpo_dataset_add_json(adpo_dataset *dataset, const char *json, size_t length);

/* Adds the rows of a JSON Lines file, each line as for adpo_dataset_add_json; blank lines are
 * skipped. All or nothing: an error names file and line, and adds no row; also for a line that is
 * not UTF-8, which is FORMAT.
 * Returns: as adpo_dataset_add_json, and NOT_FOUND, IO. */
adpo_status adpo_dataset_load_jsonl(adpo_dataset *dataset, const char *path);

/* Sets where the segments of a pair (counted from 0) end, for granularity CUSTOM: counts of
 * tokens, increasing, the last one the response's length; none for the missing response of an
 * unpaired row. Where the counts of segments differ, the surplus of the longer list joins its last
 * common segment. Both counts 0: the pair has no segments of its own again.
 * Returns: INVALID_ARGUMENT (also: segments that overlap or do not cover the response), BUSY. */
adpo_status adpo_dataset_set_segments(adpo_dataset *dataset, size_t index,
                                      const size_t *chosen_ends, size_t chosen_count,
                                      const size_t *rejected_ends, size_t rejected_count);

/* Sets what multiplies the log-ratio of each response token of a pair (counted from 0), such as
 * cADPO's weights: one finite number a token, its EOS token included. Both counts 0: all are 1.
 * Returns: INVALID_ARGUMENT, BUSY. */
adpo_status adpo_dataset_set_weights(adpo_dataset *dataset, size_t index, const float *chosen,
                                     size_t chosen_count, const float *rejected,
                                     size_t rejected_count);

/* Sets the weights of all pairs by contrastive estimation, as cADPO does (arXiv 2411.19943). From
 * adapters that were tuned on good and on bad responses, a rejected token y has
 *     log s = (1 + b) log p_positive(y) - b log p_negative(y) - log Z,
 * where Z sums the same over the vocabulary, and the weight 1 - s; chosen tokens weigh 1. The
 * paper's b is 1. All or nothing.
 * Returns: INVALID_ARGUMENT (also: adapters of different models; b below 0 or beyond 1000),
 * NUMERIC, BUSY, OUT_OF_MEMORY. */
adpo_status adpo_dataset_weigh_contrastively(adpo_dataset *dataset, const adpo_adapter *positive,
                                             const adpo_adapter *negative, double b,
                                             adpo_dtype dtype);

/* The number of pairs, unpaired rows included.
 * Returns: INVALID_ARGUMENT, BUSY. */
adpo_status adpo_dataset_count(adpo_dataset *dataset, size_t *count);

/* A pair (counted from 0) as JSON, not NUL-terminated: "prompt", "chosen" and "rejected" are arrays
 * of token ids, and, where it has them, "chosen_segments" and "rejected_segments" (ends, as counts
 * of tokens), "chosen_weights" and "rejected_weights".
 * Returns: INVALID_ARGUMENT, BUFFER_TOO_SMALL, BUSY. */
adpo_status adpo_dataset_get_json(adpo_dataset *dataset, size_t index, char *json, size_t capacity,
                                  size_t *needed);

/* ---------------------------------------------------------------------------
 * 8. The objective
 * ------------------------------------------------------------------------- */

/* How the tokens of a response group into the segments whose margins the loss compares
 * (docs/METHOD.md). */
typedef int32_t adpo_granularity;
enum {
    ADPO_GRANULARITY_RESPONSE = 0,  /* one segment: DPO */
    ADPO_GRANULARITY_TOKEN = 1,     /* a segment a token */
    ADPO_GRANULARITY_STATIC = 2,    /* windows of granularity_size tokens */
    ADPO_GRANULARITY_ADAPTIVE = 3,  /* granularity_size runs of near-equal length, the later ones
                                       longer */
    ADPO_GRANULARITY_LINES = 4,     /* a segment a line of the text */
    ADPO_GRANULARITY_SENTENCES = 5, /* a segment a sentence of the text */
    ADPO_GRANULARITY_DELIMITER = 6, /* segments that end with the text `delimiter` */
    ADPO_GRANULARITY_CUSTOM = 7     /* the pairs bring their segments */
};

/* The padding where the shorter response has no tokens left, with STATIC and TOKEN. The paper's
 * figure seems to have EOS. */
typedef int32_t adpo_padding;
enum {
    ADPO_PADDING_MASK = 0, /* nothing: the position adds 0 to its margin */
    ADPO_PADDING_EOS = 1   /* EOS tokens, fed and scored */
};

/* The function that turns a segment into a loss; docs/METHOD.md has the formulae. The names are
 * TRL's. */
typedef int32_t adpo_loss_type;
enum {
    ADPO_LOSS_SIGMOID = 0,
    ADPO_LOSS_ROBUST = 1,
    ADPO_LOSS_HINGE = 2,
    ADPO_LOSS_IPO = 3,
    ADPO_LOSS_SIGMOID_NORM = 4,
    ADPO_LOSS_EXO_PAIR = 5,
    ADPO_LOSS_SPPO_HARD = 6,
    ADPO_LOSS_APO_ZERO = 7,
    ADPO_LOSS_APO_DOWN = 8,
    ADPO_LOSS_BCO_PAIR = 9,
    ADPO_LOSS_NCA_PAIR = 10,
    ADPO_LOSS_ORPO = 11,
    ADPO_LOSS_KTO = 12, /* of unpaired rows; a pair counts as two */
    ADPO_LOSS_SFT = 13
};

/* How the losses of a pair's segments become one. */
typedef int32_t adpo_reduction;
enum {
    ADPO_REDUCTION_SUM = 0,
    ADPO_REDUCTION_MEAN = 1
};

/* The objective that training minimizes. Combinations that make no sense are refused where the
 * objective is used. */
typedef struct adpo_objective {
    uint32_t struct_size;
    adpo_loss_type loss;          /* SIGMOID */
    adpo_granularity granularity; /* RESPONSE */
    uint32_t granularity_size;    /* 0; k for STATIC and m for ADAPTIVE, at least 1 */
    const char *delimiter;        /* NULL; of DELIMITER: ends with NUL, read during the call */
    adpo_padding padding;         /* MASK */
    adpo_reduction reduction;     /* SUM */
    double beta;                  /* 0.1 */
    double label_smoothing;       /* 0; probability of a wrong label, below 0.5 */
    int32_t reference_free;       /* 0; else the reference's log-probs are 0, and not computed */
    int32_t wpo;                  /* 0; else pairs weigh what the policy thinks of them (WPO) */
    double target_margin;         /* 0; SimPO's gamma */
    double sft_weight;            /* 0; of the chosen response's mean NLL, which is added */
    double dpop_lambda;           /* 0; DPO-Positive's lambda */
    double ld_alpha;              /* 1; weight of tokens beyond the other response's length */
    double desirable_weight;      /* 1; of the rows of KTO */
    double undesirable_weight;    /* 1 */
} adpo_objective;

/* Fills in the defaults named above: DPO.
 * Returns: INVALID_ARGUMENT. */
adpo_status adpo_objective_init(adpo_objective *objective, size_t struct_size);

/* All that the loss of one pair looks at; set struct_size and zero the rest first. All arrays of
 * numbers hold chosen_count + rejected_count of them: the chosen response's tokens, then the
 * rejected one's. */
typedef struct adpo_loss_input {
    uint32_t struct_size;
    size_t chosen_count;           /* 0 for an unpaired row that is not desirable */
    size_t rejected_count;         /* 0 for one that is */
    const float *policy;           /* log-probs */
    const float *reference;        /* log-probs; NULL where the objective needs none */
    const float *weights;          /* of the tokens' log-ratios; NULL: 1 */
    const float *log_sum_squares;  /* of wpo, else NULL: log sum p^2 over the vocabulary, p being
                                      the policy's distribution at each token */
    /* For CUSTOM, and for LINES, SENTENCES and DELIMITER, whose text is not here: where each
     * segment ends, as for adpo_dataset_set_segments. */
    const size_t *chosen_ends;
    size_t chosen_segments;        /* the number of ends */
    const size_t *rejected_ends;
    size_t rejected_segments;
    double kl;                     /* of KTO: an estimate of the KL divergence from the reference */
} adpo_loss_input;

/* The loss of one pair and its derivative by each of the policy's log-probs, for hosts that run
 * the model elsewhere. objective may be NULL: DPO. gradient, [chosen_count + rejected_count], may
 * be NULL.
 * Returns: INVALID_ARGUMENT (also: an objective that makes no sense), NUMERIC (a log-prob, the
 * loss or its gradient is not finite). */
adpo_status adpo_loss(const adpo_objective *objective, const adpo_loss_input *input, double *loss,
                      float *gradient);

/* ---------------------------------------------------------------------------
 * 9. Training
 * ------------------------------------------------------------------------- */

typedef int32_t adpo_schedule;
enum {
    ADPO_SCHEDULE_LINEAR = 0,   /* from learning_rate down to 0 */
    ADPO_SCHEDULE_CONSTANT = 1,
    ADPO_SCHEDULE_COSINE = 2    /* down to 0 along half a cosine */
};

typedef int32_t adpo_optimizer;
enum {
    ADPO_OPTIMIZER_ADAMW = 0,
    ADPO_OPTIMIZER_SGD = 1
};

/* The reference that the policy is compared with. */
typedef int32_t adpo_reference;
enum {
    ADPO_REFERENCE_BASE = 0, /* the model alone */
    ADPO_REFERENCE_START = 1 /* the model with the adapter that training starts from */
};

typedef struct adpo_trainer_config {
    uint32_t struct_size;

    const adpo_objective *objective; /* NULL: DPO. Read while creating. */
    adpo_dtype dtype;             /* F32 */
    /* 0; 1 trains all weights of the model, which must be F32, F16 or BF16, instead of an adapter.
     * Weights, gradients and optimizer take 16 bytes a parameter with ADAMW, 12 with SGD. */
    int32_t full_finetuning;
    uint32_t lora_rank;           /* 16 */
    double lora_alpha;            /* 32 */
    double lora_dropout;          /* 0; share of an adapter's inputs that a training pass drops */
    /* NULL: all linear layers of the decoder. Else the ones to adapt, separated by commas: names as
     * PEFT matches them ("q_proj,v_proj", "model.layers.3.mlp.up_proj"), patterns for full names
     * ("model.layers.*.mlp.*", where ? stands for a character), or "all-linear". */
    const char *target_modules;
    int32_t use_rslora;           /* 0; 1 scales by alpha / sqrt(rank), not alpha / rank */
    int32_t use_dora;             /* 0; 1 trains a magnitude for each row of a weight (DoRA) */

    uint32_t epochs;              /* 1 */
    uint32_t batch_size;          /* 4 pairs in a micro-batch */
    uint32_t gradient_accumulation; /* 1 micro-batch for each update */
    uint32_t max_length;          /* 1024 tokens of prompt + response; longer ones lose their end */
    uint64_t activation_memory;   /* 2^30: bytes of activations that are kept for the backward pass;
                                     layers beyond are computed again, which takes up to a third
                                     more time and changes no bit */
    int32_t shuffle;              /* 1; 0 takes the pairs in their order */
    uint64_t seed;                /* 0: of the adapter's start and of the shuffling */

    double learning_rate;         /* 2e-5 */
    adpo_schedule schedule;       /* LINEAR */
    double warmup_steps;          /* 0; below 1, the share of all updates, rounded up */
    double max_gradient_norm;     /* 1; 0 does not clip */
    adpo_optimizer optimizer;     /* ADAMW */
    double weight_decay;          /* 0; ADAMW decouples it from the gradient, SGD does not. Norms
                                     and biases do not decay */
    double momentum;              /* 0; of SGD */
    double adam_beta1;            /* 0.9 */
    double adam_beta2;            /* 0.999 */
    double adam_epsilon;          /* 1e-8 */

    adpo_reference reference;     /* BASE */
    /* NULL: the reference's log-probs are kept in memory. Else a file that keeps them for later
     * runs, keyed by model, reference and pairs: written when it is missing or belongs to others,
     * refused when it is damaged, something else, or in another version of its format. */
    const char *reference_cache;
} adpo_trainer_config;

/* Fills in the defaults named above.
 * Returns: INVALID_ARGUMENT. */
adpo_status adpo_trainer_config_init(adpo_trainer_config *config, size_t struct_size);

/* Fills in both with what arXiv 2602.09533 calls ADPO in its table of results: ADAPTIVE granularity
 * with 256 segments, beta 1, a LoRA adapter of rank 16, ADAMW, learning rate 2e-5, 3 epochs. What
 * the paper does not tell is as the two init functions have it. config->objective becomes
 * `objective`, which must live until the config has been used.
 * Returns: INVALID_ARGUMENT. */
adpo_status adpo_paper_recipe_init(adpo_objective *objective, size_t objective_size,
                                   adpo_trainer_config *config, size_t config_size);

/* Tells what a run with this configuration (NULL for the defaults) would see of the pairs, and what
 * it would cost, before it begins. The first `examples` pairs in use are shown token by token. With
 * measure_time nonzero, an update is made on the first pairs and timed, which takes seconds.
 *
 * The report is JSON, not NUL-terminated; pairs are counted from 0:
 *
 *     "granularity", "max_length"
 *     "pairs", "unpaired"               in the dataset
 *     "dropped"                         left out, since their prompt fills max_length
 *     "truncated", "removed_tokens"     pairs in use that lose a response's end, and its tokens
 *     "prompt_tokens", "chosen_tokens", "rejected_tokens", "segments"
 *                                       each {"minimum", "mean", "maximum"} over the pairs in use
 *     "warnings"   array of {"kind", "message", "pairs"}; the kinds: boundary, missing_bos,
 *                  doubled_bos, missing_eos, doubled_eos, identical, duplicate, contradiction,
 *                  dropped, truncated, beyond_context
 *     "examples"   array of {"pair", "prompt", "chosen", "rejected"}; a prompt is an array of tokens
 *                  {"id", "text", "weight"}, and a response has "segments", an array of such
 *                  arrays, and "removed", the text that truncation removes
 *     "memory"     bytes: "weights", "activations", "parameters", "gradients", "optimizer",
 *                  "references", "total"
 *     "time"       seconds: "measured" (one update on "measured_tokens" tokens), and scaled from it
 *                  by floating-point operations "reference", "epoch" and "run"; or null
 *
 * Each call measures anew, so its report can differ in length: leave room beyond *needed.
 * Returns: INVALID_ARGUMENT and UNSUPPORTED (as adpo_trainer_create), BUFFER_TOO_SMALL, NUMERIC,
 * BUSY, OUT_OF_MEMORY. */
adpo_status adpo_dataset_inspect(adpo_dataset *dataset, const adpo_model *model,
                                 const adpo_trainer_config *config, size_t examples,
                                 int32_t measure_time, char *json, size_t capacity,
                                 size_t *needed);

/* Tunes a LoRA adapter on linear layers of a model, or with full_finetuning all weights. */
typedef struct adpo_trainer adpo_trainer;

/* Starts from the adapter `start`, or from a new one when it is NULL; a start brings its own rank,
 * alpha, target modules and kind. Full fine-tuning starts from the model's weights, and has no
 * `start`. The pairs are copied; those whose prompt alone fills max_length are left out. config may
 * be NULL.
 * Returns: INVALID_ARGUMENT (also: no pair left to train on), UNSUPPORTED (full fine-tuning of
 * quantized weights; a reference cache of another version of the format), IO, FORMAT (both of the
 * reference cache), BUSY, OUT_OF_MEMORY. */
adpo_status adpo_trainer_create(const adpo_model *model, const adpo_trainer_config *config,
                                adpo_dataset *pairs, const adpo_adapter *start,
                                adpo_trainer **trainer);

void adpo_trainer_destroy(adpo_trainer *trainer);

typedef struct adpo_trainer_info {
    uint32_t struct_size;
    uint64_t parameters;      /* that are trained */
    uint64_t pairs;           /* in use */
    uint64_t pairs_dropped;   /* left out: their prompt alone fills max_length */
    uint64_t pairs_truncated; /* in use, with a response that lost its end */
    uint64_t steps;           /* updates in the whole run */
    uint64_t steps_done;
    uint64_t best_step;       /* after which the evaluation had the lowest loss; 0 before the
                                 first evaluation of a run */
    double best_loss;
} adpo_trainer_info;

/* Fills *info.
 * Returns: INVALID_ARGUMENT, BUSY. */
adpo_status adpo_trainer_get_info(adpo_trainer *trainer, adpo_trainer_info *info);

/* The measures of one update, or of one evaluation. Rewards are beta times the summed log-ratio of
 * policy to reference (to 1 where the objective needs no reference), with the tokens' weights. All
 * numbers are means over the pairs unless said otherwise; of unpaired rows, over those with that
 * response, and NaN where there are none. The names are those of TRL's trainers where they have the
 * same. */
typedef struct adpo_metrics {
    uint32_t struct_size;
    uint64_t step;            /* 1 after the first update */
    double epoch;             /* passes over the pairs so far, such as 0.5 */
    double loss;              /* summed over a pair's segments, or with MEAN averaged */
    double loss_per_segment;  /* mean over all segments, without the NLL of SFT terms */
    double gradient_norm;     /* before clipping; 0 in an evaluation */
    double learning_rate;     /* of this update; 0 in an evaluation */
    double rewards_chosen;
    double rewards_rejected;
    double rewards_accuracy;  /* share of pairs with a chosen reward above the rejected one */
    double rewards_margin;
    double logps_chosen;      /* log-prob of the whole response */
    double logps_rejected;
    adpo_dtype dtype;         /* F32 or BF16: what was computed in */
    uint64_t pairs;
    uint64_t segments;        /* in all pairs together */
    uint64_t tokens;          /* of prompt + response, both of each pair, as TRL counts them */
    double seconds;
    uint64_t num_tokens;      /* of all updates so far */
    double tokens_per_second;
    int32_t is_evaluation;    /* 1 for an evaluation, 0 for an update */
    /* An alarm: by how much the chosen responses' log-prob has fallen since the first updates, in
     * the mean over ten of them; 0 where it has not clearly. */
    double chosen_fall;
    double kl;                /* of KTO: the estimate of the KL divergence; else 0 */
} adpo_metrics;

/* One update. metrics may be NULL. After the last step of the run: INVALID_ARGUMENT.
 * Returns: INVALID_ARGUMENT, NUMERIC (the message names the pair, and nothing is changed by the
 * step), IO (of the reference cache), BUSY, OUT_OF_MEMORY. */
adpo_status adpo_trainer_step(adpo_trainer *trainer, adpo_metrics *metrics);

/* The parts of a step, for hosts that do something in between: accumulate for each micro-batch of
 * the update, then apply. accumulate adds the gradient of the next micro-batch, the mean over its
 * pairs divided by the number of micro-batches, and tells in metrics, which may be NULL, what that
 * micro-batch saw. After the last of the update's: INVALID_ARGUMENT.
 * Returns: as adpo_trainer_step; after NUMERIC the update is to be accumulated anew. */
adpo_status adpo_trainer_accumulate(adpo_trainer *trainer, adpo_metrics *metrics);

/* The gradient that is accumulated, or that the last update used: *count floats in the trainer's
 * own memory, laid out like the parameters. Before adpo_trainer_apply the host may change them,
 * for example to the mean over several machines. They stay in their place while the trainer lives;
 * leave them alone while one of its calls runs.
 * Returns: INVALID_ARGUMENT, BUSY. */
adpo_status adpo_trainer_gradients(adpo_trainer *trainer, float **gradients, size_t *count);

/* Clips the gradient and updates the parameters. metrics, which may be NULL, receives what the
 * whole update saw. Before all of the update's micro-batches are accumulated: INVALID_ARGUMENT.
 * Returns: as adpo_trainer_step; after NUMERIC the update is to be accumulated anew. */
adpo_status adpo_trainer_apply(adpo_trainer *trainer, adpo_metrics *metrics);

/* Sets the learning rate that the schedule multiplies, from the next update on.
 * Returns: INVALID_ARGUMENT, BUSY. */
adpo_status adpo_trainer_set_learning_rate(adpo_trainer *trainer, double learning_rate);

typedef struct adpo_run_config {
    uint32_t struct_size;
    uint32_t evaluation_steps; /* 0; updates from one evaluation to the next. The end of a run with
                                  evaluation pairs always is one */
    adpo_dataset *evaluation;  /* NULL; held-out pairs, which are copied */
    uint32_t patience;         /* 0; evaluations in a row without a lower loss that end the run;
                                  0 never does */
    int32_t keep_best;         /* 0; 1: the run ends with the parameters whose evaluation had the
                                  lowest loss */
    const char *checkpoint;    /* NULL; a file that the run can be resumed from */
    uint32_t checkpoint_steps; /* 0; updates from one checkpoint to the next. The end always is
                                  one */
} adpo_run_config;

/* Fills in the defaults named above.
 * Returns: INVALID_ARGUMENT. */
adpo_status adpo_run_config_init(adpo_run_config *config, size_t struct_size);

/* Called after each update and, where metrics->is_evaluation is 1, each evaluation. Return 0 to go
 * on. */
typedef int32_t (*adpo_metrics_callback)(const adpo_metrics *metrics, void *user_data);

/* All steps that remain. config and on_metrics may be NULL. Cancelled, it can be run again, and
 * goes on.
 * Returns: as adpo_trainer_step, IO (of the checkpoint), and CANCELLED. */
adpo_status adpo_trainer_run(adpo_trainer *trainer, const adpo_run_config *config,
                             adpo_metrics_callback on_metrics, void *user_data);

/* Writes a checkpoint: one file with all that the next updates depend on, whole or not at all. A
 * run that is killed at any moment and resumed from its last checkpoint ends with the same bits as
 * one that never was.
 * Returns: INVALID_ARGUMENT, IO, BUSY, OUT_OF_MEMORY. */
adpo_status adpo_trainer_save(adpo_trainer *trainer, const char *path);

/* Goes on from a checkpoint, in a trainer that was made with the same model, configuration, pairs
 * and start as the one that wrote it.
 * Returns: INVALID_ARGUMENT (also: the checkpoint is of another run, and the message says what
 * differs), NOT_FOUND, IO, FORMAT (damaged, or no checkpoint), UNSUPPORTED (of another version of
 * the format), BUSY, OUT_OF_MEMORY. The trainer is then as it was. */
adpo_status adpo_trainer_restore(adpo_trainer *trainer, const char *path);

/* Loss and rewards of the policy as it is on other pairs, without an update.
 * Returns: INVALID_ARGUMENT, NUMERIC, BUSY, OUT_OF_MEMORY. */
adpo_status adpo_trainer_evaluate(adpo_trainer *trainer, adpo_dataset *pairs,
                                  adpo_metrics *metrics);

/* The adapter as it is now: a copy that later steps do not change.
 * Returns: INVALID_ARGUMENT (also: full fine-tuning has none), BUSY, OUT_OF_MEMORY. */
adpo_status adpo_trainer_adapter(adpo_trainer *trainer, adpo_adapter **adapter);

/* The model as full fine-tuning has made it so far: a copy in memory, its weights in F32, that
 * later steps do not change. It is used like a loaded one; adpo_model_export writes it.
 * Returns: INVALID_ARGUMENT (also: the trainer tunes an adapter), BUSY, OUT_OF_MEMORY. */
adpo_status adpo_trainer_model(adpo_trainer *trainer, adpo_model **model);

#ifdef __cplusplus
}
#endif

#endif /* ADPO_H */
