/* Calls every function of adpo.h with what it must refuse, and expects the status, a message, and
 * untouched outputs.
 *
 *     bad_input MODEL WRITABLE-DIRECTORY
 */
#include "bad_input.h"

#include <stdio.h>
#include <stdlib.h>

int32_t ids[ROOM];
float numbers[ROOM];
char text[ROOM];
const int32_t good[] = {1, 2, 3};
const int32_t negative[] = {1, -1, 3};
const int32_t beyond[] = {1, 2147483647, 3};
size_t untouched = 77;
adpo_model *model;
const char *directory;

static int failures = 0;

void fail(const char *file, int line, const char *call, const char *why)
{
    fprintf(stderr, "%s, line %d: %s: %s\n", file, line, call, why);
    failures++;
}

void expect(adpo_status found, adpo_status expected, const char *file, int line, const char *call)
{
    char why[1024];
    if (found != expected) {
        snprintf(why, sizeof why, "%s, not %s; last error: %s", adpo_status_name(found),
                 adpo_status_name(expected), adpo_last_error());
        fail(file, line, call, why);
    } else if (found != ADPO_OK && adpo_last_error()[0] == '\0') {
        fail(file, line, call, "has no message");
    }
}

void write_file(const char *name, const char *bytes, size_t count, char *path)
{
    FILE *file;
    snprintf(path, 1024, "%s/%s", directory, name);
    file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes, 1, count, file) != count || fclose(file) != 0)
        fail(__FILE__, __LINE__, path, "cannot be written");
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    directory = argv[2];
    library();
    models(argv[1]);
    if (model == NULL)
        return 1;
    tokenizer();
    chat();
    adapters();
    sessions();
    later_host();
    datasets();
    objectives();
    trainers();
    extremes();
    arrays();
    threads();
    adpo_model_destroy(model);
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
