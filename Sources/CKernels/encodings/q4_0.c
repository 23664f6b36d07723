/*
 * 32 weights in 18 bytes: w = scale * (code - 8).
 *
 *     bytes 0-1   scale, f16
 *     bytes 2-17  16 bytes; the low 4 bits are codes 0 to 15, the high ones codes 16 to 31
 */
#include <math.h>
#include <stdint.h>

#include "encodings.h"
#include "half.h"
#include "lanes.h"
#include "multiarch.h"
#include "rows.h"
#include "vnni.h"

ADPO_DOT_INTEGERS(q4_0)

ADPO_MULTIARCH
void adpo_decode_q4_0(const void *restrict blocks, float *restrict out, ptrdiff_t count) {
    const uint8_t *block = blocks;
    for (ptrdiff_t i = 0; i < count; i += 32, block += 18) {
        const float scale = load_f16(block);
        const uint8_t *codes = block + 2;
        for (int j = 0; j < 16; j++) {
            out[i + j] = scale * (float)((codes[j] & 0x0F) - 8);
            out[i + j + 16] = scale * (float)((codes[j] >> 4) - 8);
        }
    }
}

static inline __attribute__((always_inline)) void add_floats(
    const uint8_t *restrict block, const float *restrict x, int count, float *restrict lanes) {
#pragma clang fp contract(fast)
    float scales[GROUP];
    for (int b = 0; b < count; b++) scales[b] = load_f16(block + 18 * b);
#pragma clang loop unroll(full)
    for (int b = 0; b < count; b++, x += 32) {
        const uint8_t *codes = block + 18 * b + 2;
        float *restrict sums = LANES_OF(b);
        for (int j = 0; j < LANES; j++) {
            const float low = (float)((codes[j] & 0x0F) - 8), high = (float)((codes[j] >> 4) - 8);
            sums[j] += scales[b] * (low * x[j] + high * x[j + 16]);
        }
    }
}

ADPO_MULTIARCH
float adpo_dot_q4_0_portable(const void *restrict blocks, const float *restrict x, ptrdiff_t count) {
    DOT_IN_GROUPS(add_floats, 18)
}

#if defined(__x86_64__)

/* A block that is not there is the one before, whose products with zeros are 0. */
ADPO_INLINE VNNI __m512 add_blocks(__m512 sum, const uint8_t *block, int count,
                                 const adpo_integers *x) {
    const uint8_t *second = block + 18 * (count - 1);
    return add(sum, offset_products(load_codes(block + 2, second + 2), 3, x),
               load_scales(block, second));
}

VNNI float adpo_dot_q4_0_vnni(const uint8_t *block, const adpo_vector *x, ptrdiff_t count) {
    DOT_BY_TWO(add_blocks, 18)
}

#endif

ADPO_DOT_OF_INTEGERS(q4_0)

ADPO_MULTIARCH
void adpo_encode_q4_0(const float *restrict weights, void *restrict blocks, ptrdiff_t count) {
#pragma clang fp contract(off)
    uint8_t *block = blocks;
    for (ptrdiff_t i = 0; i < count; i += 32, block += 18) {
        const float *x = weights + i;
        float extreme = 0;
        for (int j = 0; j < 32; j++) extreme = fabsf(x[j]) > fabsf(extreme) ? x[j] : extreme;
        const float scale = extreme / -8;
        const float inverse = scale == 0 ? 0 : 1 / scale;
        store_f16(block, scale);
        uint8_t codes[32];
        for (int j = 0; j < 32; j++) {
            codes[j] = (uint8_t)fminf(fmaxf(x[j] * inverse + 8.5f, 0), 15);
        }
        for (int j = 0; j < 16; j++) block[2 + j] = (uint8_t)(codes[j] | codes[j + 16] << 4);
    }
}
