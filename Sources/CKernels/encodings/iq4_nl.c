/*
 * 32 weights in 18 bytes: w = scale * value[code] (nonlinear.h).
 *
 *     bytes 0-1   scale, f16
 *     bytes 2-17  16 bytes; the low 4 bits are codes 0 to 15, the high ones codes 16 to 31
 */
#include <stdint.h>

#include "encodings.h"
#include "half.h"
#include "lanes.h"
#include "multiarch.h"
#include "nonlinear.h"
#include "rows.h"

ADPO_DOT_INTEGERS(iq4_nl)

ADPO_MULTIARCH
void adpo_decode_iq4_nl(const void *restrict blocks, float *restrict out, ptrdiff_t count) {
    const uint8_t *block = blocks;
    for (ptrdiff_t i = 0; i < count; i += 32, block += 18) {
        const float scale = load_f16(block);
        int8_t values[32];
        load_values(block + 2, values);
        for (int j = 0; j < 32; j++) out[i + j] = scale * (float)values[j];
    }
}

static inline __attribute__((always_inline)) void add_floats(
    const uint8_t *restrict block, const float *restrict x, int count, float *restrict lanes) {
#pragma clang fp contract(fast)
    float scales[GROUP];
    for (int b = 0; b < count; b++) scales[b] = load_f16(block + 18 * b);
    for (int b = 0; b < count; b++, x += 32) {
        int8_t values[32];
        load_values(block + 18 * b + 2, values);
        float *restrict sums = LANES_OF(b);
        for (int j = 0; j < LANES; j++) {
            const float low = (float)values[j], high = (float)values[j + 16];
            sums[j] += scales[b] * (low * x[j] + high * x[j + 16]);
        }
    }
}

ADPO_MULTIARCH
float adpo_dot_iq4_nl_portable(const void *restrict blocks, const float *restrict x,
                               ptrdiff_t count) {
    DOT_IN_GROUPS(add_floats, 18)
}

#if defined(__x86_64__)

/* A block that is not there is the one before, whose products with zeros are 0. */
ADPO_INLINE VNNI __m512 add_blocks(__m512 sum, const uint8_t *block, int count,
                                   const adpo_integers *x) {
    const uint8_t *second = block + 18 * (count - 1);
    const __m512i codes = load_offset_values(block + 2, second + 2);
    return add(sum, offset_products(codes, 7, x), load_scales(block, second));
}

VNNI float adpo_dot_iq4_nl_vnni(const uint8_t *block, const adpo_vector *x, ptrdiff_t count) {
    DOT_BY_TWO(add_blocks, 18)
}

#endif

ADPO_DOT_OF_INTEGERS(iq4_nl)

ADPO_MULTIARCH
void adpo_encode_iq4_nl(const float *restrict weights, void *restrict blocks, ptrdiff_t count) {
    uint8_t *block = blocks;
    for (ptrdiff_t i = 0; i < count; i += 32, block += 18) {
        const float scale = stored_f16(block, fit_nonlinear(weights + i));
        store_nonlinear(weights + i, scale, block + 2);
    }
}
