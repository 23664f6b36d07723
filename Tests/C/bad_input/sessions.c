/* Scoring and generation. */
#include "bad_input.h"

#include <math.h>
#include <string.h>

/* Uses its own handle within a call of it. */
static int32_t intrude(int32_t token, const char *text, size_t length, float logprob, void *session)
{
    (void)token, (void)text, (void)length, (void)logprob;
    EXPECT(ADPO_ERROR_BUSY, adpo_score(session, good, 3, numbers));
    EXPECT(ADPO_ERROR_BUSY, adpo_session_set_adapter(session, NULL));
    return 1;
}

void sessions(void)
{
    adpo_session *session = NULL;
    adpo_generation_config config;
    const size_t counts[] = {1, 2};
    const size_t absurd[] = {(size_t)-1, 2}, none_and_two[] = {0, 2};
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

    /* Nothing is little to ask; more than the model was trained for is much. */
    OK(adpo_score(session, NULL, 0, NULL));
    OK(adpo_logits(session, NULL, 0, NULL));
    OK(adpo_score_completions(session, good, 3, NULL, NULL, 0, NULL));
    OK(adpo_score_completions(session, good, 3, good, none_and_two, 2, numbers));
    TRUE(numbers[0] < 0 && numbers[1] < 0 && numbers[2] == 0);
    for (size_t i = 0; i < ROOM; i++)
        ids[i] = (int32_t)(i % 300);
    OK(adpo_score(session, ids, 2000, numbers));
    TRUE(isnan(numbers[0]) && isfinite(numbers[1999]));
    OK(adpo_score_text(session, "a", 1, "", 0, 0, NULL, NULL, 0, &needed));
    TRUE(needed == 0);

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
void later_host(void)
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
