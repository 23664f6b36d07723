/* Calls every function of adpo.h with what it must refuse, and expects the status, a message, and
 * untouched outputs.
 *
 *     bad_input MODEL WRITABLE-DIRECTORY
 */
#include <adpo.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures = 0;

static void fail(int line, const char *call, const char *why)
{
    fprintf(stderr, "line %d: %s: %s\n", line, call, why);
    failures++;
}

static void expect(adpo_status found, adpo_status expected, int line, const char *call)
{
    char why[1024];
    if (found != expected) {
        snprintf(why, sizeof why, "%s, not %s; last error: %s", adpo_status_name(found),
                 adpo_status_name(expected), adpo_last_error());
        fail(line, call, why);
    } else if (found != ADPO_OK && adpo_last_error()[0] == '\0') {
        fail(line, call, "has no message");
    }
}

#define EXPECT(status, call) expect((call), (status), __LINE__, #call)
#define OK(call) EXPECT(ADPO_OK, call)
#define INVALID(call) EXPECT(ADPO_ERROR_INVALID_ARGUMENT, call)
#define TRUE(condition) ((condition) ? (void)0 : fail(__LINE__, #condition, "is false"))

enum { ROOM = 4096 };
static int32_t ids[ROOM];
static float numbers[ROOM];
static char text[ROOM];
static const int32_t good[] = {1, 2, 3};
static const int32_t negative[] = {1, -1, 3};
static const int32_t beyond[] = {1, 2147483647, 3};
static size_t untouched = 77;

static adpo_model *model;
static const char *directory;

static void library(void)
{
    TRUE(adpo_abi_version() == ADPO_ABI_VERSION);
    TRUE(strlen(adpo_version()) >= 5);
    TRUE(strlen(adpo_build_info()) > 0);
    TRUE(strcmp(adpo_status_name(ADPO_ERROR_FORMAT), "ADPO_ERROR_FORMAT") == 0);
    TRUE(strcmp(adpo_status_name(99), "unknown status") == 0);
    TRUE(strcmp(adpo_status_name(-1), "unknown status") == 0);
    TRUE(adpo_last_error()[0] == '\0');
    INVALID(adpo_set_num_threads(-1));
    INVALID(adpo_set_num_threads(1025));
    OK(adpo_set_num_threads(1));
    OK(adpo_set_num_threads(0));
}

static void write_file(const char *name, const char *bytes, size_t count, char *path)
{
    FILE *file;
    snprintf(path, 1024, "%s/%s", directory, name);
    file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes, 1, count, file) != count || fclose(file) != 0)
        fail(__LINE__, path, "cannot be written");
}

static void models(const char *model_path)
{
    adpo_model *none = NULL;
    adpo_model_info info;
    char path[1024];

    INVALID(adpo_model_load(NULL, &none));
    INVALID(adpo_model_load(model_path, NULL));
    EXPECT(ADPO_ERROR_NOT_FOUND, adpo_model_load("/nowhere/model.gguf", &none));
    TRUE(strstr(adpo_last_error(), "/nowhere/model.gguf") != NULL);
    INVALID(adpo_model_load("", &none));
    EXPECT(ADPO_ERROR_NOT_FOUND, adpo_model_load(directory, &none)); /* no config.json in it */
    write_file("empty.gguf", "", 0, path);
    EXPECT(ADPO_ERROR_FORMAT, adpo_model_load(path, &none));
    write_file("text.gguf", "once upon a time, far away", 26, path);
    EXPECT(ADPO_ERROR_FORMAT, adpo_model_load(path, &none));
    write_file("cut.gguf", "GGUF\3\0\0\0\1", 9, path);
    EXPECT(ADPO_ERROR_FORMAT, adpo_model_load(path, &none));
    TRUE(none == NULL);

    OK(adpo_model_load(model_path, &model));
    info.struct_size = sizeof info;
    INVALID(adpo_model_get_info(NULL, &info));
    INVALID(adpo_model_get_info(model, NULL));
    info.struct_size = 0;
    INVALID(adpo_model_get_info(model, &info));
    info.struct_size = 3;
    INVALID(adpo_model_get_info(model, &info));
    adpo_model_destroy(NULL);
}

static void chat(void)
{
    static const char messages[] = "[{\"role\": \"user\", \"content\": \"Hi.\"}]";
    static const char *const malformed[] = {"", "[", "{\"messages\": ", "\"text\" 1"};
    static const char *const wrong[] = {"[]", "{}", "3", "[3]", "{\"messages\": {}}"};
    size_t needed = untouched, i;

    INVALID(adpo_chat_render(NULL, messages, ADPO_NUL, 0, text, ROOM, &needed));
    INVALID(adpo_chat_render(model, NULL, 5, 0, text, ROOM, &needed));
    INVALID(adpo_chat_render(model, messages, ADPO_NUL, 2, text, ROOM, &needed));
    INVALID(adpo_chat_render(model, messages, ADPO_NUL, 0, NULL, 5, &needed));
    INVALID(adpo_chat_render(model, messages, ADPO_NUL, 0, text, ROOM, NULL));
    for (i = 0; i < sizeof malformed / sizeof *malformed; i++)
        EXPECT(ADPO_ERROR_FORMAT,
               adpo_chat_render(model, malformed[i], ADPO_NUL, 0, text, ROOM, &needed));
    for (i = 0; i < sizeof wrong / sizeof *wrong; i++)
        INVALID(adpo_chat_render(model, wrong[i], ADPO_NUL, 0, text, ROOM, &needed));
    TRUE(needed == untouched);

    text[0] = 'x';
    EXPECT(ADPO_ERROR_BUFFER_TOO_SMALL,
           adpo_chat_render(model, messages, ADPO_NUL, 0, text, 1, &needed));
    TRUE(needed > 1 && text[0] == 'x');
    OK(adpo_chat_render(model, messages, sizeof messages - 1, ADPO_CHAT_ADD_GENERATION_PROMPT,
                        text, ROOM, &needed));
    TRUE(needed > 4 && memcmp(text, "<|im_start|>user\nHi.", 20) == 0);
}

