/* Every field of every struct at its extremes: whatever the library answers, it answers. What makes
 * sense is done for a few steps; the rest is refused with a message. */
#include "bad_input.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum kind { I32, U32, U64, SIZE, F32, F64 };

struct field {
    const char *name;
    size_t offset;
    enum kind kind;
};

#define FIELD(type, name, kind) {#type "." #name, offsetof(type, name), kind}

/* Later versions' structs are at most this large. */
enum { LARGEST = 1 << 16 };
static union {
    adpo_model_info model_info;
    adpo_export_report export_report;
    adpo_generation_config generation;
    adpo_objective objective;
    adpo_loss_input loss_input;
    adpo_trainer_config trainer;
    adpo_run_config run;
    adpo_trainer_info trainer_info;
    adpo_metrics metrics;
    uint32_t struct_size;
    char bytes[LARGEST + 8];
} host;

static adpo_dataset *pairs;
static adpo_session *session;

void known(adpo_status found, const char *what, int variant)
{
    char call[128];
    if (found == ADPO_OK)
        return;
    snprintf(call, sizeof call, "%s, extreme %d", what, variant);
    if (strcmp(adpo_status_name(found), "unknown status") == 0)
        fail(__FILE__, __LINE__, call, "gave an unknown status");
    if (adpo_last_error()[0] == '\0')
        fail(__FILE__, __LINE__, call, "has no message");
    if (found == ADPO_ERROR_INTERNAL)
        fail(__FILE__, __LINE__, call, adpo_last_error());
}

/* Sets a field to one of its extremes; 0 when there are no more. */
static int set_extreme(char *field, enum kind kind, int index)
{
    static const int32_t i32[] = {INT32_MIN, -1, 0, 1, 2, INT32_MAX};
    static const uint32_t u32[] = {0, 1, 2, INT32_MAX, UINT32_MAX};
    static const uint64_t u64[] = {0, 1, UINT64_C(1) << 62, INT64_MAX, UINT64_MAX - 1, UINT64_MAX};
    static const size_t size[] = {0, 1, SIZE_MAX / 8, SIZE_MAX / 2, SIZE_MAX - 1, SIZE_MAX};
    static const float f32[] = {0,       -1,        1,         1e-45f, FLT_MIN, FLT_MAX,
                                -FLT_MAX, INFINITY, -INFINITY, NAN};
    static const double f64[] = {0,        -1,       1,         1e-320, DBL_MIN, FLT_MAX, 1e39,
                                 DBL_MAX, -DBL_MAX, INFINITY, -INFINITY, NAN,    0.4999999};
#define SET(values)                                                                                \
    if (index >= (int)(sizeof values / sizeof *values))                                            \
        return 0;                                                                                  \
    memcpy(field, &values[index], sizeof *values);                                                 \
    return 1
    switch (kind) {
    case I32: SET(i32);
    case U32: SET(u32);
    case U64: SET(u64);
    case SIZE: SET(size);
    case F32: SET(f32);
    case F64: SET(f64);
    }
#undef SET
    return 0;
}

/* Calls `use` with each field of the struct at each extreme, the others as `fill` sets them. */
static void each_extreme(const struct field *fields, size_t count, void (*fill)(void),
                         adpo_status (*use)(void))
{
    for (size_t i = 0; i < count; i++)
        for (int index = 0;; index++) {
            fill();
            if (!set_extreme(host.bytes + fields[i].offset, fields[i].kind, index))
                break;
            known(use(), fields[i].name, index);
        }
}

#define EACH_EXTREME(fields, fill, use) \
    each_extreme(fields, sizeof fields / sizeof *fields, fill, use)

/* Sizes of a struct that no host has, and those of later ones. */
static void sizes(const char *name, size_t size, void (*fill)(void), adpo_status (*use)(void))
{
    const uint32_t wrong[] = {0, 1, 4, (uint32_t)size - 1, LARGEST + 1, INT32_MAX, UINT32_MAX};
    const uint32_t later[] = {(uint32_t)size + 1, (uint32_t)size + 8, LARGEST};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        fill();
        host.struct_size = wrong[i];
        expect(use(), ADPO_ERROR_INVALID_ARGUMENT, __FILE__, __LINE__, name);
    }
    for (size_t i = 0; i < sizeof later / sizeof *later; i++) {
        fill();
        host.struct_size = later[i];
        expect(use(), ADPO_OK, __FILE__, __LINE__, name);
    }
}

/* Outputs. */

static void fill_output(void) { memset(&host, 0, sizeof host); }
static adpo_status use_model_info(void) { return adpo_model_get_info(model, &host.model_info); }

