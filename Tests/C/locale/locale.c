/* A prompt is the same in every locale that a host may set, and the host keeps its own.
 *
 *     locale MODEL WRITABLE-DIRECTORY
 *
 * Where the locale de_DE is missing, this is a test of the template alone.
 */
#define _DEFAULT_SOURCE /* realpath, symlink */
#include <adpo.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHECK(condition)                                                                          \
    ((condition) ? (void)0                                                                        \
                 : (fprintf(stderr, "line %d: %s is false; last error: %s\n", __LINE__,           \
                            #condition, adpo_last_error()),                                       \
                    exit(1)))

/* The model with a template that writes numbers and the day of the week. */
static void make_model(const char *model, const char *directory)
{
    static const char *const files[] = {"config.json", "model.safetensors", "tokenizer.json"};
    char from[PATH_MAX], to[PATH_MAX], whole[PATH_MAX];
    FILE *file;
    CHECK(mkdir(directory, 0777) == 0);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(from, sizeof from, "%s/%s", model, files[i]);
        snprintf(to, sizeof to, "%s/%s", directory, files[i]);
        CHECK(realpath(from, whole) != NULL && symlink(whole, to) == 0);
    }
    snprintf(to, sizeof to, "%s/chat_template.jinja", directory);
    CHECK((file = fopen(to, "w")) != NULL);
    fputs("{{ 2.345|round(1) }} {{ '%.2f'|format(2.345) }} {{ strftime_now('%A') }}", file);
    CHECK(fclose(file) == 0);
}

int main(int argc, char **argv)
{
    static const char conversation[] = "[{\"role\": \"user\", \"content\": \"Hi.\"}]";
    static const char numbers[] = "2.3 2.35 ";
    adpo_model *model = NULL;
    char path[1024], text[256], before[16], after[16];
    size_t length = 0;

    if (argc != 3)
        return 2;
    snprintf(path, sizeof path, "%s/in-a-locale", argv[2]);
    make_model(argv[1], path);
    setlocale(LC_ALL, "de_DE.UTF-8");
    snprintf(before, sizeof before, "%.1f", 0.5);
    CHECK(adpo_model_load(path, &model) == ADPO_OK);
    CHECK(adpo_chat_render(model, conversation, ADPO_NUL, 0, text, sizeof text - 1, &length)
          == ADPO_OK);
    text[length] = '\0';
    snprintf(after, sizeof after, "%.1f", 0.5);
    fprintf(stderr, "%s\n", text);
    CHECK(strncmp(text, numbers, strlen(numbers)) == 0);
    CHECK(strcmp(text + strlen(text) - 3, "day") == 0); /* Monday to Sunday */
    CHECK(strcmp(before, after) == 0);
    adpo_model_destroy(model);
    return 0;
}
