#include "pack.h"

#if defined(__x86_64__)

#include <immintrin.h>

enum { COLUMNS = 32 };

#define AVX512 __attribute__((target("avx512f")))
#define AVX512_BF16 __attribute__((target("avx512f,avx512bf16")))

/* rows[i][j] becomes rows[j][i], for 16 x 16 words of 32 bits. */
ADPO_INLINE AVX512 void transpose(__m512i rows[16]) {
    __m512i pairs[16], fours[16];
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; i += 2) {
        pairs[i] = _mm512_unpacklo_epi32(rows[i], rows[i + 1]);
        pairs[i + 1] = _mm512_unpackhi_epi32(rows[i], rows[i + 1]);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; i += 4) {
        fours[i] = _mm512_unpacklo_epi64(pairs[i], pairs[i + 2]);
        fours[i + 1] = _mm512_unpackhi_epi64(pairs[i], pairs[i + 2]);
        fours[i + 2] = _mm512_unpacklo_epi64(pairs[i + 1], pairs[i + 3]);
        fours[i + 3] = _mm512_unpackhi_epi64(pairs[i + 1], pairs[i + 3]);
    }
    /* fours[4q + p] holds, in its 128-bit lane l, column 4l + p of rows 4q to 4q + 3. */
#pragma clang loop unroll(full)
    for (int p = 0; p < 4; p++) {
        const __m512i low = _mm512_shuffle_i32x4(fours[p], fours[p + 4], 0x88);
        const __m512i odd_low = _mm512_shuffle_i32x4(fours[p], fours[p + 4], 0xDD);
        const __m512i high = _mm512_shuffle_i32x4(fours[p + 8], fours[p + 12], 0x88);
        const __m512i odd_high = _mm512_shuffle_i32x4(fours[p + 8], fours[p + 12], 0xDD);
        rows[p] = _mm512_shuffle_i32x4(low, high, 0x88);
        rows[p + 4] = _mm512_shuffle_i32x4(odd_low, odd_high, 0x88);
        rows[p + 8] = _mm512_shuffle_i32x4(low, high, 0xDD);
        rows[p + 12] = _mm512_shuffle_i32x4(odd_low, odd_high, 0xDD);
    }
}

static AVX512 void pack_words(const void *b, ptrdiff_t stride, ptrdiff_t k, uint32_t *packed) {
    for (ptrdiff_t i = 0; i < k; i += 16) {
        const ptrdiff_t count = k - i < 16 ? k - i : 16;
        const __mmask16 mask = (__mmask16)((1u << count) - 1);
        for (int half = 0; half < COLUMNS; half += 16) {
            __m512i rows[16];
#pragma clang loop unroll(full)
            for (int j = 0; j < 16; j++)
                rows[j] = _mm512_maskz_loadu_epi32(
                    mask, (const char *)b + 4 * ((half + j) * stride + i));
            transpose(rows);
            for (int j = 0; j < count; j++)
                _mm512_store_si512(packed + (i + j) * COLUMNS + half, rows[j]);
        }
    }
}

void adpo_pack_rows_avx512(const float *b, ptrdiff_t stride, ptrdiff_t k, ptrdiff_t columns,
                           float *packed) {
    if (columns == COLUMNS)
        pack_words(b, stride, k, (uint32_t *)packed);
    else
        adpo_pack_rows(b, stride, k, columns, packed);
}

void adpo_pack_stored_rows_bf16(const void *b, ptrdiff_t stride, ptrdiff_t k, uint32_t *packed) {
    pack_words(b, stride, k, packed);
}

/* 32 floats, as many as `count`, as 16 pairs of bf16. */
ADPO_INLINE AVX512_BF16 __m512i load_pairs(const float *x, ptrdiff_t count) {
    const __mmask16 low = count >= 16 ? 0xFFFF : (__mmask16)((1u << count) - 1);
    const __mmask16 high = count >= 32   ? 0xFFFF
                           : count > 16 ? (__mmask16)((1u << (count - 16)) - 1)
                                        : 0;
    return (__m512i)_mm512_cvtne2ps_pbh(_mm512_maskz_loadu_ps(high, x + 16),
                                        _mm512_maskz_loadu_ps(low, x));
}

AVX512_BF16 void adpo_pack_rows_bf16(const float *b, ptrdiff_t stride, ptrdiff_t k,
                                     ptrdiff_t columns, uint32_t *packed) {
    for (ptrdiff_t i = 0; i < k; i += 32) {
        const ptrdiff_t count = k - i < 32 ? k - i : 32;
        for (ptrdiff_t half = 0; half < columns; half += 16) {
            __m512i rows[16];
#pragma clang loop unroll(full)
            for (int j = 0; j < 16; j++)
                rows[j] = load_pairs(b + (half + j) * stride + i, half + j < columns ? count : 0);
            transpose(rows);
            for (int j = 0; j < (count + 1) / 2; j++)
                _mm512_store_si512(packed + (i / 2 + j) * COLUMNS + half, rows[j]);
        }
    }
}

AVX512_BF16 void adpo_pack_columns_bf16(const float *b, ptrdiff_t stride, ptrdiff_t k,
                                        ptrdiff_t columns, uint32_t *packed) {
    for (ptrdiff_t i = 0; i < k; i += 2, b += 2 * stride, packed += COLUMNS) {
        for (ptrdiff_t half = 0; half < columns; half += 16) {
            const ptrdiff_t count = columns - half < 16 ? columns - half : 16;
            const __mmask16 mask = (__mmask16)((1u << count) - 1);
            const __m512 even = _mm512_maskz_loadu_ps(mask, b + half);
            const __m512 odd =
                _mm512_maskz_loadu_ps(i + 1 < k ? mask : 0, i + 1 < k ? b + stride + half : b);
            /* Each rounded to 16 bits, then the two of a column side by side. */
            const __m512i low = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(even));
            const __m512i high = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(odd));
            _mm512_store_si512(packed + half, _mm512_or_si512(low, _mm512_slli_epi32(high, 16)));
        }
    }
}

AVX512 void adpo_pack_stored_columns_bf16(const void *b, ptrdiff_t stride, ptrdiff_t k,
                                          uint32_t *packed) {
    const char *even = b;
    for (ptrdiff_t i = 0; i < k; i += 2, even += 4 * stride, packed += COLUMNS) {
        const char *odd = even + 2 * stride;
        for (int half = 0; half < COLUMNS; half += 16) {
            const __m512i low =
                _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(even + 2 * half)));
            const __m512i high =
                i + 1 < k
                    ? _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(odd + 2 * half)))
                    : _mm512_setzero_si512();
            _mm512_store_si512(packed + half, _mm512_or_si512(low, _mm512_slli_epi32(high, 16)));
        }
    }
}

#endif
