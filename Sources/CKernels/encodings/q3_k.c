/*
 * 256 weights in 110 bytes: w = scale * scale[s] * (code - 4) in sub-block s of 16.
 *
 *     bytes 0-31    the highest bit of each code: bit p of byte j belongs to weight 32 p + j
 *     bytes 32-95   2 runs of 32 bytes, the other 2 bits of 4 codes each: byte j of run r has those of weights
 *                   128 r + j, + 32, + 64, + 96 from the low bits up
 *     bytes 96-107  16 scales of 6 bits (q3_scales.h)
 *     bytes 108-109 scale, f16
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "encodings.h"
#include "fit.h"
#include "half.h"
#include "lanes.h"
#include "multiarch.h"
#include "q3_scales.h"
#include "rows.h"
#include "vnni.h"

ADPO_DOT_INTEGERS(q3_k)

ADPO_INLINE void load_factors(const uint8_t *restrict block, float *restrict factors) {
    const float scale = load_f16(block + 108);
    int8_t scales[16];
    load_q3_scales(block + 96, scales);
    for (int s = 0; s < 16; s++) factors[s] = scale * (float)scales[s];
}

ADPO_INLINE void load_all_codes(const uint8_t *restrict block, int8_t *restrict codes) {
    for (int part = 0; part < 8; part++) {
        const uint8_t *bytes = block + 32 + 32 * (part / 4);
        for (int j = 0; j < 32; j++) {
            const int low = bytes[j] >> 2 * (part % 4) & 3, top = block[j] >> part & 1;
            codes[32 * part + j] = (int8_t)((low | top << 2) - 4);
        }
    }
}

ADPO_MULTIARCH
void adpo_decode_q3_k(const void *restrict blocks, float *restrict out, ptrdiff_t count) {
    const uint8_t *block = blocks;
    for (ptrdiff_t i = 0; i < count; i += 256, block += 110) {
        float factors[16];
        int8_t codes[256];
        load_factors(block, factors);
        load_all_codes(block, codes);
        for (int s = 0; s < 16; s++)
            for (int j = 0; j < 16; j++)
                out[i + 16 * s + j] = factors[s] * (float)codes[16 * s + j];
    }
}

ADPO_MULTIARCH
float adpo_dot_q3_k_portable(const void *restrict blocks, const float *restrict x, ptrdiff_t count) {
#pragma clang fp contract(fast)
    float lanes[2 * LANES] = {0};
    const uint8_t *block = blocks;
    for (ptrdiff_t i = 0; i < count; i += 256, block += 110) {
        float factors[16];
        int8_t codes[256];
        load_factors(block, factors);
        load_all_codes(block, codes);
        for (int s = 0; s < 16; s++) {
            float *restrict sums = lanes + s % 2 * LANES;
            for (int j = 0; j < LANES; j++)
                sums[j] += factors[s] * ((float)codes[16 * s + j] * x[i + 16 * s + j]);
        }
    }
    return sum_of_lanes(lanes);
}

#if defined(__x86_64__)

VNNI float adpo_dot_q3_k_vnni(const uint8_t *block, const adpo_vector *x, ptrdiff_t count) {
    __m512 sum = _mm512_setzero_ps();
    const __m512i shifts = _mm512_setr_epi32(0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2, 2, 2, 2, 2);
    /* The bits of weights 0 to 31 and of 32 to 63 in the bytes of `tops`. */
    const __m512i bits = _mm512_mask_set1_epi32(_mm512_set1_epi8(1), 0xFF00, 0x02020202);
    const adpo_integers *integers = x->integers;
    for (; count > 0; count -= 256, block += 110, integers += 4) {
        float factors[16];
        load_factors(block, factors);
        const __m512 scales = _mm512_loadu_ps(factors);
        const __m512i tops = _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)block));
#pragma clang loop unroll(full)
        for (int part = 0; part < 4; part++) {
            const __m256i bytes =
                _mm256_loadu_si256((const __m256i *)(block + 32 + 32 * (part / 2)));
            const __m512i pairs =
                _mm512_srli_epi32(_mm512_broadcast_i64x4(bytes), 4 * (part % 2));
            const __m512i low =
                _mm512_and_si512(_mm512_srlv_epi32(pairs, shifts), _mm512_set1_epi8(3));
            const __mmask64 has_top =
                _mm512_test_epi8_mask(tops, _mm512_slli_epi32(bits, 2 * part));
            const __m512i codes = _mm512_mask_add_epi8(low, has_top, low, _mm512_set1_epi8(4));
            sum = add(sum, offset_products(codes, 2, integers + part), quarters(scales, part));
        }
    }
    return x->scale * _mm512_reduce_add_ps(sum);
}

#endif

ADPO_DOT_OF_INTEGERS(q3_k)

ADPO_MULTIARCH
void adpo_encode_q3_k(const float *restrict weights, void *restrict blocks, ptrdiff_t count) {
    uint8_t *block = blocks;
    for (ptrdiff_t i = 0; i < count; i += 256, block += 110) {
        float scales[16], extreme = 0;
        for (int s = 0; s < 16; s++) {
            scales[s] = fit_scale(weights + i + 16 * s, -4, 3);
            extreme = fabsf(scales[s]) > fabsf(extreme) ? scales[s] : extreme;
        }
        const float scale = stored_f16(block + 108, extreme / -32);
        uint8_t codes[256], small_scales[16];
        for (int s = 0; s < 16; s++) {
            const float small = whole(scales[s] * inverse(scale), -32, 31);
            small_scales[s] = (uint8_t)(small + 32);
            const float factor = inverse(scale * small);
            for (int j = 0; j < 16; j++)
                codes[16 * s + j] = (uint8_t)(whole(weights[i + 16 * s + j] * factor, -4, 3) + 4);
        }
        store_q3_scales(block + 96, small_scales);
        memset(block, 0, 96);
        for (int part = 0; part < 8; part++) {
            uint8_t *bytes = block + 32 + 32 * (part / 4);
            for (int j = 0; j < 32; j++) {
                const uint8_t code = codes[32 * part + j];
                bytes[j] |= (uint8_t)((code & 3) << 2 * (part % 4));
                block[j] |= (uint8_t)(code >> 2 << part);
            }
        }
    }
}
