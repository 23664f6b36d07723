/*
 * 32 weights in 22 bytes: w = scale * (code - 16).
 *
 *     bytes 0-1   scale, f16
 *     bytes 2-5   32 bits, the highest of each code
 *     bytes 6-21  16 bytes; the low 4 bits belong to codes 0 to 15, the high ones to codes 16 to 31
 */
#include <math.h>
#include <stdint.h>

#include "encodings.h"
#include "five_bits.h"
#include "half.h"
#include "lanes.h"
#include "multiarch.h"
#include "rows.h"
#include "vnni.h"

ADPO_DOT_INTEGERS(q5_0)

ADPO_MULTIARCH
void adpo_decode_q5_0(const void *restrict blocks, float *restrict out, ptrdiff_t count) {
    const uint8_t *block = blocks;
    for (ptrdiff_t i = 0; i < count; i += 32, block += 22) {
        const float scale = load_f16(block);
        uint8_t codes[32];
        load_five_bits(block + 2, block + 6, codes);
        for (int j = 0; j < 32; j++) out[i + j] = scale * (float)((int)codes[j] - 16);
    }
}

static inline __attribute__((always_inline)) void add_floats(
    const uint8_t *restrict block, const float *restrict x, int count, float *restrict lanes) {
#pragma clang fp contract(fast)
    float scales[GROUP];
    for (int b = 0; b < count; b++) scales[b] = load_f16(block + 22 * b);
    for (int b = 0; b < count; b++, x += 32) {
        uint8_t codes[32];
        load_five_bits(block + 22 * b + 2, block + 22 * b + 6, codes);
        float *restrict sums = LANES_OF(b);
        for (int j = 0; j < LANES; j++) {
            const float low = (float)((int)codes[j] - 16), high = (float)((int)codes[j + 16] - 16);
            sums[j] += scales[b] * (low * x[j] + high * x[j + 16]);
        }
    }
}

ADPO_MULTIARCH
float adpo_dot_q5_0_portable(const void *restrict blocks, const float *restrict x, ptrdiff_t count) {
    DOT_IN_GROUPS(add_floats, 22)
}

#if defined(__x86_64__)

/* A block that is not there is the one before, whose products with zeros are 0. */
ADPO_INLINE VNNI __m512 add_blocks(__m512 sum, const uint8_t *block, int count,
                                   const adpo_integers *x) {
    const uint8_t *second = block + 22 * (count - 1);
    const __m512i codes = with_tops(load_codes(block + 6, second + 6), block + 2, second + 2);
    return add(sum, offset_products(codes, 4, x), load_scales(block, second));
}

VNNI float adpo_dot_q5_0_vnni(const uint8_t *block, const adpo_vector *x, ptrdiff_t count) {
    DOT_BY_TWO(add_blocks, 22)
}

#endif

ADPO_DOT_OF_INTEGERS(q5_0)

ADPO_MULTIARCH
void adpo_encode_q5_0(const float *restrict weights, void *restrict blocks, ptrdiff_t count) {
#pragma clang fp contract(off)
    uint8_t *block = blocks;
    for (ptrdiff_t i = 0; i < count; i += 32, block += 22) {
        const float *x = weights + i;
        float extreme = 0;
        for (int j = 0; j < 32; j++) extreme = fabsf(x[j]) > fabsf(extreme) ? x[j] : extreme;
        const float scale = extreme / -16;
        const float inverse = scale == 0 ? 0 : 1 / scale;
        store_f16(block, scale);
        uint8_t codes[32];
        for (int j = 0; j < 32; j++)
            codes[j] = (uint8_t)fminf(fmaxf(x[j] * inverse + 16.5f, 0), 31);
        store_five_bits(codes, block + 2, block + 6);
    }
}
