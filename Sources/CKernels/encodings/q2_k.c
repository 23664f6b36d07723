/*
 * 256 weights in 84 bytes: w = scale * scale[s] * code - minimum * minimum[s] in sub-block s of 16.
 *
 *     bytes 0-15   16 bytes: scale[s] low, minimum[s] high, 4 bits each
 *     bytes 16-79  2 runs of 32 bytes, 4 codes each: byte j of run r has weights 128 r + j, + 32, + 64, + 96
 *                  from the low bits up
 *     bytes 80-81  scale, f16
 *     bytes 82-83  minimum, f16
 */
#include <stdint.h>

#include "encodings.h"
#include "half.h"
#include "lanes.h"
#include "multiarch.h"
#include "rows.h"
#include "vnni.h"

ADPO_DOT_INTEGERS(q2_k)

ADPO_INLINE void load_factors(const uint8_t *restrict block, float *restrict scales,
                              float *restrict minima) {
    const float scale = load_f16(block + 80), minimum = load_f16(block + 82);
    for (int s = 0; s < 16; s++) {
        scales[s] = scale * (float)(block[s] & 0x0F);
        minima[s] = minimum * (float)(block[s] >> 4);
    }
}

ADPO_INLINE void load_all_codes(const uint8_t *restrict block, uint8_t *restrict codes) {
    for (int part = 0; part < 8; part++) {
        const uint8_t *bytes = block + 16 + 32 * (part / 4);
        for (int j = 0; j < 32; j++) codes[32 * part + j] = bytes[j] >> 2 * (part % 4) & 3;
    }
}

ADPO_MULTIARCH
void adpo_decode_q2_k(const void *restrict blocks, float *restrict out, ptrdiff_t count) {
    const uint8_t *block = blocks;
    for (ptrdiff_t i = 0; i < count; i += 256, block += 84) {
        float scales[16], minima[16];
        uint8_t codes[256];
        load_factors(block, scales, minima);
        load_all_codes(block, codes);
        for (int s = 0; s < 16; s++)
            for (int j = 0; j < 16; j++)
                out[i + 16 * s + j] = scales[s] * (float)codes[16 * s + j] - minima[s];
    }
}

ADPO_MULTIARCH
float adpo_dot_q2_k_portable(const void *restrict blocks, const float *restrict x, ptrdiff_t count) {
#pragma clang fp contract(fast)
    float lanes[2 * LANES] = {0};
    const uint8_t *block = blocks;
    for (ptrdiff_t i = 0; i < count; i += 256, block += 84) {
        float scales[16], minima[16];
        uint8_t codes[256];
        load_factors(block, scales, minima);
        load_all_codes(block, codes);
        for (int s = 0; s < 16; s++) {
            float *restrict sums = lanes + s % 2 * LANES;
            for (int j = 0; j < LANES; j++) {
                const float weight = scales[s] * (float)codes[16 * s + j] - minima[s];
                sums[j] += weight * x[i + 16 * s + j];
            }
        }
    }
    return sum_of_lanes(lanes);
}

#if defined(__x86_64__)

VNNI float adpo_dot_q2_k_vnni(const uint8_t *block, const adpo_vector *x, ptrdiff_t count) {
    __m512 sum = _mm512_setzero_ps(), minima_sum = _mm512_setzero_ps();
    const __m512i shifts = _mm512_setr_epi32(0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2, 2, 2, 2, 2);
    const adpo_integers *integers = x->integers;
    for (; count > 0; count -= 256, block += 84, integers += 4) {
        const __m512i factors =
            _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)block));
        const __m512 header =
            _mm512_castps128_ps512(_mm_cvtph_ps(_mm_loadu_si32(block + 80))); /* scale, minimum */
        const __m512 scales =
            _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_and_si512(factors, _mm512_set1_epi32(0x0F))),
                          halves(header, 0, 0));
        const __m512 minima = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_srli_epi32(factors, 4)),
                                            halves(header, 1, 1));
#pragma clang loop unroll(full)
        for (int part = 0; part < 4; part++) {
            const __m256i bytes =
                _mm256_loadu_si256((const __m256i *)(block + 16 + 32 * (part / 2)));
            const __m512i pairs =
                _mm512_srli_epi32(_mm512_broadcast_i64x4(bytes), 4 * (part % 2));
            const __m512i codes =
                _mm512_and_si512(_mm512_srlv_epi32(pairs, shifts), _mm512_set1_epi8(3));
            sum = add(sum, products(codes, integers + part), quarters(scales, part));
            minima_sum = add(minima_sum, _mm512_loadu_si512(integers[part].sums),
                             quarters(minima, part));
        }
    }
    return x->scale * _mm512_reduce_add_ps(_mm512_sub_ps(sum, minima_sum));
}

#endif

ADPO_DOT_OF_INTEGERS(q2_k)