static void tokenizer(void)
{
    size_t needed = untouched, split = untouched;
    int32_t id = -77;

    INVALID(adpo_tokenize(NULL, "a", 1, 0, ids, ROOM, &needed));
    INVALID(adpo_tokenize(model, NULL, 1, 0, ids, ROOM, &needed));
    INVALID(adpo_tokenize(model, "a", 1, 0, ids, ROOM, NULL));
    INVALID(adpo_tokenize(model, "a", 1, 0, NULL, 5, &needed));
    INVALID(adpo_tokenize(model, "a", 1, 1u << 30, ids, ROOM, &needed));
    INVALID(adpo_tokenize_completion(NULL, "a", 1, "b", 1, 0, ids, ROOM, &needed, &split));
    INVALID(adpo_tokenize_completion(model, NULL, 1, "b", 1, 0, ids, ROOM, &needed, &split));
    INVALID(adpo_tokenize_completion(model, "a", 1, NULL, 1, 0, ids, ROOM, &needed, &split));
    INVALID(adpo_tokenize_completion(model, "a", 1, "b", 1, 8, ids, ROOM, &needed, &split));
    INVALID(adpo_tokenize_completion(model, "a", 1, "b", 1, 0, ids, ROOM, NULL, &split));
    INVALID(adpo_tokenize_completion(model, "a", 1, "b", 1, 0, ids, ROOM, &needed, NULL));
    INVALID(adpo_detokenize(NULL, good, 3, 0, text, ROOM, &needed));
    INVALID(adpo_detokenize(model, NULL, 3, 0, text, ROOM, &needed));
    INVALID(adpo_detokenize(model, good, 3, 0, NULL, 5, &needed));
    INVALID(adpo_detokenize(model, good, 3, 0, text, ROOM, NULL));
    INVALID(adpo_detokenize(model, good, 3, 64, text, ROOM, &needed));
    INVALID(adpo_detokenize(model, negative, 3, 0, text, ROOM, &needed));
    INVALID(adpo_detokenize(model, beyond, 3, 0, text, ROOM, &needed));
    INVALID(adpo_token_special(NULL, ADPO_SPECIAL_TOKEN_EOS, &id));
    INVALID(adpo_token_special(model, ADPO_SPECIAL_TOKEN_EOS, NULL));
    INVALID(adpo_token_special(model, 4, &id));
    INVALID(adpo_token_special(model, -1, &id));
    TRUE(needed == untouched && split == untouched && id == -77);

    ids[0] = -77;
    EXPECT(ADPO_ERROR_BUFFER_TOO_SMALL, adpo_tokenize(model, "one two", 7, 0, ids, 1, &needed));
    TRUE(needed > 1 && ids[0] == -77);
    EXPECT(ADPO_ERROR_BUFFER_TOO_SMALL, adpo_tokenize(model, "one", 3, 0, NULL, 0, &needed));
    OK(adpo_tokenize(model, NULL, 0, ADPO_TOKENIZE_NO_SPECIAL, NULL, 0, &needed));
    TRUE(needed == 0);
    OK(adpo_tokenize(model, "\xff\xc3\x28\xed\xa0\x80\xf5", 7, 0, ids, ROOM, &needed));
    OK(adpo_detokenize(model, NULL, 0, 0, NULL, 0, &needed));
    TRUE(needed == 0);
}

static void adapters(void)
{
    adpo_adapter *none = NULL;

    INVALID(adpo_adapter_load(NULL, directory, &none));
    INVALID(adpo_adapter_load(model, NULL, &none));
    INVALID(adpo_adapter_load(model, directory, NULL));
    EXPECT(ADPO_ERROR_NOT_FOUND, adpo_adapter_load(model, "/nowhere/adapter", &none));
    TRUE(none == NULL);
    INVALID(adpo_adapter_save(NULL, directory));
    adpo_adapter_destroy(NULL);

    adpo_export_report report = {.struct_size = sizeof report, .tokens = 77};
    char path[ROOM];
    snprintf(path, sizeof path, "%s/refused.gguf", directory);
    INVALID(adpo_model_export(NULL, NULL, path, NULL, &report));
    INVALID(adpo_model_export(model, NULL, NULL, NULL, &report));
    INVALID(adpo_model_export(model, NULL, "", NULL, &report));
    INVALID(adpo_model_export(model, NULL, path, "Q9", &report));
    INVALID(adpo_model_export(model, NULL, path, "\xff", &report));
    INVALID(adpo_model_export(model, NULL, "/nowhere/directory", "Q8_0", &report));
    EXPECT(ADPO_ERROR_IO, adpo_model_export(model, NULL, "/nowhere/x.gguf", NULL, &report));
    EXPECT(ADPO_ERROR_IO, adpo_model_export(model, NULL, directory, NULL, &report)); /* not empty */
    report.struct_size = 4;
    INVALID(adpo_model_export(model, NULL, path, NULL, &report));
    TRUE(report.tokens == 77);
    FILE *file = fopen(path, "rb");
    TRUE(file == NULL);
    if (file) fclose(file);
    report.struct_size = sizeof report;
    OK(adpo_model_export(model, NULL, path, "q8_0", NULL));
    OK(adpo_model_export(model, NULL, path, "F32", &report));
    TRUE(report.tokens > 50 && report.weight_bytes > 100000 && report.max_difference < 1e-3);
}

/* Uses its own handle within a call of it. */
static int32_t intrude(int32_t token, const char *bytes, size_t length, float logprob, void *session)
{
    (void)token, (void)bytes, (void)length, (void)logprob;
    EXPECT(ADPO_ERROR_BUSY, adpo_score(session, good, 3, numbers));
    EXPECT(ADPO_ERROR_BUSY, adpo_session_set_adapter(session, NULL));
    return 1;
}

