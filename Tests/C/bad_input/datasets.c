/* Preference pairs, and what is told of them before training. */
#include "bad_input.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

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

void datasets(void)
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

void inspections(adpo_dataset *pairs)
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

void contrastive(adpo_dataset *pairs)
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