static adpo_status use_export_report(void)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/sizes.gguf", directory);
    return adpo_model_export(model, NULL, path, NULL, &host.export_report);
}

static adpo_status use_output(int which)
{
    adpo_trainer *trainer = NULL;
    adpo_status status;
    OK(adpo_trainer_create(model, NULL, pairs, NULL, &trainer));
    status = which == 0   ? adpo_trainer_get_info(trainer, &host.trainer_info)
             : which == 1 ? adpo_trainer_step(trainer, &host.metrics)
                          : adpo_trainer_evaluate(trainer, pairs, &host.metrics);
    adpo_trainer_destroy(trainer);
    return status;
}

static adpo_status use_trainer_info(void) { return use_output(0); }
static adpo_status use_step_metrics(void) { return use_output(1); }
static adpo_status use_evaluation_metrics(void) { return use_output(2); }

/* The objective and the loss alone. */

static const struct field objective_fields[] = {
    FIELD(adpo_objective, loss, I32),
    FIELD(adpo_objective, granularity, I32),
    FIELD(adpo_objective, granularity_size, U32),
    FIELD(adpo_objective, padding, I32),
    FIELD(adpo_objective, reduction, I32),
    FIELD(adpo_objective, beta, F64),
    FIELD(adpo_objective, label_smoothing, F64),
    FIELD(adpo_objective, reference_free, I32),
    FIELD(adpo_objective, wpo, I32),
    FIELD(adpo_objective, target_margin, F64),
    FIELD(adpo_objective, sft_weight, F64),
    FIELD(adpo_objective, dpop_lambda, F64),
    FIELD(adpo_objective, ld_alpha, F64),
    FIELD(adpo_objective, desirable_weight, F64),
    FIELD(adpo_objective, undesirable_weight, F64),
};
static adpo_loss_type loss_type;
static adpo_granularity granularity;
static adpo_padding padding;

static void fill_objective(void)
{
    memset(&host, 0, sizeof host);
    OK(adpo_objective_init(&host.objective, sizeof host.objective));
    host.objective.loss = loss_type;
    host.objective.granularity = granularity;
    host.objective.granularity_size = 2;
    host.objective.padding = padding;
    if (loss_type == ADPO_LOSS_EXO_PAIR)
        host.objective.label_smoothing = 0.1;
}

static const float some_logprobs[] = {-1, -2, -3, -4, -5, -6, -7};
static float some_gradient[7];

static void fill_loss_input(void)
{
    memset(&host, 0, sizeof host);
    host.loss_input.struct_size = sizeof host.loss_input;
    host.loss_input.chosen_count = 3;
    host.loss_input.rejected_count = 2;
    host.loss_input.policy = some_logprobs;
    host.loss_input.reference = some_logprobs + 1;
}

static adpo_status use_objective(void)
{
    adpo_loss_input input = {.struct_size = sizeof input, .chosen_count = 3, .rejected_count = 2};
    double loss = 0;
    input.policy = some_logprobs;
    input.reference = some_logprobs + 1;
    input.log_sum_squares = some_logprobs;
    return adpo_loss(&host.objective, &input, &loss, some_gradient);
}

static adpo_status use_objective_in_training(void)
{
    adpo_trainer_config config;
    adpo_trainer *trainer = NULL;
    adpo_status status;
    OK(adpo_trainer_config_init(&config, sizeof config));
    config.objective = &host.objective;
    status = adpo_trainer_create(model, &config, pairs, NULL, &trainer);
    if (status == ADPO_OK)
        status = adpo_trainer_step(trainer, NULL);
    adpo_trainer_destroy(trainer);
    return status;
}

static const struct field loss_input_fields[] = {
    FIELD(adpo_loss_input, chosen_count, SIZE),
    FIELD(adpo_loss_input, rejected_count, SIZE),
    FIELD(adpo_loss_input, chosen_segments, SIZE),
    FIELD(adpo_loss_input, rejected_segments, SIZE),
    FIELD(adpo_loss_input, kl, F64),
};
static size_t some_ends[] = {1, 2, 3, 1, 2};

static adpo_status use_loss_input(void)
{
    adpo_objective objective;
    double loss = 0;
    OK(adpo_objective_init(&objective, sizeof objective));
    objective.loss = loss_type;
    objective.granularity = granularity;
    if (host.loss_input.chosen_segments != 0)
        host.loss_input.chosen_ends = some_ends;
    if (host.loss_input.rejected_segments != 0)
        host.loss_input.rejected_ends = some_ends + 3;
    return adpo_loss(&objective, &host.loss_input, &loss, some_gradient);
}

