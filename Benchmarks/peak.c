/* What this machine can do at most, all cores together: one JSON object.
 * cc -O3 -march=native -ffp-contract=fast -pthread peak.c
 * Products are counted as two operations, of registers alone; reading is of memory that no cache
 * holds. What the processor lacks is null. */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
enum { LANES = 16, CHAINS = 24 };
#elif defined(__AVX__)
enum { LANES = 8, CHAINS = 12 };
#else
enum { LANES = 4, CHAINS = 12 };
#endif
enum { ROUNDS = 10000000, REPEATS = 5, READ_STREAMS = 8 };
static const size_t READ_BYTES = (size_t)512 << 20; /* a thread */

typedef float floats __attribute__((vector_size(LANES * 4)));

/* For all that the compiler knows, this uses `value` and changes it. */
#if defined(__AVX512F__)
#define CHANGE(value) __asm__ volatile("" : "+v"(value))
#elif defined(__x86_64__)
#define CHANGE(value) __asm__ volatile("" : "+x"(value))
#else
#define CHANGE(value) __asm__ volatile("" : "+w"(value))
#endif

static pthread_barrier_t barrier;

/* Independent chains hide the latency of the instruction. */
#define CHAINS_OF(type, step)                                                                      \
    type sums[CHAINS];                                                                             \
    for (int chain = 0; chain < CHAINS; chain++) memset(&sums[chain], 0, sizeof(type));            \
    for (int round = 0; round < ROUNDS; round++)                                                   \
        _Pragma("GCC unroll 32") for (int chain = 0; chain < CHAINS; chain++) sums[chain] = step;  \
    for (int chain = 0; chain < CHAINS; chain++) CHANGE(sums[chain])

static double f32_work(void *unused)
{
    (void)unused;
    floats a, b;
    for (int lane = 0; lane < LANES; lane++) a[lane] = b[lane] = 1e-3f * (float)lane;
    CHAINS_OF(floats, sums[chain] + ({ CHANGE(a); a * b; }));
    return 2.0 * LANES * CHAINS * ROUNDS;
}

#if defined(__AVX512BF16__)
static double bf16_work(void *unused)
{
    (void)unused;
    __m512bh a, b;
    memset(&a, 1, sizeof a);
    memset(&b, 1, sizeof b);
    CHAINS_OF(__m512, _mm512_dpbf16_ps(sums[chain], a, b));
    return 2.0 * 32 * CHAINS * ROUNDS;
}
#else
#define bf16_work NULL
#endif

#if defined(__AVX512VNNI__)
static double int8_work(void *unused)
{
    (void)unused;
    __m512i a = _mm512_set1_epi8(1), b = _mm512_set1_epi8(1);
    CHAINS_OF(__m512i, _mm512_dpbusd_epi32(sums[chain], a, b));
    return 2.0 * 64 * CHAINS * ROUNDS;
}
#elif defined(__AVXVNNI__)
static double int8_work(void *unused)
{
    (void)unused;
    __m256i a = _mm256_set1_epi8(1), b = _mm256_set1_epi8(1);
    CHAINS_OF(__m256i, _mm256_dpbusd_avx_epi32(sums[chain], a, b));
    return 2.0 * 32 * CHAINS * ROUNDS;
}
#else
#define int8_work NULL
#endif

static double read_work(void *memory)
{
    const floats *values = memory;
    size_t count = READ_BYTES / sizeof(floats) / READ_STREAMS;
    floats sums[READ_STREAMS];
    memset(sums, 0, sizeof sums);
    for (size_t i = 0; i < count; i++)
        for (int stream = 0; stream < READ_STREAMS; stream++)
            sums[stream] += values[(size_t)stream * count + i];
    for (int stream = 0; stream < READ_STREAMS; stream++) CHANGE(sums[stream]);
    return (double)READ_BYTES;
}

typedef struct {
    double (*work)(void *);
    int needs_memory;
    double amount, start, end; /* of the last repeat */
} job;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void *run(void *argument)
{
    job *mine = argument;
    void *memory = NULL;
    if (mine->needs_memory && posix_memalign(&memory, 64, READ_BYTES) == 0)
        memset(memory, 1, READ_BYTES);
    if (mine->needs_memory && memory == NULL) {
        fputs("peak: out of memory\n", stderr);
        exit(1);
    }
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        pthread_barrier_wait(&barrier);
        mine->start = now();
        mine->amount = mine->work(memory);
        mine->end = now();
        pthread_barrier_wait(&barrier);
        pthread_barrier_wait(&barrier); /* the times are read between the two */
    }
    free(memory);
    return NULL;
}

/* Prints the best of some repeats, in 1e9 a second. */
static void measure(const char *name, double (*work)(void *), int needs_memory, int cores)
{
    if (work == NULL) {
        printf("\"%s\": null, ", name);
        return;
    }
    pthread_t threads[cores];
    job jobs[cores];
    double best = 0;
    pthread_barrier_init(&barrier, NULL, (unsigned)cores + 1);
    for (int i = 0; i < cores; i++) {
        jobs[i] = (job){work, needs_memory, 0, 0, 0};
        pthread_create(&threads[i], NULL, run, &jobs[i]);
    }
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        pthread_barrier_wait(&barrier);
        pthread_barrier_wait(&barrier);
        double start = jobs[0].start, end = jobs[0].end, amount = 0;
        for (int i = 0; i < cores; i++) {
            if (jobs[i].start < start) start = jobs[i].start;
            if (jobs[i].end > end) end = jobs[i].end;
            amount += jobs[i].amount;
        }
        if (amount / (end - start) > best) best = amount / (end - start);
        pthread_barrier_wait(&barrier);
    }
    for (int i = 0; i < cores; i++) pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&barrier);
    printf("\"%s\": %.1f, ", name, best * 1e-9);
}

int main(void)
{
    int cores = (int)sysconf(_SC_NPROCESSORS_ONLN);
    putchar('{');
    measure("f32", f32_work, 0, cores);
    measure("bf16", bf16_work, 0, cores);
    measure("int8", int8_work, 0, cores);
    measure("read", read_work, 1, cores);
    printf("\"cores\": %d}\n", cores);
    return 0;
}
