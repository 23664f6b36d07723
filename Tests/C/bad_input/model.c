/* The library, the model, its tokenizer and its adapters. */
#include "bad_input.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

void library(void)
{
    TRUE(adpo_abi_version() == ADPO_ABI_VERSION);
    TRUE(strlen(adpo_version()) >= 5);
    TRUE(strlen(adpo_build_info()) > 0);
    TRUE(strcmp(adpo_status_name(ADPO_ERROR_FORMAT), "ADPO_ERROR_FORMAT") == 0);
    TRUE(strcmp(adpo_status_name(99), "unknown status") == 0);
    TRUE(strcmp(adpo_status_name(-1), "unknown status") == 0);
    TRUE(strcmp(adpo_encoding_name(0), "F32") == 0);
    TRUE(adpo_encoding_name(1000) == NULL);
    TRUE(adpo_encoding_name(UINT32_MAX) == NULL);
    TRUE(adpo_last_error()[0] == '\0');
    INVALID(adpo_set_num_threads(-1));
    INVALID(adpo_set_num_threads(1025));
    OK(adpo_set_num_threads(1));
    OK(adpo_set_num_threads(0));
}

void models(const char *model_path)
{
    adpo_model *none = NULL;
    adpo_model_info info;
    char path[1024];
    size_t needed = untouched;

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

    INVALID(adpo_model_metadata(NULL, "model_type", text, ROOM, &needed));
    INVALID(adpo_model_metadata(model, "model_type", NULL, ROOM, &needed));
    INVALID(adpo_model_metadata(model, "model_type", text, ROOM, NULL));
    EXPECT(ADPO_ERROR_NOT_FOUND, adpo_model_metadata(model, "", text, ROOM, &needed));
    EXPECT(ADPO_ERROR_NOT_FOUND, adpo_model_metadata(model, "\xff", text, ROOM, &needed));
    TRUE(needed == untouched);
    EXPECT(ADPO_ERROR_BUFFER_TOO_SMALL, adpo_model_metadata(model, NULL, NULL, 0, &needed));
    TRUE(needed > 100);
    OK(adpo_model_metadata(model, "model_type", text, 7, &needed));
    INVALID(adpo_model_describe(NULL, text, ROOM, &needed));
    INVALID(adpo_model_describe(model_path, NULL, 5, &needed));
    INVALID(adpo_model_describe(model_path, text, ROOM, NULL));
    EXPECT(ADPO_ERROR_NOT_FOUND, adpo_model_describe("/nowhere/model.gguf", text, ROOM, &needed));
    EXPECT(ADPO_ERROR_FORMAT, adpo_model_describe(path, text, ROOM, &needed));
    EXPECT(ADPO_ERROR_BUFFER_TOO_SMALL, adpo_model_describe(model_path, text, 1, &needed));
    OK(adpo_model_describe(model_path, text, ROOM, &needed));
    TRUE(needed > 100 && text[0] == '{');
    OK(adpo_model_metadata(model, "model_type", text, 7, &needed));
    TRUE(needed == 7 && memcmp(text, "\"llama\"", 7) == 0);
    adpo_model_destroy(NULL);
}

void chat(void)
{
    static const char messages[] = "[{\"role\": \"user\", \"content\": \"Hi.\"}]";
    static const char *const malformed[] = {"", "[", "{\"messages\": ", "\"text\" 1"};
    static const char *const wrong[] = {"[]", "{}", "3", "[3]", "{\"messages\": {}}"};
    static const char empty[] = "[{\"role\": \"user\"}]";
    uint8_t marks[ROOM];
    size_t needed = untouched, i;

    INVALID(adpo_chat_render(NULL, messages, ADPO_NUL, 0, text, ROOM, &needed));
    INVALID(adpo_chat_render(model, NULL, 5, 0, text, ROOM, &needed));
    INVALID(adpo_chat_render(model, messages, ADPO_NUL, 4, text, ROOM, &needed));
    INVALID(adpo_chat_render(
        model, messages, ADPO_NUL,
        ADPO_CHAT_ADD_GENERATION_PROMPT | ADPO_CHAT_CONTINUE_FINAL_MESSAGE, text, ROOM, &needed));
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

    OK(adpo_chat_render(model, messages, ADPO_NUL, ADPO_CHAT_CONTINUE_FINAL_MESSAGE, text, ROOM,
                        &needed));
    TRUE(needed == 20);
    INVALID(adpo_chat_render(model, empty, ADPO_NUL, ADPO_CHAT_CONTINUE_FINAL_MESSAGE, text, ROOM,
                             &needed));

    INVALID(adpo_chat_tokenize(model, NULL, 5, 0, ids, marks, ROOM, &needed));
    INVALID(adpo_chat_tokenize(model, messages, ADPO_NUL, 0, NULL, marks, 5, &needed));
    INVALID(adpo_chat_tokenize(model, messages, ADPO_NUL, 0, ids, marks, ROOM, NULL));
    ids[0] = 77;
    EXPECT(ADPO_ERROR_BUFFER_TOO_SMALL,
           adpo_chat_tokenize(model, messages, ADPO_NUL, 0, ids, NULL, 1, &needed));
    TRUE(needed > 1 && ids[0] == 77);
    /* Its template marks nothing. */
    EXPECT(ADPO_ERROR_UNSUPPORTED,
           adpo_chat_tokenize(model, messages, ADPO_NUL, 0, ids, marks, ROOM, &needed));
    TRUE(ids[0] == 77);
    OK(adpo_chat_tokenize(model, messages, ADPO_NUL, 0, ids, NULL, ROOM, &needed));
    TRUE(needed > 4 && ids[0] != 77);
}

void tokenizer(void)
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

void adapters(void)
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

/* The last error belongs to a thread. */
static void *other_thread(void *unused)
{
    (void)unused;
    TRUE(adpo_last_error()[0] == '\0');
    INVALID(adpo_set_num_threads(-1));
    return NULL;
}

void threads(void)
{
    pthread_t thread;
    char before[1024];

    INVALID(adpo_model_load(NULL, NULL));
    snprintf(before, sizeof before, "%s", adpo_last_error());
    if (pthread_create(&thread, NULL, other_thread, NULL) == 0)
        pthread_join(thread, NULL);
    TRUE(strcmp(before, adpo_last_error()) == 0);
}
