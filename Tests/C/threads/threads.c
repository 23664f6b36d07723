/* Many threads at once: a model and an adapter that they share, a handle that they must not share,
 * the number of threads changed while they compute, handles destroyed in their own callbacks, and
 * parents before their children.
 *
 *     threads MODEL WRITABLE-DIRECTORY
 */
#include <adpo.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                           \
    ((condition) ? (void)0                                                                         \
                 : (fprintf(stderr, "line %d: %s is false; last error: %s\n", __LINE__, #condition, \
                            adpo_last_error()),                                                    \
                    exit(1)))
#define OK(call) CHECK((call) == ADPO_OK)

enum { THREADS = 4, ROUNDS = 20, TOKENS = 48, TEXT = 512 };

static adpo_model *model;
static adpo_adapter *adapter;
static adpo_session *contested;
static adpo_dataset *pairs;
static int32_t tokens[TOKENS];
static float expected[TOKENS];
static atomic_int answered, refused;

static adpo_trainer *make_trainer(void)
{
    adpo_trainer *trainer = NULL;
    adpo_trainer_config config;
    OK(adpo_trainer_config_init(&config, sizeof config));
    config.lora_rank = 2;
    config.epochs = 3;
    config.learning_rate = 1e-2;
    OK(adpo_trainer_create(model, &config, pairs, NULL, &trainer));
    return trainer;
}

static adpo_session *make_session(void)
{
    adpo_session *session = NULL;
    OK(adpo_session_create(model, ADPO_DTYPE_F32, &session));
    OK(adpo_session_set_adapter(session, adapter));
    return session;
}

/* Everything whose handle is const, a session and a trainer of one's own, and a session of all. */
static void *work(void *unused)
{
    static const char chat[] = "[{\"role\": \"user\", \"content\": \"May I?\"}]";
    (void)unused;
    for (int round = 0; round < ROUNDS; round++) {
        adpo_session *session = make_session();
        adpo_model_info info = {.struct_size = sizeof info};
        int32_t ids[TEXT], eos;
        char text[TEXT];
        float logprobs[TOKENS];
        size_t count, length;
        adpo_status status;

        OK(adpo_score(session, tokens, TOKENS, logprobs));
        CHECK(memcmp(logprobs + 1, expected + 1, sizeof logprobs - sizeof *logprobs) == 0);
        adpo_session_destroy(session);
        OK(adpo_tokenize(model, "Yes, here is the window.", ADPO_NUL, 0, ids, TEXT, &count));
        OK(adpo_detokenize(model, ids, count, 0, text, TEXT, &length));
        CHECK(length == 24 && memcmp(text, "Yes, here is the window.", length) == 0);
        OK(adpo_chat_render(model, chat, ADPO_NUL, 0, text, TEXT, &length));
        OK(adpo_model_metadata(model, "model_type", text, TEXT, &length));
        OK(adpo_token_special(model, ADPO_SPECIAL_TOKEN_EOS, &eos));
        OK(adpo_model_get_info(model, &info));
        CHECK(adpo_model_load("/nowhere", NULL) == ADPO_ERROR_INVALID_ARGUMENT);
        CHECK(strcmp(adpo_last_error(), "model is NULL") == 0);

        status = adpo_score(contested, tokens, TOKENS, logprobs);
        CHECK(status == ADPO_OK || status == ADPO_ERROR_BUSY);
        atomic_fetch_add(status == ADPO_OK ? &answered : &refused, 1);
    }
    return NULL;
}

static void *train(void *path)
{
    for (int round = 0; round < ROUNDS / 4; round++) {
        adpo_dataset *own = NULL;
        adpo_trainer *trainer;
        OK(adpo_set_num_threads(1 + round % 3));
        OK(adpo_dataset_create(model, &own));
        OK(adpo_dataset_add_text(own, "May I?", 6, " Yes.", 5, " No.", 4));
        adpo_dataset_destroy(own);
        trainer = make_trainer();
        OK(adpo_trainer_run(trainer, NULL, NULL, NULL));
        adpo_trainer_destroy(trainer);
        OK(adpo_adapter_save(adapter, path));
    }
    return NULL;
}

