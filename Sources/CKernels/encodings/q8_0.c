/*
 * 32 weights in 34 bytes: w = scale * code.
 *
 *     bytes 0-1   scale, f16
 *     bytes 2-33  32 codes, int8
 */
#include <math.h>
#include <stdint.h>

#include "encodings.h"
#include "half.h"
#include "lanes.h"
#include "multiarch.h"
#include "rows.h"
#include "vnni.h"

ADPO_DOT_INTEGERS(q8_0)

ADPO_MULTIARCH
void adpo_decode_q8_0(const void *restrict blocks, float *restrict out, ptrdiff_t count) {
    const uint8_t *block = blocks;
    for (ptrdiff_t i = 0; i < count; i += 32, block += 34) {
        const float scale = load_f16(block);
        const int8_t *codes = (const int8_t *)(block + 2);
        for (int j = 0; j < 32; j++) out[i + j] = scale * (float)codes[j];
    }
}

static inline __attribute__((always_inline)) void add_floats(
    const uint8_t *restrict block, const float *restrict x, int count, float *restrict lanes) {
#pragma clang fp contract(fast)
    float scales[GROUP];
    for (int b = 0; b < count; b++) scales[b] = load_f16(block + 34 * b);
#pragma clang loop unroll(full)
    for (int b = 0; b < count; b++, x += 32) {
        const int8_t *codes = (const int8_t *)(block + 34 * b + 2);
        float *restrict sums = LANES_OF(b);
        for (int j = 0; j < LANES; j++)
            sums[j] += scales[b] * ((float)codes[j] * x[j] + (float)codes[j + 16] * x[j + 16]);
    }
}

ADPO_MULTIARCH
float adpo_dot_q8_0_portable(const void *restrict blocks, const float *restrict x, ptrdiff_t count) {
    DOT_IN_GROUPS(add_floats, 34)
}

#if defined(__x86_64__)

ADPO_INLINE VNNI __m512 add_blocks(__m512 sum, const uint8_t *block, int count,
                                 const adpo_integers *x) {
    const uint8_t *second = block + 34 * (count - 1);
    const __m512i codes = _mm512_inserti64x4(
        _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)(block + 2))),
        _mm256_loadu_si256((const __m256i *)(second + 2)), 1);
    const __m512i unsigned_codes = _mm512_xor_si512(codes, _mm512_set1_epi8(-128));
    return add(sum, offset_products(unsigned_codes, 7, x), load_scales(block, second));
}

VNNI float adpo_dot_q8_0_vnni(const uint8_t *block, const adpo_vector *x, ptrdiff_t count) {
    DOT_BY_TWO(add_blocks, 34)
}

#endif

ADPO_DOT_OF_INTEGERS(q8_0)

/* Half-way cases away from zero. */
static inline __attribute__((always_inline)) float rounded(float value) {
    const float magnitude = fabsf(value), whole = floorf(magnitude);
    return copysignf(whole + floorf(2 * (magnitude - whole)), value);
}

ADPO_MULTIARCH
void adpo_encode_q8_0(const float *restrict weights, void *restrict blocks, ptrdiff_t count) {
#pragma clang fp contract(off)
    uint8_t *block = blocks;
    for (ptrdiff_t i = 0; i < count; i += 32, block += 34) {
        const float *x = weights + i;
        float largest = 0;
        for (int j = 0; j < 32; j++) largest = fmaxf(largest, fabsf(x[j]));
        const float scale = largest / 127;
        const float inverse = scale == 0 ? 0 : 1 / scale;
        store_f16(block, scale);
        for (int j = 0; j < 32; j++) {
            const float code = fminf(fmaxf(rounded(x[j] * inverse), -127), 127);
            block[2 + j] = (uint8_t)(int8_t)code;
        }
    }
}
