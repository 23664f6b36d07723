/* Vectors of floats and integers, and which of them a dot product with codes takes. */
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

#if defined(__x86_64__)
#define DOT(format)                                                                     \
    float adpo_dot_##format(const void *blocks, adpo_vector x, ptrdiff_t count) {       \
        return x.integers ? adpo_dot_##format##_vnni(blocks, x, count)                  \
                          : adpo_dot_##format##_portable(blocks, x.floats, count);      \
    }
#else
#define DOT(format)                                                               \
    float adpo_dot_##format(const void *blocks, adpo_vector x, ptrdiff_t count) { \
        return adpo_dot_##format##_portable(blocks, x.floats, count);             \
    }
#endif

DOT(q4_0)
DOT(q4_1)
DOT(q8_0)
DOT(q4_k)
DOT(q6_k)