static void sessions(void)
{
    adpo_session *session = NULL;
    adpo_generation_config config;
    const size_t counts[] = {1, 2};
    const size_t absurd[] = {(size_t)-1, 2};
    size_t needed = untouched;

    INVALID(adpo_session_create(NULL, ADPO_DTYPE_F32, &session));
    INVALID(adpo_session_create(model, ADPO_DTYPE_F32, NULL));
    INVALID(adpo_session_create(model, 3, &session));
    INVALID(adpo_session_create(model, -1, &session));
    TRUE(session == NULL);
    OK(adpo_session_create(model, ADPO_DTYPE_F32, &session));
    INVALID(adpo_session_set_adapter(NULL, NULL));
    OK(adpo_session_set_adapter(session, NULL));

    numbers[0] = -77;
    INVALID(adpo_score(NULL, good, 3, numbers));
    INVALID(adpo_score(session, NULL, 3, numbers));
    INVALID(adpo_score(session, good, 3, NULL));
    INVALID(adpo_score(session, negative, 3, numbers));
    INVALID(adpo_score(session, beyond, 3, numbers));
    INVALID(adpo_score_completions(NULL, good, 3, good, counts, 2, numbers));
    INVALID(adpo_score_completions(session, NULL, 3, good, counts, 2, numbers));
    INVALID(adpo_score_completions(session, good, 0, good, counts, 2, numbers));
    INVALID(adpo_score_completions(session, good, 3, NULL, counts, 2, numbers));
    INVALID(adpo_score_completions(session, good, 3, good, NULL, 2, numbers));
    INVALID(adpo_score_completions(session, good, 3, good, counts, 2, NULL));
    INVALID(adpo_score_completions(session, negative, 3, good, counts, 2, numbers));
    INVALID(adpo_score_completions(session, good, 3, beyond, counts, 2, numbers));
    INVALID(adpo_score_completions(session, good, 3, good, absurd, 2, numbers));
    INVALID(adpo_score_text(NULL, "a", 1, "b", 1, 0, ids, numbers, ROOM, &needed));
    INVALID(adpo_score_text(session, NULL, 1, "b", 1, 0, ids, numbers, ROOM, &needed));
    INVALID(adpo_score_text(session, "a", 1, NULL, 1, 0, ids, numbers, ROOM, &needed));
    INVALID(adpo_score_text(session, "a", 1, "b", 1, 64, ids, numbers, ROOM, &needed));
    INVALID(adpo_score_text(session, "a", 1, "b", 1, 0, NULL, numbers, ROOM, &needed));
    INVALID(adpo_score_text(session, "a", 1, "b", 1, 0, ids, NULL, ROOM, &needed));
    INVALID(adpo_score_text(session, "a", 1, "b", 1, 0, ids, numbers, ROOM, NULL));
    INVALID(adpo_logits(NULL, good, 3, numbers));
    INVALID(adpo_logits(session, NULL, 3, numbers));
    INVALID(adpo_logits(session, good, 3, NULL));
    INVALID(adpo_logits(session, beyond, 3, numbers));

    TRUE(needed == untouched && numbers[0] == -77);

    INVALID(adpo_generation_config_init(NULL, sizeof config));
    INVALID(adpo_generation_config_init(&config, 0));
    OK(adpo_generation_config_init(&config, sizeof config));
    TRUE(config.max_tokens == 256 && config.temperature == 0 && config.seed == 0);
    config.max_tokens = 4;
    INVALID(adpo_generate(NULL, &config, good, 3, NULL, NULL, ids, ROOM, &needed));
    INVALID(adpo_generate(session, &config, NULL, 3, NULL, NULL, ids, ROOM, &needed));
    INVALID(adpo_generate(session, &config, good, 0, NULL, NULL, ids, ROOM, &needed));
    INVALID(adpo_generate(session, &config, beyond, 3, NULL, NULL, ids, ROOM, &needed));
    INVALID(adpo_generate(session, &config, good, 3, NULL, NULL, NULL, 5, &needed));
    INVALID(adpo_generate(session, &config, good, 3, NULL, NULL, ids, ROOM, NULL));
    config.temperature = -1;
    INVALID(adpo_generate(session, &config, good, 3, NULL, NULL, ids, ROOM, &needed));
    config.temperature = NAN;
    INVALID(adpo_generate(session, &config, good, 3, NULL, NULL, ids, ROOM, &needed));
    config.temperature = 0;
    config.struct_size = 0;
    INVALID(adpo_generate(session, &config, good, 3, NULL, NULL, ids, ROOM, &needed));
    config.struct_size = sizeof config;
    ids[0] = -77;
    EXPECT(ADPO_ERROR_BUFFER_TOO_SMALL,
           adpo_generate(session, &config, good, 3, NULL, NULL, ids, 3, &needed));
    TRUE(needed == 4 && ids[0] == -77);
    EXPECT(ADPO_CANCELLED,
           adpo_generate(session, &config, good, 3, intrude, session, ids, ROOM, &needed));
    TRUE(needed == 1);
    OK(adpo_score(session, good, 3, numbers)); /* the session is free again */

    adpo_session_destroy(session);
    adpo_session_destroy(NULL);
}

/* A host of a later version, whose struct has grown. */
static void later_host(void)
{
    struct {
        adpo_generation_config config;
        uint64_t option;
    } later;
    adpo_session *session = NULL;
    size_t needed;

    OK(adpo_session_create(model, ADPO_DTYPE_F32, &session));
    OK(adpo_generation_config_init(&later.config, sizeof later));
    TRUE(later.config.struct_size == sizeof later && later.option == 0);
    later.config.max_tokens = 1;
    OK(adpo_generate(session, &later.config, good, 3, NULL, NULL, ids, ROOM, &needed));
    later.option = 1;
    INVALID(adpo_generate(session, &later.config, good, 3, NULL, NULL, ids, ROOM, &needed));
    adpo_session_destroy(session);
}

