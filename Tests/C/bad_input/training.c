/* The trainer: its configuration, steps, runs and checkpoints. */
#include "bad_input.h"

#include <math.h>
#include <string.h>

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
           __FILE__, line, "adpo_trainer_create");
    if (trainer != NULL)
        fail(__FILE__, line, "adpo_trainer_create", "touched its output");
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

/* Both structs are filled in, or none. */
static void recipe(void)
{
    adpo_objective objective;
    adpo_trainer_config config;

    memset(&objective, 7, sizeof objective);
    memset(&config, 7, sizeof config);
    INVALID(adpo_paper_recipe_init(NULL, sizeof objective, &config, sizeof config));
    INVALID(adpo_paper_recipe_init(&objective, sizeof objective, NULL, sizeof config));
    INVALID(adpo_paper_recipe_init(&objective, 0, &config, sizeof config));
    INVALID(adpo_paper_recipe_init(&objective, sizeof objective, &config, 0));
    TRUE(objective.struct_size == 0x07070707 && config.struct_size == 0x07070707);
    OK(adpo_paper_recipe_init(&objective, sizeof objective, &config, sizeof config));
    TRUE(objective.struct_size == sizeof objective && config.struct_size == sizeof config);
    TRUE(config.objective == &objective && objective.granularity == ADPO_GRANULARITY_ADAPTIVE);
    TRUE(objective.granularity_size == 256 && objective.beta == 1 && config.epochs == 3);
}

void trainers(void)
{
    adpo_objective objective;
    adpo_dataset *pairs = NULL;
    adpo_trainer *trainer = NULL;
    adpo_adapter *adapter = NULL;
    adpo_trainer_config config;
    adpo_trainer_info info;
    adpo_metrics metrics;
    char path[1024];

    recipe();
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
    REFUSE(learning_rate, 1e300); /* beyond 32 bits */
    REFUSE(warmup_steps, -1);
    REFUSE(warmup_steps, NAN);
    REFUSE(warmup_steps, 1.5);
    REFUSE(warmup_steps, 1e300);
    REFUSE(warmup_steps, 1); /* the only update would have a rate of 0 */
    REFUSE(schedule, 3);
    REFUSE(optimizer, 2);
    REFUSE(optimizer, -1);
    REFUSE(max_gradient_norm, -1);
    REFUSE(weight_decay, NAN);
    REFUSE(adam_beta1, 1);
    REFUSE(adam_beta2, -1);
    REFUSE(adam_epsilon, -1);
    REFUSE(adam_epsilon, 1e-50); /* 0 in 32 bits */

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
