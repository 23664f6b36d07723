/* Arrays and texts that no host has: of impossible counts, and of bytes that are no UTF-8. */
#include "bad_input.h"

#include <stdio.h>

/* Counts that no array can have, with arrays that hold less. */
static void counts(adpo_session *session)
{
    static const size_t impossible[] = {SIZE_MAX / 2, SIZE_MAX / 4, SIZE_MAX / 8 + 1,
                                        SIZE_MAX - 1, (size_t)1 << 62, SIZE_MAX};
    adpo_dataset *dataset = NULL;
    const float weights[] = {1, 1, 1};
    const size_t ends[] = {3}, three[] = {3, 3, 3};
    size_t needed = untouched, split = untouched;

    OK(adpo_dataset_create(model, &dataset));
    OK(adpo_dataset_add_tokens(dataset, good, 3, good, 3, good, 3));
    for (size_t i = 0; i < sizeof impossible / sizeof *impossible; i++) {
        const size_t many = impossible[i];
        const size_t lengths[] = {many, 1};
        INVALID(adpo_score(session, good, many, numbers));
        INVALID(adpo_logits(session, good, many, numbers));
        INVALID(adpo_score_completions(session, good, many, good, three, 1, numbers));
        INVALID(adpo_score_completions(session, good, 3, good, three, many, numbers));
        INVALID(adpo_score_completions(session, good, 3, good, lengths, 2, numbers));
        INVALID(adpo_generate(session, NULL, good, many, NULL, NULL, ids, ROOM, &needed));
        INVALID(adpo_detokenize(model, good, many, 0, text, ROOM, &needed));
        INVALID(adpo_dataset_add_tokens(dataset, good, many, good, 3, good, 3));
        INVALID(adpo_dataset_add_tokens(dataset, good, 3, good, many, good, 3));
        INVALID(adpo_dataset_add_tokens(dataset, good, 3, good, 3, good, many));
        INVALID(adpo_dataset_add_unpaired_tokens(dataset, good, many, good, 3, 1));
        INVALID(adpo_dataset_add_unpaired_tokens(dataset, good, 3, good, many, 1));
        INVALID(adpo_dataset_set_segments(dataset, 0, ends, many, ends, 1));
        INVALID(adpo_dataset_set_segments(dataset, 0, ends, 1, ends, many));
        INVALID(adpo_dataset_set_segments(dataset, many, ends, 1, ends, 1));
        INVALID(adpo_dataset_set_weights(dataset, 0, weights, many, weights, 3));
        INVALID(adpo_dataset_set_weights(dataset, 0, weights, 3, weights, many));
        INVALID(adpo_dataset_set_weights(dataset, many, weights, 3, weights, 3));
        INVALID(adpo_dataset_get_json(dataset, many, text, ROOM, &needed));
        if (many == ADPO_NUL)
            continue;
        INVALID(adpo_tokenize(model, "a", many, 0, ids, ROOM, &needed));
        INVALID(adpo_tokenize_completion(model, "a", many, "b", 1, 0, ids, ROOM, &needed, &split));
        INVALID(adpo_tokenize_completion(model, "a", 1, "b", many, 0, ids, ROOM, &needed, &split));
        INVALID(adpo_chat_render(model, "[]", many, 0, text, ROOM, &needed));
        INVALID(adpo_score_text(session, "a", many, "b", 1, 0, ids, numbers, ROOM, &needed));
        INVALID(adpo_score_text(session, "a", 1, "b", many, 0, ids, numbers, ROOM, &needed));
        INVALID(adpo_dataset_add_text(dataset, "a", many, "b", 1, "c", 1));
        INVALID(adpo_dataset_add_text(dataset, "a", 1, "b", many, "c", 1));
        INVALID(adpo_dataset_add_text(dataset, "a", 1, "b", 1, "c", many));
        INVALID(adpo_dataset_add_unpaired_text(dataset, "a", many, "b", 1, 1));
        INVALID(adpo_dataset_add_unpaired_text(dataset, "a", 1, "b", many, 1));
        INVALID(adpo_dataset_add_json(dataset, "{}", many));
    }
    TRUE(needed == untouched && split == untouched);
    /* Any capacity is fine. */
    OK(adpo_tokenize(model, "a", 1, 0, ids, SIZE_MAX, &needed));
    OK(adpo_detokenize(model, good, 3, 0, text, SIZE_MAX / 2, &needed));
    OK(adpo_dataset_count(dataset, &needed));
    TRUE(needed == 1);
    adpo_dataset_destroy(dataset);
}

/* Bytes that are no UTF-8: text is read with U+FFFD, paths name no file, names are unknown. */
static void ill_formed(adpo_session *session)
{
    static const char *const bytes[] = {"\xff", "a\xc3", "\xed\xa0\x80", "\xf5\x80\x80\x80\x80",
                                        "\xc0\x80", "\xe2\x82", "\x80\x80"};
    adpo_dataset *dataset = NULL;
    adpo_model *none = NULL;
    adpo_adapter *no_adapter = NULL;
    adpo_trainer *no_trainer = NULL;
    adpo_trainer_config config;
    adpo_objective objective;
    size_t needed;

    OK(adpo_trainer_config_init(&config, sizeof config));
    OK(adpo_dataset_create(model, &dataset));
    for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++) {
        const char *bad = bytes[i];
        char json[64];
        INVALID(adpo_model_load(bad, &none));
        INVALID(adpo_adapter_load(model, bad, &no_adapter));
        INVALID(adpo_model_export(model, NULL, bad, NULL, NULL));
        INVALID(adpo_model_export(model, NULL, directory, bad, NULL));
        INVALID(adpo_dataset_load_jsonl(dataset, bad));
        OK(adpo_tokenize(model, bad, ADPO_NUL, 0, ids, ROOM, &needed));
        OK(adpo_score_text(session, "a", 1, bad, ADPO_NUL, 0, ids, numbers, ROOM, &needed));
        OK(adpo_dataset_add_text(dataset, bad, ADPO_NUL, bad, ADPO_NUL, bad, ADPO_NUL));
        snprintf(json, sizeof json,
                 "{\"prompt\": \"a\", \"completion\": \"%s\", \"label\": true}", bad);
        OK(adpo_dataset_add_json(dataset, json, ADPO_NUL));
        snprintf(json, sizeof json, "[{\"role\": \"user\", \"content\": \"%s\"}]", bad);
        OK(adpo_chat_render(model, json, ADPO_NUL, 0, text, ROOM, &needed));
        config.target_modules = bad;
        INVALID(adpo_trainer_create(model, &config, dataset, NULL, &no_trainer));
        config.target_modules = NULL;
        config.reference_cache = bad;
        INVALID(adpo_trainer_create(model, &config, dataset, NULL, &no_trainer));
        config.reference_cache = NULL;
        OK(adpo_objective_init(&objective, sizeof objective));
        objective.granularity = ADPO_GRANULARITY_DELIMITER;
        objective.delimiter = bad;
        config.objective = &objective;
        known(adpo_trainer_create(model, &config, dataset, NULL, &no_trainer), "delimiter", (int)i);
        adpo_trainer_destroy(no_trainer);
        no_trainer = NULL;
        config.objective = NULL;
    }
    adpo_dataset_destroy(dataset);
}

void arrays(void)
{
    adpo_session *session = NULL;

    OK(adpo_session_create(model, ADPO_DTYPE_F32, &session));
    counts(session);
    ill_formed(session);
    adpo_session_destroy(session);
}