static void segments_and_weights(adpo_dataset *pairs)
{
    const size_t ends[] = {1, 3}, overlapping[] = {2, 2, 3}, short_ends[] = {1, 2};
    const size_t long_ends[] = {1, 4}, absurd[] = {1, (size_t)-1};
    const float weights[] = {1, 0.5f, 0}, bad_weights[] = {1, NAN, 0};
    char json[512];
    size_t needed = untouched;

    OK(adpo_dataset_add_tokens(pairs, good, 3, good, 3, good, 3));
    INVALID(adpo_dataset_set_segments(NULL, 0, ends, 2, ends, 2));
    INVALID(adpo_dataset_set_segments(pairs, 1, ends, 2, ends, 2));
    INVALID(adpo_dataset_set_segments(pairs, (size_t)-1, ends, 2, ends, 2));
    INVALID(adpo_dataset_set_segments(pairs, 0, NULL, 2, ends, 2));
    INVALID(adpo_dataset_set_segments(pairs, 0, ends, 2, NULL, 2));
    INVALID(adpo_dataset_set_segments(pairs, 0, ends, 2, ends, 0));
    INVALID(adpo_dataset_set_segments(pairs, 0, overlapping, 3, ends, 2));
    INVALID(adpo_dataset_set_segments(pairs, 0, ends, 2, short_ends, 2));
    INVALID(adpo_dataset_set_segments(pairs, 0, ends, 2, long_ends, 2));
    INVALID(adpo_dataset_set_segments(pairs, 0, ends, 2, absurd, 2));
    INVALID(adpo_dataset_set_segments(pairs, 0, ends, (size_t)-1, ends, 2));
    INVALID(adpo_dataset_set_weights(NULL, 0, weights, 3, weights, 3));
    INVALID(adpo_dataset_set_weights(pairs, 1, weights, 3, weights, 3));
    INVALID(adpo_dataset_set_weights(pairs, 0, NULL, 3, weights, 3));
    INVALID(adpo_dataset_set_weights(pairs, 0, weights, 2, weights, 3));
    INVALID(adpo_dataset_set_weights(pairs, 0, weights, 3, bad_weights, 3));
    INVALID(adpo_dataset_get_json(NULL, 0, json, sizeof json, &needed));
    INVALID(adpo_dataset_get_json(pairs, 1, json, sizeof json, &needed));
    INVALID(adpo_dataset_get_json(pairs, 0, NULL, sizeof json, &needed));
    INVALID(adpo_dataset_get_json(pairs, 0, json, sizeof json, NULL));
    TRUE(needed == untouched);
    OK(adpo_dataset_set_segments(pairs, 0, ends, 2, ends + 1, 1));
    OK(adpo_dataset_set_weights(pairs, 0, weights, 3, weights, 3));
    EXPECT(ADPO_ERROR_BUFFER_TOO_SMALL, adpo_dataset_get_json(pairs, 0, NULL, 0, &needed));
    OK(adpo_dataset_get_json(pairs, 0, json, sizeof json - 1, &needed));
    json[needed] = 0;
    TRUE(strstr(json, "\"chosen_segments\":[1,3],\"rejected_segments\":[3]") != NULL);
    TRUE(strstr(json, "\"chosen_weights\":[1.0,0.5,0.0]") != NULL);
    OK(adpo_dataset_set_segments(pairs, 0, NULL, 0, NULL, 0));
    OK(adpo_dataset_set_weights(pairs, 0, NULL, 0, NULL, 0));
    OK(adpo_dataset_get_json(pairs, 0, json, sizeof json - 1, &needed));
    json[needed] = 0;
    TRUE(strstr(json, "segments") == NULL && strstr(json, "weights") == NULL);
}

static void datasets(void)
{
    adpo_dataset *pairs = NULL;
    size_t count = untouched;
    char path[1024];
    static const char *const bad_lines[] = {
        "nonsense\n",
        "[1, 2]\n",
        "{\"prompt\": \"a\", \"chosen\": \"b\"}\n",
        "{\"prompt\": \"a\", \"chosen\": \"b\", \"rejected\": 3}\n",
        "{\"prompt\": \"a\", \"chosen\": \"b\", \"rejected\": \"c\"",
    };

    INVALID(adpo_dataset_create(NULL, &pairs));
    INVALID(adpo_dataset_create(model, NULL));
    TRUE(pairs == NULL);
    OK(adpo_dataset_create(model, &pairs));
    INVALID(adpo_dataset_add_text(NULL, "a", 1, "b", 1, "c", 1));
    INVALID(adpo_dataset_add_text(pairs, NULL, 1, "b", 1, "c", 1));
    INVALID(adpo_dataset_add_text(pairs, "a", 1, NULL, 1, "c", 1));
    INVALID(adpo_dataset_add_text(pairs, "a", 1, "b", 1, NULL, 1));
    INVALID(adpo_dataset_add_text(pairs, "a", 1, "", 0, "c", 1));
    INVALID(adpo_dataset_add_text(pairs, "a", 1, "b", 1, "", 0));
    INVALID(adpo_dataset_add_tokens(NULL, good, 3, good, 3, good, 3));
    INVALID(adpo_dataset_add_tokens(pairs, NULL, 3, good, 3, good, 3));
    INVALID(adpo_dataset_add_tokens(pairs, good, 3, NULL, 3, good, 3));
    INVALID(adpo_dataset_add_tokens(pairs, good, 3, good, 3, NULL, 3));
    INVALID(adpo_dataset_add_tokens(pairs, good, 0, good, 3, good, 3));
    INVALID(adpo_dataset_add_tokens(pairs, good, 3, good, 0, good, 3));
    INVALID(adpo_dataset_add_tokens(pairs, good, 3, good, 3, good, 0));
    INVALID(adpo_dataset_add_tokens(pairs, good, 3, negative, 3, good, 3));
    INVALID(adpo_dataset_add_tokens(pairs, good, 3, good, 3, beyond, 3));
    INVALID(adpo_dataset_load_jsonl(NULL, "pairs.jsonl"));
    INVALID(adpo_dataset_load_jsonl(pairs, NULL));
    EXPECT(ADPO_ERROR_NOT_FOUND, adpo_dataset_load_jsonl(pairs, "/nowhere/pairs.jsonl"));
    for (size_t i = 0; i < sizeof bad_lines / sizeof bad_lines[0]; i++) {
        char lines[256];
        snprintf(lines, sizeof lines,
                 "{\"prompt\": \"a\", \"chosen\": \"b\", \"rejected\": \"c\"}\n\n%s", bad_lines[i]);
        write_file("bad.jsonl", lines, strlen(lines), path);
        EXPECT(ADPO_ERROR_FORMAT, adpo_dataset_load_jsonl(pairs, path));
        TRUE(strstr(adpo_last_error(), "line 3") != NULL);
    }
    INVALID(adpo_dataset_add_unpaired_text(NULL, "a", 1, "b", 1, 1));
    INVALID(adpo_dataset_add_unpaired_text(pairs, NULL, 1, "b", 1, 1));
    INVALID(adpo_dataset_add_unpaired_text(pairs, "a", 1, NULL, 1, 1));
    INVALID(adpo_dataset_add_unpaired_text(pairs, "a", 1, "", 0, 1));
    INVALID(adpo_dataset_add_unpaired_tokens(NULL, good, 3, good, 3, 1));
    INVALID(adpo_dataset_add_unpaired_tokens(pairs, NULL, 3, good, 3, 1));
    INVALID(adpo_dataset_add_unpaired_tokens(pairs, good, 3, NULL, 3, 1));
    INVALID(adpo_dataset_add_unpaired_tokens(pairs, good, 0, good, 3, 1));
    INVALID(adpo_dataset_add_unpaired_tokens(pairs, good, 3, good, 0, 1));
    INVALID(adpo_dataset_add_unpaired_tokens(pairs, good, 3, beyond, 3, 1));
    INVALID(adpo_dataset_add_json(NULL, "{}", 2));
    INVALID(adpo_dataset_add_json(pairs, NULL, 2));
    EXPECT(ADPO_ERROR_FORMAT, adpo_dataset_add_json(pairs, "", 0));
    for (size_t i = 0; i < sizeof bad_lines / sizeof bad_lines[0]; i++)
        EXPECT(ADPO_ERROR_FORMAT, adpo_dataset_add_json(pairs, bad_lines[i], ADPO_NUL));
    INVALID(adpo_dataset_count(NULL, &count));
    INVALID(adpo_dataset_count(pairs, NULL));
    TRUE(count == untouched);
    OK(adpo_dataset_count(pairs, &count));
    TRUE(count == 0); /* all or nothing */
    segments_and_weights(pairs);
    adpo_dataset_destroy(pairs);
    adpo_dataset_destroy(NULL);
}

