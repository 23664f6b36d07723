/*
 * 256 weights in 176 bytes: w = scale * scale[s] * code - minimum * minimum[s] in sub-block s of 32.
 *
 *     bytes 0-1     scale, f16
 *     bytes 2-3     minimum, f16
 *     bytes 4-15    8 scales and 8 minima of 6 bits (k_scales.h)
 *     bytes 16-47   the highest bit of each code: bit s of byte j belongs to weight j of sub-block s
 *     bytes 48-175  4 runs of 32 bytes; run r has sub-block 2r low and 2r + 1 high
 */
#include <stdint.h>
#include <string.h>

#include "encodings.h"
#include "fit.h"
#include "half.h"
#include "k_scales.h"
#include "lanes.h"
#include "multiarch.h"
#include "rows.h"
#include "vnni.h"

ADPO_DOT_INTEGERS(q5_k)

/* The 32 codes of a sub-block. */
static inline __attribute__((always_inline)) void load_sub_block(const uint8_t *restrict block, int s,
                                                                 uint8_t *restrict codes) {
    const uint8_t *tops = block + 16, *bytes = block + 48 + s / 2 * 32;
    const int shift = 4 * (s % 2);
    for (int j = 0; j < 32; j++)
        codes[j] = (uint8_t)((bytes[j] >> shift & 0x0F) | (tops[j] >> s & 1) << 4);
}

ADPO_MULTIARCH
void adpo_decode_q5_k(const void *restrict blocks, float *restrict out, ptrdiff_t count) {
    const uint8_t *block = blocks;
    for (ptrdiff_t i = 0; i < count; i += 256, block += 176) {
        float scales[8], minima[8];
        load_k_scales(block + 4, load_f16(block), load_f16(block + 2), scales, minima);
        for (int s = 0; s < 8; s++) {
            uint8_t codes[32];
            load_sub_block(block, s, codes);
            float *weights = out + i + 32 * s;
            for (int j = 0; j < 32; j++) weights[j] = scales[s] * (float)codes[j] - minima[s];
        }
    }
}

ADPO_MULTIARCH
float adpo_dot_q5_k_portable(const void *restrict blocks, const float *restrict x, ptrdiff_t count) {
#pragma clang fp contract(fast)
    float lanes[2 * LANES] = {0};
    const uint8_t *block = blocks;
    for (ptrdiff_t i = 0; i < count; i += 256, block += 176) {
        float scales[8], minima[8];
        load_k_scales(block + 4, load_f16(block), load_f16(block + 2), scales, minima);
        for (int s = 0; s < 8; s++) {
            uint8_t codes[32];
            load_sub_block(block, s, codes);
            const float *from = x + i + 32 * s;
            float *restrict sums = lanes + s % 2 * LANES;
            for (int j = 0; j < LANES; j++) {
                const float low = (float)codes[j], high = (float)codes[j + 16];
                sums[j] += scales[s] * (low * from[j] + high * from[j + 16]) -
                           minima[s] * (from[j] + from[j + 16]);
            }
        }
    }
    return sum_of_lanes(lanes);
}

#if defined(__x86_64__)

VNNI float adpo_dot_q5_k_vnni(const uint8_t *block, const adpo_vector *x, ptrdiff_t count) {
    __m512 even = _mm512_setzero_ps(), odd = _mm512_setzero_ps();
    __m256 minima = _mm256_setzero_ps();
    const __m512i shifts = _mm512_setr_epi32(0, 0, 0, 0, 0, 0, 0, 0, 4, 4, 4, 4, 4, 4, 4, 4);
    /* The bits of sub-blocks 0 and 1 in the bytes of `tops`. */
    const __m512i bits = _mm512_mask_set1_epi32(_mm512_set1_epi8(1), 0xFF00, 0x02020202);
    const __m512i top = _mm512_set1_epi8(16);
    const adpo_integers *integers = x->integers;
    const float *sums = x->sums;
    for (; count > 0; count -= 256, block += 176, integers += 4, sums += 8) {
        const __m512 factors = load_k_factors(block);
        minima = _mm256_fmadd_ps(_mm512_extractf32x8_ps(factors, 1), _mm256_loadu_ps(sums),
                                 minima);
        const __m512i tops =
            _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)(block + 16)));
#pragma clang loop unroll(full)
        for (int pair = 0; pair < 4; pair++) {
            const __m256i bytes = _mm256_loadu_si256((const __m256i *)(block + 48 + 32 * pair));
            const __m512i low = _mm512_and_si512(
                _mm512_srlv_epi32(_mm512_broadcast_i64x4(bytes), shifts), _mm512_set1_epi8(0x0F));
            const __mmask64 has_top =
                _mm512_test_epi8_mask(tops, _mm512_slli_epi32(bits, 2 * pair));
            const __m512i codes = _mm512_mask_add_epi8(low, has_top, low, top);
            __m512 *sum = pair % 2 ? &odd : &even;
            *sum = add(*sum, products(codes, integers + pair),
                       halves(factors, 2 * pair, 2 * pair + 1));
        }
    }
    const __m512 sum = _mm512_sub_ps(_mm512_add_ps(even, odd), _mm512_zextps256_ps512(minima));
    return x->scale * _mm512_reduce_add_ps(sum);
}

#endif

ADPO_DOT_OF_INTEGERS(q5_k)

ADPO_MULTIARCH
void adpo_encode_q5_k(const float *restrict weights, void *restrict blocks, ptrdiff_t count) {
    uint8_t *block = blocks;
    for (ptrdiff_t i = 0; i < count; i += 256, block += 176) {
        uint8_t codes[256];
        fit_superblock(weights + i, 31, block, codes);
        memset(block + 16, 0, 32);
        for (int s = 0; s < 8; s++)
            for (int j = 0; j < 32; j++) block[16 + j] |= (uint8_t)(codes[32 * s + j] >> 4 << s);
        for (int j = 0; j < 128; j++) {
            const uint8_t *low = codes + 64 * (j / 32) + j % 32;
            block[48 + j] = (uint8_t)((low[0] & 0x0F) | (low[32] & 0x0F) << 4);
        }
    }
}
