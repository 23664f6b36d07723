/*
 * 32 weights in 24 bytes: w = scale * code + minimum.
 *
 *     bytes 0-1   scale, f16
 *     bytes 2-3   minimum, f16
 *     bytes 4-7   32 bits, the highest of each code
 *     bytes 8-23  16 bytes; the low 4 bits belong to codes 0 to 15, the high ones to codes 16 to 31
 */
#include <stdint.h>

#include "encodings.h"
#include "fit.h"
#include "five_bits.h"
#include "half.h"
#include "lanes.h"
#include "multiarch.h"
#include "rows.h"
#include "vnni.h"

ADPO_DOT_INTEGERS(q5_1)

ADPO_MULTIARCH
void adpo_decode_q5_1(const void *restrict blocks, float *restrict out, ptrdiff_t count) {
    const uint8_t *block = blocks;
    for (ptrdiff_t i = 0; i < count; i += 32, block += 24) {
        const float scale = load_f16(block);
        const float minimum = load_f16(block + 2);
        uint8_t codes[32];
        load_five_bits(block + 4, block + 8, codes);
        for (int j = 0; j < 32; j++) out[i + j] = scale * (float)codes[j] + minimum;
    }
}

static inline __attribute__((always_inline)) void add_floats(
    const uint8_t *restrict block, const float *restrict x, int count, float *restrict lanes) {
#pragma clang fp contract(fast)
    float scales[GROUP], minima[GROUP];
    for (int b = 0; b < count; b++) {
        scales[b] = load_f16(block + 24 * b);
        minima[b] = load_f16(block + 24 * b + 2);
    }
    for (int b = 0; b < count; b++, x += 32) {
        uint8_t codes[32];
        load_five_bits(block + 24 * b + 4, block + 24 * b + 8, codes);
        float *restrict sums = LANES_OF(b);
        for (int j = 0; j < LANES; j++) {
            const float low = (float)codes[j], high = (float)codes[j + 16];
            sums[j] += scales[b] * (low * x[j] + high * x[j + 16]) +
                       minima[b] * (x[j] + x[j + 16]);
        }
    }
}

ADPO_MULTIARCH
float adpo_dot_q5_1_portable(const void *restrict blocks, const float *restrict x, ptrdiff_t count) {
    DOT_IN_GROUPS(add_floats, 24)
}

#if defined(__x86_64__)

ADPO_INLINE VNNI __m512 add_blocks(__m512 sum, const uint8_t *block, int count,
                                   const adpo_integers *x) {
    const uint8_t *second = block + 24 * (count - 1);
    const __m512i codes = with_tops(load_codes(block + 8, second + 8), block + 4, second + 4);
    const __m512 headers = load_headers(block, second);
    sum = add(sum, products(codes, x), halves(headers, 0, 2));
    return add(sum, _mm512_loadu_si512(x->sums), halves(headers, 1, 3));
}

VNNI float adpo_dot_q5_1_vnni(const uint8_t *block, const adpo_vector *x, ptrdiff_t count) {
    DOT_BY_TWO(add_blocks, 24)
}

#endif

ADPO_DOT_OF_INTEGERS(q5_1)

ADPO_MULTIARCH
void adpo_encode_q5_1(const float *restrict weights, void *restrict blocks, ptrdiff_t count) {
    uint8_t *block = blocks;
    for (ptrdiff_t i = 0; i < count; i += 32, block += 24) {
        float scale, minimum, codes[32];
        fit_range(weights + i, 31, INFINITY, &scale, &minimum);
        scale = stored_f16(block, scale);
        minimum = stored_f16(block + 2, minimum);
        codes_of(weights + i, inverse(scale), minimum, 31, codes);
        uint8_t integers[32];
        for (int j = 0; j < 32; j++) integers[j] = (uint8_t)codes[j];
        store_five_bits(integers, block + 4, block + 8);
    }
}