static void losses(void)
{
    for (loss_type = 0; loss_type <= ADPO_LOSS_SFT; loss_type++) {
        granularity = ADPO_GRANULARITY_RESPONSE;
        EACH_EXTREME(objective_fields, fill_objective, use_objective);
        EACH_EXTREME(loss_input_fields, fill_loss_input, use_loss_input);
    }
    loss_type = ADPO_LOSS_SIGMOID;
    for (granularity = 0; granularity <= ADPO_GRANULARITY_CUSTOM; granularity++) {
        EACH_EXTREME(objective_fields, fill_objective, use_objective);
        EACH_EXTREME(loss_input_fields, fill_loss_input, use_loss_input);
        EACH_EXTREME(objective_fields, fill_objective, use_objective_in_training);
    }
    granularity = ADPO_GRANULARITY_STATIC;
    padding = ADPO_PADDING_EOS;
    EACH_EXTREME(objective_fields, fill_objective, use_objective_in_training);
    padding = ADPO_PADDING_MASK;
    granularity = ADPO_GRANULARITY_RESPONSE;
    sizes("objective", sizeof host.objective, fill_objective, use_objective);
    sizes("loss input", sizeof host.loss_input, fill_loss_input, use_loss_input);

    /* Numbers in the arrays. */
    float extreme[] = {0, -1, -FLT_MAX, FLT_MAX, INFINITY, -INFINITY, NAN, 1e-45f};
    for (size_t i = 0; i < sizeof extreme / sizeof *extreme; i++)
        for (int array = 0; array < 4; array++) {
            float changed[] = {-1, -2, -3, -4, -5};
            adpo_objective objective;
            double loss = 0;
            changed[1] = extreme[i];
            changed[4] = extreme[i];
            fill_loss_input();
            (array == 0   ? &host.loss_input.policy
             : array == 1 ? &host.loss_input.reference
             : array == 2 ? &host.loss_input.weights
                          : &host.loss_input.log_sum_squares)[0] = changed;
            OK(adpo_objective_init(&objective, sizeof objective));
            objective.wpo = array == 3;
            known(adpo_loss(&objective, &host.loss_input, &loss, some_gradient), "numbers", (int)i);
        }
    granularity = ADPO_GRANULARITY_CUSTOM;
    for (int index = 0; set_extreme((char *)&some_ends[1], SIZE, index); index++) {
        fill_loss_input();
        host.loss_input.chosen_segments = 3;
        host.loss_input.rejected_segments = 2;
        known(use_loss_input(), "segment ends", index);
    }
    some_ends[1] = 2;
    granularity = ADPO_GRANULARITY_RESPONSE;
}

/* Generation. */

static const struct field generation_fields[] = {
    FIELD(adpo_generation_config, max_tokens, U32),
    FIELD(adpo_generation_config, temperature, F32),
    FIELD(adpo_generation_config, seed, U64),
};

static void fill_generation(void)
{
    memset(&host, 0, sizeof host);
    OK(adpo_generation_config_init(&host.generation, sizeof host.generation));
    host.generation.max_tokens = 2;
    host.generation.temperature = 1;
}

static int32_t third_token(int32_t token, const char *text, size_t length, float logprob,
                           void *count)
{
    (void)token, (void)length, (void)logprob;
    TRUE(text != NULL && text[length] == 0);
    return ++*(int *)count == 3;
}

static adpo_status use_generation(void)
{
    int count = 0;
    return adpo_generate(session, &host.generation, good, 3, third_token, &count, NULL, 0, NULL);
}

/* Training. */

static const struct field trainer_fields[] = {
    FIELD(adpo_trainer_config, dtype, I32),
    FIELD(adpo_trainer_config, full_finetuning, I32),
    FIELD(adpo_trainer_config, lora_rank, U32),
    FIELD(adpo_trainer_config, lora_alpha, F64),
    FIELD(adpo_trainer_config, lora_dropout, F64),
    FIELD(adpo_trainer_config, use_rslora, I32),
    FIELD(adpo_trainer_config, use_dora, I32),
    FIELD(adpo_trainer_config, epochs, U32),
    FIELD(adpo_trainer_config, batch_size, U32),
    FIELD(adpo_trainer_config, gradient_accumulation, U32),
    FIELD(adpo_trainer_config, max_length, U32),
    FIELD(adpo_trainer_config, activation_memory, U64),
    FIELD(adpo_trainer_config, shuffle, I32),
    FIELD(adpo_trainer_config, seed, U64),
    FIELD(adpo_trainer_config, learning_rate, F64),
    FIELD(adpo_trainer_config, schedule, I32),
    FIELD(adpo_trainer_config, warmup_steps, U32),
    FIELD(adpo_trainer_config, max_gradient_norm, F64),
    FIELD(adpo_trainer_config, optimizer, I32),
    FIELD(adpo_trainer_config, weight_decay, F64),
    FIELD(adpo_trainer_config, momentum, F64),
    FIELD(adpo_trainer_config, adam_beta1, F64),
    FIELD(adpo_trainer_config, adam_beta2, F64),
    FIELD(adpo_trainer_config, adam_epsilon, F64),
    FIELD(adpo_trainer_config, reference, I32),
};
static adpo_optimizer optimizer;
static int32_t full_finetuning;

