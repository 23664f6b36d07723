/* Unloads the library while its threads run and a host's thread still has its last error: it stays
 * in memory, or both would end in code that is gone.
 *
 *     unload MODEL WRITABLE-DIRECTORY
 */
#include <adpo.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static void *library;
static adpo_status (*load)(const char *, adpo_model **);
static adpo_status (*create)(const adpo_model *, adpo_dtype, adpo_session **);
static adpo_status (*score)(adpo_session *, const int32_t *, size_t, float *);
static adpo_status (*set_num_threads)(int32_t);
static void (*destroy_model)(adpo_model *);
static void (*destroy_session)(adpo_session *);

/* POSIX's way around what ISO C has no cast for. */
static void find(const char *name, void *function)
{
    *(void **)function = dlsym(library, name);
    if (*(void **)function == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        exit(1);
    }
}

static void *fail_and_unload(void *unused)
{
    adpo_model *none = NULL;
    (void)unused;
    if (load("/nowhere", &none) != ADPO_ERROR_NOT_FOUND || dlclose(library) != 0)
        exit(1);
    return NULL; /* ends the thread, and with it its message */
}

int main(int argc, char **argv)
{
    enum { COUNT = 40 };
    adpo_model *model = NULL;
    adpo_session *session = NULL;
    int32_t tokens[COUNT];
    float logprobs[COUNT];
    pthread_t thread;

    if (argc != 3)
        return 2;
    library = dlopen("libadpo.so.0", RTLD_NOW);
    if (library == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    find("adpo_model_load", &load);
    find("adpo_session_create", &create);
    find("adpo_score", &score);
    find("adpo_set_num_threads", &set_num_threads);
    find("adpo_model_destroy", &destroy_model);
    find("adpo_session_destroy", &destroy_session);
    for (int i = 0; i < COUNT; i++)
        tokens[i] = i;
    if (set_num_threads(4) != ADPO_OK || load(argv[1], &model) != ADPO_OK
        || create(model, ADPO_DTYPE_F32, &session) != ADPO_OK
        || score(session, tokens, COUNT, logprobs) != ADPO_OK)
        return 1;
    destroy_session(session);
    destroy_model(model);
    if (pthread_create(&thread, NULL, fail_and_unload, NULL) != 0)
        return 1;
    return pthread_join(thread, NULL);
}
