/*
 * 32 weights in 20 bytes: w = scale * code + minimum.
 *
 *     bytes 0-1   scale, f16
 *     bytes 2-3   minimum, f16
 *     bytes 4-19  16 bytes; the low 4 bits are codes 0 to 15, the high ones codes 16 to 31
 */
#include <stdint.h>

#include "encodings.h"
#include "fit.h"
#include "half.h"
#include "lanes.h"
#include "multiarch.h"
#include "rows.h"
#include "vnni.h"

ADPO_DOT_INTEGERS(q4_1)

ADPO_MULTIARCH
void adpo_decode_q4_1(const void *restrict blocks, float *restrict out, ptrdiff_t count) {
    const uint8_t *block = blocks;
    for (ptrdiff_t i = 0; i < count; i += 32, block += 20) {
        const float scale = load_f16(block);
        const float minimum = load_f16(block + 2);
        const uint8_t *codes = block + 4;
        for (int j = 0; j < 16; j++) {
            out[i + j] = scale * (float)(codes[j] & 0x0F) + minimum;
            out[i + j + 16] = scale * (float)(codes[j] >> 4) + minimum;
        }
    }
}

static inline __attribute__((always_inline)) void add_floats(
    const uint8_t *restrict block, const float *restrict x, int count, float *restrict lanes) {
#pragma clang fp contract(fast)
    float scales[GROUP], minima[GROUP];
    for (int b = 0; b < count; b++) {
        scales[b] = load_f16(block + 20 * b);
        minima[b] = load_f16(block + 20 * b + 2);
    }
#pragma clang loop unroll(full)
    for (int b = 0; b < count; b++, x += 32) {
        const uint8_t *codes = block + 20 * b + 4;
        float *restrict sums = LANES_OF(b);
        for (int j = 0; j < LANES; j++) {
            const float low = (float)(codes[j] & 0x0F), high = (float)(codes[j] >> 4);
            sums[j] += scales[b] * (low * x[j] + high * x[j + 16]) +
                       minima[b] * (x[j] + x[j + 16]);
        }
    }
}

ADPO_MULTIARCH
float adpo_dot_q4_1_portable(const void *restrict blocks, const float *restrict x, ptrdiff_t count) {
    DOT_IN_GROUPS(add_floats, 20)
}

#if defined(__x86_64__)

ADPO_INLINE VNNI __m512 add_blocks(__m512 sum, const uint8_t *block, int count,
                                 const adpo_integers *x) {
    const uint8_t *second = block + 20 * (count - 1);
    const __m512 headers = load_headers(block, second);
    sum = add(sum, products(load_codes(block + 4, second + 4), x), halves(headers, 0, 2));
    return add(sum, _mm512_loadu_si512(x->sums), halves(headers, 1, 3));
}

VNNI float adpo_dot_q4_1_vnni(const uint8_t *block, const adpo_vector *x, ptrdiff_t count) {
    DOT_BY_TWO(add_blocks, 20)
}

#endif

ADPO_DOT_OF_INTEGERS(q4_1)

ADPO_MULTIARCH
void adpo_encode_q4_1(const float *restrict weights, void *restrict blocks, ptrdiff_t count) {
    uint8_t *block = blocks;
    for (ptrdiff_t i = 0; i < count; i += 32, block += 20) {
        float scale, minimum, codes[32];
        fit_range(weights + i, 15, INFINITY, &scale, &minimum);
        scale = stored_f16(block, scale);
        minimum = stored_f16(block + 2, minimum);
        codes_of(weights + i, inverse(scale), minimum, 15, codes);
        for (int j = 0; j < 16; j++) {
            block[4 + j] = (uint8_t)((uint8_t)codes[j] | (uint8_t)codes[j + 16] << 4);
        }
    }
}