static void fill_trainer(void)
{
    memset(&host, 0, sizeof host);
    OK(adpo_trainer_config_init(&host.trainer, sizeof host.trainer));
    host.trainer.optimizer = optimizer;
    host.trainer.full_finetuning = full_finetuning;
    host.trainer.lora_rank = 2;
    host.trainer.epochs = 2;
    host.trainer.learning_rate = 1e-3;
}

static adpo_status use_trainer(void)
{
    adpo_trainer *trainer = NULL;
    adpo_trainer_info info = {.struct_size = sizeof info};
    size_t needed;
    adpo_status status =
        adpo_dataset_inspect(pairs, model, &host.trainer, 1, optimizer, NULL, 0, &needed);
    if (status == ADPO_ERROR_BUFFER_TOO_SMALL)
        status = adpo_trainer_create(model, &host.trainer, pairs, NULL, &trainer);
    if (status == ADPO_OK)
        status = adpo_trainer_get_info(trainer, &info);
    if (status == ADPO_OK)
        status = adpo_trainer_step(trainer, NULL);
    if (status == ADPO_OK && info.steps > 1)
        status = adpo_trainer_step(trainer, NULL);
    adpo_trainer_destroy(trainer);
    return status;
}

static const struct field run_fields[] = {
    FIELD(adpo_run_config, evaluation_steps, U32), FIELD(adpo_run_config, patience, U32),
    FIELD(adpo_run_config, keep_best, I32),        FIELD(adpo_run_config, checkpoint_steps, U32),
};

static void fill_run(void)
{
    static char path[1024];
    memset(&host, 0, sizeof host);
    OK(adpo_run_config_init(&host.run, sizeof host.run));
    snprintf(path, sizeof path, "%s/extreme", directory);
    host.run.checkpoint = path;
    host.run.evaluation = pairs;
    host.run.evaluation_steps = 1;
}

static adpo_status use_run(void)
{
    adpo_trainer_config config;
    adpo_trainer *trainer = NULL;
    adpo_status status;
    OK(adpo_trainer_config_init(&config, sizeof config));
    config.lora_rank = 1;
    config.epochs = 2;
    OK(adpo_trainer_create(model, &config, pairs, NULL, &trainer));
    status = adpo_trainer_run(trainer, &host.run, NULL, NULL);
    adpo_trainer_destroy(trainer);
    return status;
}

void extremes(void)
{
    OK(adpo_session_create(model, ADPO_DTYPE_F32, &session));
    OK(adpo_dataset_create(model, &pairs));
    OK(adpo_dataset_add_text(pairs, "One.\n", 5, " Two.\nThree. Four.", ADPO_NUL, " Five.", 6));
    OK(adpo_dataset_add_text(pairs, "Six.\n", 5, " Seven.", ADPO_NUL, " Eight. Nine.\n", ADPO_NUL));

    sizes("model info", sizeof host.model_info, fill_output, use_model_info);
    sizes("export report", sizeof host.export_report, fill_output, use_export_report);
    sizes("trainer info", sizeof host.trainer_info, fill_output, use_trainer_info);
    sizes("metrics", sizeof host.metrics, fill_output, use_step_metrics);
    sizes("metrics", sizeof host.metrics, fill_output, use_evaluation_metrics);
    losses();
    EACH_EXTREME(generation_fields, fill_generation, use_generation);
    sizes("generation", sizeof host.generation, fill_generation, use_generation);
    for (optimizer = 0; optimizer <= ADPO_OPTIMIZER_SGD; optimizer++)
        for (full_finetuning = 0; full_finetuning < 2; full_finetuning++)
            EACH_EXTREME(trainer_fields, fill_trainer, use_trainer);
    optimizer = ADPO_OPTIMIZER_ADAMW;
    full_finetuning = 0;
    sizes("trainer config", sizeof host.trainer, fill_trainer, use_trainer);
    EACH_EXTREME(run_fields, fill_run, use_run);
    sizes("run config", sizeof host.run, fill_run, use_run);

    adpo_dataset_destroy(pairs);
    adpo_session_destroy(session);
}