static int32_t stop(const adpo_metrics *metrics, void *trainer)
{
    TRUE(metrics->struct_size == sizeof *metrics);
    EXPECT(ADPO_ERROR_BUSY, adpo_trainer_step(trainer, NULL));
    return 1;
}

static void refuse(adpo_dataset *pairs, const adpo_trainer_config *config, int line)
{
    adpo_trainer *trainer = NULL;
    expect(adpo_trainer_create(model, config, pairs, NULL, &trainer), ADPO_ERROR_INVALID_ARGUMENT,
           line, "adpo_trainer_create");
    if (trainer != NULL)
        fail(line, "adpo_trainer_create", "touched its output");
}

/* A configuration in which one field is bad is refused. */
#define REFUSE(field, value)                                                                       \
    do {                                                                                           \
        adpo_trainer_config bad = config;                                                          \
        bad.field = value;                                                                         \
        refuse(pairs, &bad, __LINE__);                                                             \
    } while (0)

/* The parts of a step, refused in every way, and none of them done. */
static void accumulation(adpo_trainer *trainer)
{
    float *gradients = NULL;
    size_t count = untouched;
    adpo_metrics metrics;

    metrics.struct_size = sizeof metrics;
    INVALID(adpo_trainer_accumulate(NULL, NULL));
    INVALID(adpo_trainer_apply(NULL, &metrics));
    INVALID(adpo_trainer_apply(trainer, &metrics)); /* nothing is accumulated */
    INVALID(adpo_trainer_gradients(NULL, &gradients, &count));
    INVALID(adpo_trainer_gradients(trainer, NULL, &count));
    INVALID(adpo_trainer_gradients(trainer, &gradients, NULL));
    TRUE(gradients == NULL && count == untouched);
    INVALID(adpo_trainer_set_learning_rate(NULL, 1));
    INVALID(adpo_trainer_set_learning_rate(trainer, -1));
    INVALID(adpo_trainer_set_learning_rate(trainer, NAN));

    OK(adpo_trainer_accumulate(trainer, &metrics));
    TRUE(metrics.step == 0 && metrics.pairs == 1);
    INVALID(adpo_trainer_accumulate(trainer, &metrics)); /* one is all */
    OK(adpo_trainer_gradients(trainer, &gradients, &count));
    TRUE(gradients != NULL && count > 0);
    gradients[0] = NAN;
    EXPECT(ADPO_ERROR_NUMERIC, adpo_trainer_apply(trainer, &metrics));
    INVALID(adpo_trainer_apply(trainer, &metrics)); /* to be accumulated anew */
}

/* An objective in which one field is bad is refused. */
#define REFUSE_OBJECTIVE(field, value)                                                             \
    do {                                                                                           \
        adpo_objective bad = objective;                                                            \
        bad.field = value;                                                                         \
        INVALID(adpo_loss(&bad, &input, &loss, gradient));                                         \
    } while (0)

/* So is an input. */
#define REFUSE_INPUT(field, value)                                                                 \
    do {                                                                                           \
        adpo_loss_input bad = input;                                                               \
        bad.field = value;                                                                         \
        INVALID(adpo_loss(&objective, &bad, &loss, gradient));                                     \
    } while (0)

