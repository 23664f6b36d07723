/* What the parts of bad_input share. */
#ifndef BAD_INPUT_H
#define BAD_INPUT_H

#include <adpo.h>

/* Counts a failure, and shows where it is. */
void fail(const char *file, int line, const char *call, const char *why);
/* Of a call: its status, and that there is a message. */
void expect(adpo_status found, adpo_status expected, const char *file, int line, const char *call);
/* Of a call that may succeed or not: a status that there is, and a message unless it is OK. */
void known(adpo_status found, const char *what, int variant);

#define EXPECT(status, call) expect((call), (status), __FILE__, __LINE__, #call)
#define OK(call) EXPECT(ADPO_OK, call)
#define INVALID(call) EXPECT(ADPO_ERROR_INVALID_ARGUMENT, call)
#define TRUE(condition) ((condition) ? (void)0 : fail(__FILE__, __LINE__, #condition, "is false"))

/* Writes a file into the writable directory; `path`, of 1024 bytes, receives where. */
void write_file(const char *name, const char *bytes, size_t count, char *path);

/* Outputs, and token ids to give: fine, negative, beyond the vocabulary. */
enum { ROOM = 4096 };
extern int32_t ids[ROOM];
extern float numbers[ROOM];
extern char text[ROOM];
extern const int32_t good[3], negative[3], beyond[3];
/* What an output holds that must not be touched. */
extern size_t untouched;

extern adpo_model *model;
extern const char *directory;

void library(void);
void models(const char *model_path);
void chat(void);
void tokenizer(void);
void adapters(void);
void threads(void);
void sessions(void);
void later_host(void);
void datasets(void);
void inspections(adpo_dataset *pairs);
void contrastive(adpo_dataset *pairs);
void objectives(void);
void extremes(void);
void arrays(void);
void trainers(void);

#endif
