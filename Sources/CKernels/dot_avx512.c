#include "dot_avx512.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,f16c")))

/* Sums that do not wait for each other: low and high codes, of two blocks by turns. */
typedef struct sums {
    __m512 of[4];
} sums;

ADPO_INLINE AVX512 sums no_sums(void) {
    const __m512 zero = _mm512_setzero_ps();
    return (sums){{zero, zero, zero, zero}};
}

ADPO_INLINE AVX512 float total(sums sums) {
    return _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(sums.of[0], sums.of[1]),
                                              _mm512_add_ps(sums.of[2], sums.of[3])));
}

/* What each code stands for: scale * code + minimum. */
ADPO_INLINE AVX512 __m512 table(__m512 scale, __m512 minimum) {
    const __m512 codes =
        _mm512_setr_ps(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    return _mm512_fmadd_ps(scale, codes, minimum);
}

ADPO_INLINE AVX512 __m512i load_codes(const uint8_t *codes) {
    return _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)codes));
}

/* sum + x times the weights of 16 codes; the permutation looks at their low 4 bits alone. */
ADPO_INLINE AVX512 __m512 add(__m512 sum, __m512i codes, __m512 table, const float *x) {
    return _mm512_fmadd_ps(_mm512_permutexvar_ps(codes, table), _mm512_loadu_ps(x), sum);
}

ADPO_INLINE AVX512 void add_q4_1(const uint8_t *block, const float *x, __m512 *sum) {
    const __m128 header = _mm_cvtph_ps(_mm_loadu_si32(block)); /* scale, minimum */
    const __m512 weights = table(_mm512_broadcastss_ps(header),
                                 _mm512_broadcastss_ps(_mm_movehdup_ps(header)));
    const __m512i codes = load_codes(block + 4);
    sum[0] = add(sum[0], codes, weights, x);
    sum[1] = add(sum[1], _mm512_srli_epi32(codes, 4), weights, x + 16);
}

AVX512 float adpo_dot_q4_1_avx512(const uint8_t *block, const float *x, ptrdiff_t count) {
    sums sums = no_sums();
    for (; count >= 64; count -= 64, block += 40, x += 64) {
        add_q4_1(block, x, sums.of);
        add_q4_1(block + 20, x + 32, sums.of + 2);
    }
    if (count) add_q4_1(block, x, sums.of);
    return total(sums);
}

ADPO_INLINE AVX512 void add_q4_0(const uint8_t *block, const float *x, __m512 *sum) {
    const __m512 scale = _mm512_broadcastss_ps(_mm_cvtph_ps(_mm_loadu_si16(block)));
    const __m512 weights = table(scale, _mm512_mul_ps(scale, _mm512_set1_ps(-8)));
    const __m512i codes = load_codes(block + 2);
    sum[0] = add(sum[0], codes, weights, x);
    sum[1] = add(sum[1], _mm512_srli_epi32(codes, 4), weights, x + 16);
}

AVX512 float adpo_dot_q4_0_avx512(const uint8_t *block, const float *x, ptrdiff_t count) {
    sums sums = no_sums();
    for (; count >= 64; count -= 64, block += 36, x += 64) {
        add_q4_0(block, x, sums.of);
        add_q4_0(block + 18, x + 32, sums.of + 2);
    }
    if (count) add_q4_0(block, x, sums.of);
    return total(sums);
}

/* The 8 scales and the 8 negative minima of a Q4_K superblock; k_scales.h has the layout. */
ADPO_INLINE AVX512 __m512 load_q4_k_factors(const uint8_t *block) {
    const __m128i words = _mm_loadu_si128((const __m128i *)(block + 4)); /* 3, and codes */
    const __m128i first = _mm_and_si128(words, _mm_set1_epi32(0x3F3F3F3F));
    const __m128i tops = _mm_and_si128(_mm_srli_epi32(words, 2), _mm_set1_epi32(0x30303030));
    const __m128i third = _mm_shuffle_epi32(words, 0xAA);
    const __m128i lows = _mm_unpacklo_epi32(third, _mm_srli_epi32(third, 4));
    const __m128i last = _mm_or_si128(_mm_and_si128(lows, _mm_set1_epi32(0x0F0F0F0F)), tops);
    const __m512 codes =
        _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_unpacklo_epi32(first, last)));
    const __m128 header = _mm_cvtph_ps(_mm_loadu_si32(block)); /* scale, minimum */
    const __m128 minima = _mm_sub_ps(_mm_setzero_ps(), _mm_movehdup_ps(header));
    return _mm512_mul_ps(codes, _mm512_mask_broadcastss_ps(_mm512_broadcastss_ps(minima), 0x00FF,
                                                           header));
}

AVX512 float adpo_dot_q4_k_avx512(const uint8_t *block, const float *x, ptrdiff_t count) {
    sums sums = no_sums();
    /* Loaded a superblock ahead: the table of each sub-block waits for them. */
    __m512 next = count ? load_q4_k_factors(block) : _mm512_setzero_ps();
    for (; count > 0; count -= 256, block += 144) {
        float factors[16];
        _mm512_storeu_ps(factors, next);
        if (count > 256) next = load_q4_k_factors(block + 144);
        for (int pair = 0; pair < 4; pair++, x += 64) {
            const uint8_t *codes = block + 16 + 32 * pair;
            const __m512i left = load_codes(codes), right = load_codes(codes + 16);
            const float *scales = factors + 2 * pair, *minima = scales + 8;
            const __m512 lows = table(_mm512_set1_ps(scales[0]), _mm512_set1_ps(minima[0]));
            const __m512 highs = table(_mm512_set1_ps(scales[1]), _mm512_set1_ps(minima[1]));
            sums.of[0] = add(sums.of[0], left, lows, x);
            sums.of[1] = add(sums.of[1], right, lows, x + 16);
            sums.of[2] = add(sums.of[2], _mm512_srli_epi32(left, 4), highs, x + 32);
            sums.of[3] = add(sums.of[3], _mm512_srli_epi32(right, 4), highs, x + 48);
        }
    }
    return total(sums);
}

#endif
