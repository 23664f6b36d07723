/*
 * The products of rows with vectors, from those of one row with one vector: adpo_dot_X_portable takes
 * floats, adpo_dot_X_vnni the integers beside them.
 */
#ifndef CKERNELS_ROWS_H
#define CKERNELS_ROWS_H

#include "encodings.h"
#include "tile.h"

/* Processors read ahead as far as a page; codes are used up faster than the next one comes. */
enum { AHEAD = 6144 };

static inline void fetch(const uint8_t *bytes, ptrdiff_t count) {
    for (ptrdiff_t i = 0; i < count; i += 64) __builtin_prefetch(bytes + i);
}

/* `dot` is a row's product with vector i, an expression. */
#define ADPO_DOT_ROWS(format, fetches, dot)                                                   \
    void adpo_dot_##format(adpo_encoded_rows weights, const adpo_vector *x, ptrdiff_t count,   \
                           float beta, float *y, ptrdiff_t stride) {                                                                   \
        const uint8_t *row = weights.blocks;                                             \
        for (ptrdiff_t r = 0; r < weights.rows; r++, row += weights.row_bytes) {         \
            if (fetches) fetch(row + AHEAD, weights.row_bytes);                          \
            for (ptrdiff_t i = 0; i < count; i++) {                                      \
                const float product = dot;                                               \
                float *output = y + i * stride + r;                                      \
                *output = beta == 0 ? product : product + beta * *output;                \
            }                                                                            \
        }                                                                                \
    }

#define ADPO_FLOATS(format) adpo_dot_##format##_portable(row, x[i].floats, weights.columns)
#define ADPO_DOT_FLOATS(format)                                                              \
    ADPO_HIDDEN float adpo_dot_##format##_portable(const void *blocks, const float *x,       \
                                                   ptrdiff_t count);

/* Encodings that take floats alone. */
#define ADPO_DOT_OF_FLOATS(format) ADPO_DOT_ROWS(format, 0, ADPO_FLOATS(format))

/* Encodings that take integers where there are some. */
#if defined(__x86_64__)
#define ADPO_DOT_INTEGERS(format)                                                            \
    ADPO_DOT_FLOATS(format)                                                                  \
    ADPO_HIDDEN float adpo_dot_##format##_vnni(const uint8_t *block, const adpo_vector *x,   \
                                               ptrdiff_t count);
#define ADPO_DOT_OF_INTEGERS(format)                                                         \
    ADPO_DOT_ROWS(format, 1,                                                                 \
                  x[i].integers ? adpo_dot_##format##_vnni(row, x + i, weights.columns)      \
                                : ADPO_FLOATS(format))
#else
#define ADPO_DOT_INTEGERS ADPO_DOT_FLOATS
#define ADPO_DOT_OF_INTEGERS(format) ADPO_DOT_ROWS(format, 1, ADPO_FLOATS(format))
#endif

#endif