static void objectives(void)
{
    const float policy[] = {-1, -2, -3, -4, -5};
    const float reference[] = {-2, -2, -2, -2, -2};
    const float not_finite[] = {-1, NAN, -3, -4, -5};
    const size_t ends[] = {1, 3, 3, 2, 4};
    float gradient[5];
    double loss = 0;
    double token_loss = 0;
    adpo_objective objective;
    adpo_loss_input input = {0};

    INVALID(adpo_objective_init(NULL, sizeof objective));
    INVALID(adpo_objective_init(&objective, 0));
    OK(adpo_objective_init(&objective, sizeof objective));
    input.struct_size = sizeof input;
    input.chosen_count = 3;
    input.rejected_count = 2;
    input.policy = policy;
    input.reference = reference;

    /* S_w = 1 + 0 - 1 = 0 and S_l = -2 - 3 = -5: z = 0.5 */
    OK(adpo_loss(NULL, &input, &loss, gradient));
    TRUE(fabs(loss - log1p(exp(-0.5))) < 1e-12);
    TRUE(fabs(gradient[0] + 0.1 / (1 + exp(0.5))) < 1e-8 && gradient[4] == -gradient[0]);
    OK(adpo_loss(&objective, &input, &loss, NULL));
    TRUE(fabs(loss - log1p(exp(-0.5))) < 1e-12);
    objective.granularity = ADPO_GRANULARITY_TOKEN;
    OK(adpo_loss(&objective, &input, &token_loss, gradient));
    TRUE(token_loss > loss);

    INVALID(adpo_loss(&objective, NULL, &loss, gradient));
    INVALID(adpo_loss(&objective, &input, NULL, gradient));
    REFUSE_OBJECTIVE(struct_size, 0);
    REFUSE_OBJECTIVE(loss, -1);
    REFUSE_OBJECTIVE(loss, 14);
    REFUSE_OBJECTIVE(loss, ADPO_LOSS_EXO_PAIR); /* its label smoothing is 0 */
    REFUSE_OBJECTIVE(loss, ADPO_LOSS_SFT);      /* the granularity is TOKEN */
    REFUSE_OBJECTIVE(granularity, 8);
    REFUSE_OBJECTIVE(granularity, -1);
    REFUSE_OBJECTIVE(granularity, ADPO_GRANULARITY_STATIC);    /* its size is 0 */
    REFUSE_OBJECTIVE(granularity, ADPO_GRANULARITY_ADAPTIVE);  /* its size is 0 */
    REFUSE_OBJECTIVE(granularity, ADPO_GRANULARITY_LINES);     /* there is no text */
    REFUSE_OBJECTIVE(granularity, ADPO_GRANULARITY_DELIMITER); /* which is NULL */
    REFUSE_OBJECTIVE(granularity, ADPO_GRANULARITY_CUSTOM);    /* there are no ends */
    REFUSE_OBJECTIVE(padding, 2);
    REFUSE_OBJECTIVE(reduction, 2);
    REFUSE_OBJECTIVE(beta, 0);
    REFUSE_OBJECTIVE(beta, -1);
    REFUSE_OBJECTIVE(beta, NAN);
    REFUSE_OBJECTIVE(beta, INFINITY);
    REFUSE_OBJECTIVE(label_smoothing, 0.5);
    REFUSE_OBJECTIVE(target_margin, NAN);
    REFUSE_OBJECTIVE(sft_weight, -1);
    REFUSE_OBJECTIVE(dpop_lambda, -1);
    REFUSE_OBJECTIVE(ld_alpha, 2);
    REFUSE_OBJECTIVE(wpo, 1); /* without log_sum_squares */
    REFUSE_OBJECTIVE(desirable_weight, 2);
    REFUSE_OBJECTIVE(undesirable_weight, -1);
    REFUSE_INPUT(struct_size, 0);
    REFUSE_INPUT(policy, NULL);
    REFUSE_INPUT(reference, NULL);
    REFUSE_INPUT(chosen_count, 0);
    REFUSE_INPUT(rejected_count, 0);
    REFUSE_INPUT(chosen_count, (size_t)-1);
    REFUSE_INPUT(rejected_count, (size_t)-1);
    input.policy = not_finite;
    EXPECT(ADPO_ERROR_NUMERIC, adpo_loss(&objective, &input, &loss, gradient));
    input.policy = policy;

    objective.granularity = ADPO_GRANULARITY_CUSTOM;
    input.chosen_ends = ends;
    input.rejected_ends = ends + 3;
    input.chosen_segments = 2;
    input.rejected_segments = 1;
    OK(adpo_loss(&objective, &input, &token_loss, gradient));
    TRUE(token_loss == loss); /* the surplus joins the only segment of the other */
    REFUSE_INPUT(chosen_segments, 1);   /* does not cover */
    REFUSE_INPUT(chosen_segments, 3);   /* does not increase */
    REFUSE_INPUT(rejected_segments, 2); /* goes beyond */
    REFUSE_INPUT(rejected_segments, 0);
    REFUSE_INPUT(rejected_ends, NULL);
    REFUSE_INPUT(chosen_segments, (size_t)-1);
}

/* A run whose configuration has one bad field is refused. */
#define REFUSE_RUN(field, value)                                                                   \
    do {                                                                                           \
        adpo_run_config bad = config;                                                              \
        bad.field = value;                                                                         \
        INVALID(adpo_trainer_run(trainer, &bad, NULL, NULL));                                      \
    } while (0)