static int32_t end_session(int32_t token, const char *text, size_t length, float logprob,
                           void *session)
{
    (void)token, (void)text, (void)length, (void)logprob;
    adpo_session_destroy(*(adpo_session **)session);
    *(adpo_session **)session = NULL;
    return 1;
}

static int32_t end_trainer(const adpo_metrics *metrics, void *trainer)
{
    (void)metrics;
    OK(adpo_set_num_threads(2)); /* other calls are allowed */
    adpo_trainer_destroy(*(adpo_trainer **)trainer);
    *(adpo_trainer **)trainer = NULL;
    return 1;
}

/* A handle that is destroyed in its own callback ends with the call. */
static void destroyed_in_callbacks(void)
{
    adpo_session *session = make_session();
    adpo_trainer *trainer = make_trainer();
    CHECK(adpo_generate(session, NULL, tokens, TOKENS, end_session, &session, NULL, 0, NULL)
          == ADPO_CANCELLED);
    CHECK(adpo_trainer_run(trainer, NULL, end_trainer, &trainer) == ADPO_CANCELLED);
    CHECK(session == NULL && trainer == NULL);
}

/* Children keep their parents. */
static void parents_first(void)
{
    adpo_session *session = make_session();
    adpo_trainer *trainer = make_trainer();
    adpo_adapter *tuned = NULL;
    float logprobs[TOKENS];

    adpo_model_destroy(model);
    adpo_adapter_destroy(adapter);
    OK(adpo_score(session, tokens, TOKENS, logprobs));
    CHECK(memcmp(logprobs + 1, expected + 1, sizeof logprobs - sizeof *logprobs) == 0);
    OK(adpo_dataset_add_text(pairs, "May I?", 6, " Yes.", 5, " No.", 4));
    adpo_dataset_destroy(pairs);
    OK(adpo_trainer_run(trainer, NULL, NULL, NULL));
    OK(adpo_trainer_adapter(trainer, &tuned));
    adpo_trainer_destroy(trainer);
    OK(adpo_session_set_adapter(session, NULL));
    OK(adpo_session_set_adapter(session, tuned));
    adpo_adapter_destroy(tuned);
    OK(adpo_score(session, tokens, TOKENS, logprobs));
    /* The same pairs and seed gave the same bits as before. */
    CHECK(memcmp(logprobs + 1, expected + 1, sizeof logprobs - sizeof *logprobs) == 0);
    adpo_session_destroy(session);
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS + 1];
    adpo_trainer *trainer;
    char path[1024];

    if (argc != 3)
        return 2;
    snprintf(path, sizeof path, "%s/of-threads", argv[2]);
    OK(adpo_model_load(argv[1], &model));
    OK(adpo_dataset_create(model, &pairs));
    OK(adpo_dataset_add_text(pairs, "May I see it?", ADPO_NUL, " Yes, here it is.", ADPO_NUL,
                             " No, it is shut.", ADPO_NUL));
    trainer = make_trainer();
    OK(adpo_trainer_run(trainer, NULL, NULL, NULL));
    OK(adpo_trainer_adapter(trainer, &adapter));
    adpo_trainer_destroy(trainer);
    for (int i = 0; i < TOKENS; i++)
        tokens[i] = 3 + 5 * i;
    contested = make_session();
    OK(adpo_score(contested, tokens, TOKENS, expected));

    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, work, NULL) == 0);
    CHECK(pthread_create(&threads[THREADS], NULL, train, path) == 0);
    for (int i = 0; i <= THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(answered > 0 && answered + refused == THREADS * ROUNDS);
    adpo_session_destroy(contested);
    OK(adpo_set_num_threads(0));

    destroyed_in_callbacks();
    parents_first();
    return 0;
}
