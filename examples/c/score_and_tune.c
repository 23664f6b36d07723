/* Scores a completion, tunes the model on four preference pairs, scores again, and saves the
 * adapter.
 *
 *     score_and_tune MODEL ADAPTER-DIRECTORY
 */
#include <adpo.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const pairs[][3] = {
    {"How do I boil an egg?", " Put it in boiling water and wait eight minutes.",
     " The egg is to be subjected to immersion in boiling water."},
    {"When does the library open?", " We open at nine. Come by any time.",
     " Commencement of opening hours takes place at nine."},
    {"Can I pay by card?", " Yes, you can pay by card at the desk.",
     " Payment by means of a card is permitted at the desk."},
    {"Where do I park?", " Park behind the house. It costs you nothing.",
     " The utilisation of the rear parking area is free of charge."},
};
static const char prompt[] = "How do I get there?";
static const char completion[] = " Take the bus. You can get off at the bridge.";

enum { CAPACITY = 256, PAIRS = sizeof pairs / sizeof pairs[0] };

/* Reports a failed call; true when there was none. */
static int ok(adpo_status status, const char *what)
{
    if (status != ADPO_OK)
        fprintf(stderr, "%s: %s (%s)\n", what, adpo_last_error(), adpo_status_name(status));
    return status == ADPO_OK;
}

/* Prints the log-prob of the completion. */
static int score(adpo_session *session, const char *when)
{
    int32_t tokens[CAPACITY];
    float logprobs[CAPACITY];
    size_t count;
    double sum = 0;

    if (!ok(adpo_score_text(session, prompt, ADPO_NUL, completion, ADPO_NUL,
                            ADPO_TOKENIZE_DEFAULT, tokens, logprobs, CAPACITY, &count), "score"))
        return 0;
    for (size_t i = 0; i < count; i++)
        sum += logprobs[i];
    printf("%s: log p = %.4f over %zu tokens\n", when, sum, count);
    return 1;
}

static int32_t report(const adpo_metrics *metrics, void *user_data)
{
    (void)user_data;
    printf("step %2d  loss %.4f  margin %+.4f\n", (int)metrics->step, metrics->loss,
           metrics->rewards_margin);
    return 0; /* anything else would end the run here */
}

static int add_pairs(adpo_dataset *dataset)
{
    for (size_t i = 0; i < PAIRS; i++)
        if (!ok(adpo_dataset_add_text(dataset, pairs[i][0], ADPO_NUL, pairs[i][1], ADPO_NUL,
                                      pairs[i][2], ADPO_NUL), "add a pair"))
            return 0;
    return 1;
}

int main(int argc, char **argv)
{
    adpo_model *model = NULL;
    adpo_session *session = NULL;
    adpo_dataset *dataset = NULL;
    adpo_trainer *trainer = NULL;
    adpo_adapter *adapter = NULL;
    adpo_objective objective;
    adpo_trainer_config config;
    int done;

    if (argc != 3) {
        fprintf(stderr, "usage: %s MODEL ADAPTER-DIRECTORY\n", argv[0]);
        return 2;
    }

    done = ok(adpo_model_load(argv[1], &model), "load the model")
        && ok(adpo_session_create(model, ADPO_DTYPE_F32, &session), "create a session")
        && score(session, "before")
        && ok(adpo_dataset_create(model, &dataset), "create a dataset")
        && add_pairs(dataset)
        && ok(adpo_objective_init(&objective, sizeof objective), "fill the objective")
        && ok(adpo_trainer_config_init(&config, sizeof config), "fill the configuration");
    if (done) {
        objective.granularity = ADPO_GRANULARITY_ADAPTIVE;
        objective.granularity_size = 4;
        config.objective = &objective;
        config.epochs = 8;
        config.learning_rate = 2e-4;
        done = ok(adpo_trainer_create(model, &config, dataset, NULL, &trainer), "create a trainer")
            && ok(adpo_trainer_run(trainer, NULL, report, NULL), "train")
            && ok(adpo_trainer_adapter(trainer, &adapter), "take the adapter")
            && ok(adpo_session_set_adapter(session, adapter), "use the adapter")
            && score(session, "after")
            && ok(adpo_adapter_save(adapter, argv[2]), "save the adapter");
    }

    /* Destroying NULL is fine, and so is any order. */
    adpo_adapter_destroy(adapter);
    adpo_trainer_destroy(trainer);
    adpo_dataset_destroy(dataset);
    adpo_session_destroy(session);
    adpo_model_destroy(model);
    return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