/* Runs, checkpoints and what they refuse, before the first step. */
static void runs(adpo_trainer *trainer, adpo_dataset *pairs)
{
    adpo_run_config config;
    adpo_dataset *empty = NULL;
    char path[1024];

    INVALID(adpo_run_config_init(NULL, sizeof config));
    INVALID(adpo_run_config_init(&config, 0));
    OK(adpo_run_config_init(&config, sizeof config));
    TRUE(config.evaluation == NULL && config.checkpoint == NULL && config.patience == 0);
    INVALID(adpo_trainer_run(NULL, NULL, NULL, NULL));
    REFUSE_RUN(struct_size, 0);
    REFUSE_RUN(evaluation_steps, 1); /* on what? */
    REFUSE_RUN(patience, 1);
    REFUSE_RUN(keep_best, 1);
    REFUSE_RUN(checkpoint_steps, 1); /* where? */
    REFUSE_RUN(checkpoint, "");
    OK(adpo_dataset_create(model, &empty));
    REFUSE_RUN(evaluation, empty);
    adpo_dataset_destroy(empty);
    config.evaluation = pairs;
    REFUSE_RUN(keep_best, 1); /* of one evaluation */

    INVALID(adpo_trainer_save(NULL, "checkpoint"));
    INVALID(adpo_trainer_save(trainer, NULL));
    INVALID(adpo_trainer_save(trainer, ""));
    EXPECT(ADPO_ERROR_IO, adpo_trainer_save(trainer, "/nowhere/checkpoint"));
    INVALID(adpo_trainer_restore(NULL, "checkpoint"));
    INVALID(adpo_trainer_restore(trainer, NULL));
    EXPECT(ADPO_ERROR_NOT_FOUND, adpo_trainer_restore(trainer, "/nowhere/checkpoint"));
    write_file("text", "once upon a time, far away", 26, path);
    EXPECT(ADPO_ERROR_FORMAT, adpo_trainer_restore(trainer, path));
    OK(adpo_trainer_save(trainer, path));
    OK(adpo_trainer_restore(trainer, path));
}

static void inspections(adpo_dataset *pairs)
{
    static char json[1 << 16];
    adpo_trainer_config config;
    adpo_dataset *none = NULL;
    size_t needed = untouched;

    OK(adpo_trainer_config_init(&config, sizeof config));
    OK(adpo_dataset_create(model, &none));
    INVALID(adpo_dataset_inspect(NULL, model, &config, 1, 0, json, sizeof json, &needed));
    INVALID(adpo_dataset_inspect(pairs, NULL, &config, 1, 0, json, sizeof json, &needed));
    INVALID(adpo_dataset_inspect(pairs, model, &config, 1, 0, NULL, sizeof json, &needed));
    INVALID(adpo_dataset_inspect(pairs, model, &config, 1, 0, json, sizeof json, NULL));
    INVALID(adpo_dataset_inspect(none, model, &config, 1, 0, json, sizeof json, &needed));
    config.max_length = 0;
    INVALID(adpo_dataset_inspect(pairs, model, &config, 1, 0, json, sizeof json, &needed));
    config.struct_size = 0;
    INVALID(adpo_dataset_inspect(pairs, model, &config, 1, 0, json, sizeof json, &needed));
    TRUE(needed == untouched);
    EXPECT(ADPO_ERROR_BUFFER_TOO_SMALL,
           adpo_dataset_inspect(pairs, model, NULL, 1, 0, json, 1, &needed));
    TRUE(needed > 1 && needed < sizeof json);
    OK(adpo_dataset_inspect(pairs, model, NULL, (size_t)-1, 1, json, sizeof json - 1, &needed));
    json[needed] = 0;
    TRUE(strstr(json, "\"pairs\":1,") != NULL && strstr(json, "\"run\":") != NULL);
    adpo_dataset_destroy(none);
}

static void contrastive(adpo_dataset *pairs)
{
    adpo_trainer *trainer = NULL;
    adpo_adapter *adapter = NULL;
    char json[512];
    size_t needed;

    OK(adpo_trainer_create(model, NULL, pairs, NULL, &trainer));
    OK(adpo_trainer_adapter(trainer, &adapter));
    INVALID(adpo_dataset_weigh_contrastively(NULL, adapter, adapter, 1, ADPO_DTYPE_F32));
    INVALID(adpo_dataset_weigh_contrastively(pairs, NULL, adapter, 1, ADPO_DTYPE_F32));
    INVALID(adpo_dataset_weigh_contrastively(pairs, adapter, NULL, 1, ADPO_DTYPE_F32));
    INVALID(adpo_dataset_weigh_contrastively(pairs, adapter, adapter, NAN, ADPO_DTYPE_F32));
    INVALID(adpo_dataset_weigh_contrastively(pairs, adapter, adapter, -1, ADPO_DTYPE_F32));
    INVALID(adpo_dataset_weigh_contrastively(pairs, adapter, adapter, 1, 3));
    OK(adpo_dataset_weigh_contrastively(pairs, adapter, adapter, 1, ADPO_DTYPE_F32));
    OK(adpo_dataset_get_json(pairs, 0, json, sizeof json - 1, &needed));
    json[needed] = 0;
    TRUE(strstr(json, "\"chosen_weights\":[1.0,1.0],\"rejected_weights\":[0.9") != NULL);
    OK(adpo_dataset_set_weights(pairs, 0, NULL, 0, NULL, 0));
    adpo_adapter_destroy(adapter);
    adpo_trainer_destroy(trainer);
}

static void full_finetuning(adpo_dataset *pairs, adpo_trainer *lora)
{
    adpo_trainer_config config;
    adpo_trainer *trainer = NULL;
    adpo_adapter *adapter = NULL;
    adpo_model *tuned = NULL;
    adpo_model_info info = {.struct_size = sizeof info};

    OK(adpo_trainer_adapter(lora, &adapter));
    INVALID(adpo_trainer_model(lora, &tuned)); /* it tunes an adapter */
    OK(adpo_trainer_config_init(&config, sizeof config));
    TRUE(config.full_finetuning == 0);
    config.full_finetuning = 1;
    INVALID(adpo_trainer_create(model, &config, pairs, adapter, &trainer));
    OK(adpo_trainer_create(model, &config, pairs, NULL, &trainer));
    adpo_adapter_destroy(adapter);
    adapter = NULL;
    INVALID(adpo_trainer_adapter(trainer, &adapter)); /* it has none */
    TRUE(adapter == NULL);
    INVALID(adpo_trainer_model(NULL, &tuned));
    INVALID(adpo_trainer_model(trainer, NULL));
    TRUE(tuned == NULL);
    OK(adpo_trainer_step(trainer, NULL));
    OK(adpo_trainer_model(trainer, &tuned));
    adpo_trainer_destroy(trainer);
    OK(adpo_model_get_info(tuned, &info));
    TRUE(strcmp(info.encoding, "F32") == 0 && info.weight_bytes == 4 * info.parameters);
    adpo_model_destroy(tuned);
}

