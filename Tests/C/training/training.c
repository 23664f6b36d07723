/* Trains through adpo.h: a step from its parts, a run with evaluations and checkpoints, and one
 * that is killed and resumed.
 *
 *     training MODEL WRITABLE-DIRECTORY
 */
#define _DEFAULT_SOURCE /* usleep */
#include <adpo.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK(condition)                                                                           \
    ((condition) ? (void)0                                                                         \
                 : (fprintf(stderr, "line %d: %s is false; last error: %s\n", __LINE__, #condition, \
                            adpo_last_error()),                                                    \
                    exit(1)))
#define OK(call) CHECK((call) == ADPO_OK)

enum { EPOCHS = 30, STEPS = 2 * EPOCHS };

static adpo_model *model;
static adpo_dataset *pairs;

static void load(const char *path)
{
    static const char *const topics[] = {"the door", "the window", "the garden", "the letter"};
    OK(adpo_model_load(path, &model));
    OK(adpo_dataset_create(model, &pairs));
    for (size_t i = 0; i < 4; i++) {
        char prompt[64], chosen[64], rejected[64];
        snprintf(prompt, sizeof prompt, "May I see %s?", topics[i]);
        snprintf(chosen, sizeof chosen, " Yes, here is %s.", topics[i]);
        snprintf(rejected, sizeof rejected, " No, %s is shut.", topics[i]);
        OK(adpo_dataset_add_text(pairs, prompt, ADPO_NUL, chosen, ADPO_NUL, rejected, ADPO_NUL));
    }
}

/* Two updates an epoch: of two micro-batches, and of one. */
static adpo_trainer *make_trainer(uint32_t epochs)
{
    adpo_trainer *trainer = NULL;
    adpo_trainer_config config;
    OK(adpo_trainer_config_init(&config, sizeof config));
    config.epochs = epochs;
    config.batch_size = 1;
    config.gradient_accumulation = 3;
    config.lora_rank = 4;
    config.learning_rate = 1e-3;
    config.schedule = ADPO_SCHEDULE_COSINE;
    OK(adpo_trainer_create(model, &config, pairs, NULL, &trainer));
    return trainer;
}

static void save_adapter(adpo_trainer *trainer, const char *path)
{
    adpo_adapter *adapter = NULL;
    OK(adpo_trainer_adapter(trainer, &adapter));
    OK(adpo_adapter_save(adapter, path));
    adpo_adapter_destroy(adapter);
}

/* Whether two adapters have the same bytes. */
static int same_adapters(const char *a, const char *b)
{
    char path[2048];
    FILE *files[2];
    int first, second;
    snprintf(path, sizeof path, "%s/adapter_model.safetensors", a);
    CHECK((files[0] = fopen(path, "rb")) != NULL);
    snprintf(path, sizeof path, "%s/adapter_model.safetensors", b);
    CHECK((files[1] = fopen(path, "rb")) != NULL);
    do {
        first = getc(files[0]);
        second = getc(files[1]);
    } while (first == second && first != EOF);
    fclose(files[0]);
    fclose(files[1]);
    return first == second;
}

/* accumulate and apply are a step; a host may change the gradient and the rate in between. */
static void parts(void)
{
    adpo_trainer *whole = make_trainer(1), *parts = make_trainer(1);
    adpo_metrics expected = {.struct_size = sizeof expected};
    adpo_metrics micro = {.struct_size = sizeof micro};
    adpo_metrics found = {.struct_size = sizeof found};
    float *gradients = NULL;
    size_t count = 0;
    double loss = 0;

    OK(adpo_trainer_step(whole, &expected));
    for (int i = 0; i < 3; i++) {
        OK(adpo_trainer_accumulate(parts, &micro));
        CHECK(micro.pairs == 1 && micro.step == 0);
        loss += micro.loss / 3;
    }
    OK(adpo_trainer_gradients(parts, &gradients, &count));
    CHECK(count > 0);
    OK(adpo_trainer_apply(parts, &found));
    CHECK(found.loss == expected.loss && found.gradient_norm == expected.gradient_norm);
    CHECK(found.loss - loss < 1e-9 && loss - found.loss < 1e-9);
    CHECK(found.step == 1 && found.pairs == 3 && found.num_tokens == expected.num_tokens);
    OK(adpo_trainer_accumulate(parts, NULL));
    memset(gradients, 0, count * sizeof *gradients);
    OK(adpo_trainer_set_learning_rate(parts, 0.25));
    OK(adpo_trainer_apply(parts, &found));
    CHECK(found.gradient_norm == 0 && found.learning_rate == 0.25 * 0.5);
    adpo_trainer_destroy(whole);
    adpo_trainer_destroy(parts);
}

static int32_t count_metrics(const adpo_metrics *metrics, void *counts)
{
    ((int *)counts)[metrics->is_evaluation]++;
    return 0;
}

/* The run as the others must end. */
static void whole_run(const char *adapter, adpo_run_config *config)
{
    adpo_trainer *trainer = make_trainer(EPOCHS);
    adpo_trainer_info info = {.struct_size = sizeof info};
    int counts[2] = {0, 0};

    OK(adpo_trainer_run(trainer, config, count_metrics, counts));
    CHECK(counts[0] == STEPS && counts[1] == STEPS / 10);
    OK(adpo_trainer_get_info(trainer, &info));
    CHECK(info.steps == STEPS && info.steps_done == STEPS);
    CHECK(info.best_step > 0 && info.best_loss > 0);
    save_adapter(trainer, adapter);
    adpo_trainer_destroy(trainer);
}

/* Runs to its end in a process of its own, or until that is killed. */
static void resume(const char *checkpoint, const char *adapter, adpo_run_config *config)
{
    adpo_trainer *trainer = make_trainer(EPOCHS);
    config->checkpoint = checkpoint;
    config->checkpoint_steps = 1;
    if (access(checkpoint, F_OK) == 0)
        OK(adpo_trainer_restore(trainer, checkpoint));
    OK(adpo_trainer_run(trainer, config, NULL, NULL));
    save_adapter(trainer, adapter);
    _exit(0);
}

static void killed_run(const char *checkpoint, const char *adapter, adpo_run_config *config)
{
    int status = 0, kills = 0;
    for (useconds_t attempt = 0; attempt < 400; attempt++) {
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0)
            resume(checkpoint, adapter, config);
        usleep(5000 + 2000 * attempt); /* on a slow machine, too, it ends */
        kill(child, SIGKILL);
        CHECK(waitpid(child, &status, 0) == child);
        if (WIFEXITED(status))
            break;
        kills++;
    }
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    printf("killed %d times\n", kills);
    CHECK(kills > 0);
}

int main(int argc, char **argv)
{
    char whole[1024], killed[1024], checkpoint[1024];
    adpo_run_config config;

    if (argc != 3)
        return 2;
    snprintf(whole, sizeof whole, "%s/whole", argv[2]);
    snprintf(killed, sizeof killed, "%s/killed", argv[2]);
    snprintf(checkpoint, sizeof checkpoint, "%s/checkpoint", argv[2]);
    load(argv[1]);
    parts();
    OK(adpo_run_config_init(&config, sizeof config));
    config.evaluation = pairs;
    config.evaluation_steps = 10;
    config.keep_best = 1;
    whole_run(whole, &config);
    killed_run(checkpoint, killed, &config);
    CHECK(same_adapters(whole, killed));
    adpo_dataset_destroy(pairs);
    adpo_model_destroy(model);
    return 0;
}
