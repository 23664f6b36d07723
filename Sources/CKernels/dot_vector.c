/* Vectors of floats and integers, and products of rows with the one that a format takes. */
#include "dot.h"
#include "dot_portable.h"
#include "dot_vnni.h"
#include "half.h"
#include "multiarch.h"

ptrdiff_t adpo_vector_scratch(ptrdiff_t count) {
    const ptrdiff_t blocks = (count + 63) / 64;
    return blocks * (ptrdiff_t)(sizeof(adpo_integers) + 2 * sizeof(float));
}

ADPO_HIDDEN uint32_t adpo_largest_magnitude(const float *x, ptrdiff_t count);

/* The bits of the largest |x|, which are in the order of the floats; above all are those of NaN. */
ADPO_MULTIARCH
uint32_t adpo_largest_magnitude(const float *restrict x, ptrdiff_t count) {
    uint32_t largest = 0;
    for (ptrdiff_t i = 0; i < count; i++) {
        const uint32_t magnitude = bits_of_float(x[i]) & 0x7FFFFFFF;
        largest = magnitude > largest ? magnitude : largest;
    }
    return largest;
}

adpo_vector adpo_make_vector(const float *floats, ptrdiff_t count, void *scratch) {
#if defined(__x86_64__)
    const float largest = float_from_bits(adpo_largest_magnitude(floats, count));
    /* The inverse of a scale must be finite, too. */
    if (has_vnni() && largest < __builtin_inff() && (largest > 0x1p-100f || largest == 0))
        return adpo_make_vector_vnni(floats, largest, count, scratch);
#endif
    return (adpo_vector){floats, NULL, NULL, 0};
}

/* Processors read ahead as far as a page; codes are used up faster than the next one comes. */
enum { AHEAD = 6144 };

static inline void fetch(const uint8_t *bytes, ptrdiff_t count) {
    for (ptrdiff_t i = 0; i < count; i += 64) __builtin_prefetch(bytes + i);
}

/* `dot` is a row's product with vector i, an expression. */
#define DOT_ROWS(format, fetches, dot)                                                   \
    ADPO_DOT(format) {                                                                   \
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

#define FLOATS(format) adpo_dot_##format##_portable(row, x[i].floats, weights.columns)
#if defined(__x86_64__)
#define INTEGERS(format)                                                \
    (x[i].integers ? adpo_dot_##format##_vnni(row, x + i, weights.columns) : FLOATS(format))
#else
#define INTEGERS FLOATS
#endif

DOT_ROWS(f32, 0, FLOATS(f32))
DOT_ROWS(f16, 0, FLOATS(f16))
DOT_ROWS(bf16, 0, FLOATS(bf16))
DOT_ROWS(q4_0, 1, INTEGERS(q4_0))
DOT_ROWS(q4_1, 1, INTEGERS(q4_1))
DOT_ROWS(q8_0, 1, INTEGERS(q8_0))
DOT_ROWS(q4_k, 1, INTEGERS(q4_k))
DOT_ROWS(q6_k, 1, INTEGERS(q6_k))