static void trainers(void)
{
    adpo_objective objective;
    adpo_dataset *pairs = NULL;
    adpo_trainer *trainer = NULL;
    adpo_adapter *adapter = NULL;
    adpo_trainer_config config;
    adpo_trainer_info info;
    adpo_metrics metrics;
    char path[1024];

    OK(adpo_dataset_create(model, &pairs));
    INVALID(adpo_trainer_config_init(NULL, sizeof config));
    INVALID(adpo_trainer_config_init(&config, 0));
    OK(adpo_trainer_config_init(&config, sizeof config));
    INVALID(adpo_trainer_create(model, &config, pairs, NULL, &trainer)); /* no pairs */
    OK(adpo_dataset_add_tokens(pairs, good, 3, good, 2, good + 1, 2));
    INVALID(adpo_trainer_create(NULL, &config, pairs, NULL, &trainer));
    INVALID(adpo_trainer_create(model, &config, NULL, NULL, &trainer));
    INVALID(adpo_trainer_create(model, &config, pairs, NULL, NULL));
    REFUSE(struct_size, 0);
    OK(adpo_objective_init(&objective, sizeof objective));
    objective.beta = 0;
    REFUSE(objective, &objective);
    objective.beta = 0.1;
    objective.granularity = ADPO_GRANULARITY_CUSTOM; /* the pair has no segments */
    REFUSE(objective, &objective);
    objective.struct_size = 0;
    REFUSE(objective, &objective);
    REFUSE(dtype, 3);
    REFUSE(lora_rank, 0);
    REFUSE(lora_rank, 0xffffffffu);
    REFUSE(lora_alpha, NAN);
    REFUSE(lora_dropout, 1);
    REFUSE(lora_dropout, NAN);
    REFUSE(target_modules, "");
    REFUSE(target_modules, "q_proj,");
    REFUSE(target_modules, "lm_head");
    REFUSE(epochs, 0);
    REFUSE(batch_size, 0);
    REFUSE(gradient_accumulation, 0);
    REFUSE(momentum, 0.5); /* of SGD */
    REFUSE(reference, 2);
    REFUSE(reference_cache, "");
    REFUSE(max_length, 0);
    REFUSE(max_length, 2); /* the only pair is left out */
    REFUSE(learning_rate, -1);
    REFUSE(learning_rate, NAN);
    REFUSE(schedule, 3);
    REFUSE(optimizer, 2);
    REFUSE(optimizer, -1);
    REFUSE(max_gradient_norm, -1);
    REFUSE(weight_decay, NAN);
    REFUSE(adam_beta1, 1);
    REFUSE(adam_beta2, -1);
    REFUSE(adam_epsilon, -1);

    write_file("cache", "once upon a time, far away", 26, path);
    config.reference_cache = path;
    EXPECT(ADPO_ERROR_FORMAT, adpo_trainer_create(model, &config, pairs, NULL, &trainer));
    TRUE(strstr(adpo_last_error(), path) != NULL);
    config.reference_cache = NULL;
    inspections(pairs);
    contrastive(pairs);

    config.epochs = 2;
    OK(adpo_trainer_create(model, &config, pairs, NULL, &trainer));
    info.struct_size = metrics.struct_size = 0;
    INVALID(adpo_trainer_get_info(NULL, &info));
    INVALID(adpo_trainer_get_info(trainer, NULL));
    INVALID(adpo_trainer_get_info(trainer, &info));
    INVALID(adpo_trainer_step(NULL, NULL));
    INVALID(adpo_trainer_step(trainer, &metrics));
    accumulation(trainer);
    runs(trainer, pairs);
    INVALID(adpo_trainer_evaluate(NULL, pairs, &metrics));
    INVALID(adpo_trainer_evaluate(trainer, NULL, &metrics));
    INVALID(adpo_trainer_evaluate(trainer, pairs, NULL));
    INVALID(adpo_trainer_evaluate(trainer, pairs, &metrics));
    INVALID(adpo_trainer_adapter(NULL, &adapter));
    INVALID(adpo_trainer_adapter(trainer, NULL));
    TRUE(adapter == NULL);
    full_finetuning(pairs, trainer);

    /* Children outlive what they were made from. */
    adpo_dataset_destroy(pairs);
    EXPECT(ADPO_CANCELLED, adpo_trainer_run(trainer, NULL, stop, trainer));
    info.struct_size = sizeof info;
    OK(adpo_trainer_get_info(trainer, &info));
    TRUE(info.steps == 2 && info.steps_done == 1);
    OK(adpo_trainer_run(trainer, NULL, NULL, NULL));
    INVALID(adpo_trainer_step(trainer, NULL)); /* the run is over */
    OK(adpo_trainer_run(trainer, NULL, NULL, NULL)); /* no steps remain */
    OK(adpo_trainer_adapter(trainer, &adapter));
    adpo_trainer_destroy(trainer);
    adpo_trainer_destroy(NULL);
    INVALID(adpo_adapter_save(adapter, NULL));
    write_file("occupied", "x", 1, path);
    EXPECT(ADPO_ERROR_IO, adpo_adapter_save(adapter, path)); /* a file, not a directory */
    adpo_adapter_destroy(adapter);
}

/* The last error belongs to a thread. */
static void *other_thread(void *unused)
{
    (void)unused;
    TRUE(adpo_last_error()[0] == '\0');
    INVALID(adpo_set_num_threads(-1));
    return NULL;
}

static void threads(void)
{
    pthread_t thread;
    char before[1024];

    INVALID(adpo_model_load(NULL, NULL));
    snprintf(before, sizeof before, "%s", adpo_last_error());
    if (pthread_create(&thread, NULL, other_thread, NULL) == 0)
        pthread_join(thread, NULL);
    TRUE(strcmp(before, adpo_last_error()) == 0);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    directory = argv[2];
    library();
    models(argv[1]);
    if (model == NULL)
        return 1;
    tokenizer();
    chat();
    adapters();
    sessions();
    later_host();
    datasets();
    objectives();
    trainers();
    threads();
    adpo_model_destroy(model);
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
