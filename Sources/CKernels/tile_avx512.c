#include "kernels.h"
#include "pack.h"

#if defined(__x86_64__)

#include <immintrin.h>

/* Intrinsics, since clang splits generic vectors of 16 on processors that it tunes for 256 bits. */

enum { ROWS = 12 }; /* of C in registers, two vectors each: 24 of 32 */

#define AVX512 __attribute__((target("avx512f")))
#define AVX512_BF16 __attribute__((target("avx512f,avx512bf16")))

/* One row of C from its sums. */
ADPO_INLINE AVX512 void store(__m512 left, __m512 right, float *c, tile_output output) {
    const __mmask16 left_mask = output.columns >= 16 ? 0xFFFF : (1u << output.columns) - 1;
    const __mmask16 right_mask = output.columns >= 32   ? 0xFFFF
                                 : output.columns > 16 ? (1u << (output.columns - 16)) - 1
                                                       : 0;
    left = _mm512_mul_ps(left, _mm512_set1_ps(output.alpha));
    right = _mm512_mul_ps(right, _mm512_set1_ps(output.alpha));
    if (output.beta != 0) {
        const __m512 beta = _mm512_set1_ps(output.beta);
        left = _mm512_fmadd_ps(beta, _mm512_maskz_loadu_ps(left_mask, c), left);
        right = _mm512_fmadd_ps(beta, _mm512_maskz_loadu_ps(right_mask, c + 16), right);
    }
    _mm512_mask_storeu_ps(c, left_mask, left);
    _mm512_mask_storeu_ps(c + 16, right_mask, right);
}

/* `halves` is 1 when the panel has no more than 16 columns, as those of LoRA often do. */
ADPO_INLINE AVX512 void tile(const int rows, const int halves, ptrdiff_t k, const float *a,
                             ptrdiff_t a_row, ptrdiff_t a_column, const float *packed,
                             tile_output output) {
    __m512 sums[ROWS][2];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) sums[r][0] = sums[r][1] = _mm512_setzero_ps();
    for (ptrdiff_t i = 0; i < k; i++, packed += 32) {
        const __m512 left = _mm512_load_ps(packed);
        const __m512 right = halves == 2 ? _mm512_load_ps(packed + 16) : left;
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++) {
            const __m512 x = _mm512_set1_ps(a[r * a_row + i * a_column]);
            sums[r][0] = _mm512_fmadd_ps(x, left, sums[r][0]);
            if (halves == 2) sums[r][1] = _mm512_fmadd_ps(x, right, sums[r][1]);
        }
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
        store(sums[r][0], sums[r][1], output.c + r * output.stride, output);
}

ADPO_INLINE AVX512_BF16 void tile_bf16(const int rows, const int halves, ptrdiff_t k,
                                       const uint32_t *a, ptrdiff_t a_row, const uint32_t *packed,
                                       tile_output output) {
    __m512 sums[ROWS][2];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) sums[r][0] = sums[r][1] = _mm512_setzero_ps();
    for (ptrdiff_t i = 0; i < k; i++, packed += 32) {
        const __m512bh left = (__m512bh)_mm512_load_si512(packed);
        const __m512bh right =
            halves == 2 ? (__m512bh)_mm512_load_si512(packed + 16) : left;
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++) {
            const __m512bh x = (__m512bh)_mm512_set1_epi32((int)a[r * a_row + i]);
            sums[r][0] = _mm512_dpbf16_ps(sums[r][0], x, left);
            if (halves == 2) sums[r][1] = _mm512_dpbf16_ps(sums[r][1], x, right);
        }
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
        store(sums[r][0], sums[r][1], output.c + r * output.stride, output);
}

/* Calls TILE(rows, ...) for all rows, 12 at a time; the rest with a kernel of their own size. */
#define FOR_ALL_ROWS(TILE, halves, a_row, a_column)                                 \
    for (; m >= ROWS; m -= ROWS, a += ROWS * (a_row), output.c += ROWS * output.stride)\
        TILE(ROWS, halves, a_row, a_column);                                        \
    switch (m) {                                                                    \
    case 1: TILE(1, halves, a_row, a_column); break;                                \
    case 2: TILE(2, halves, a_row, a_column); break;                                \
    case 3: TILE(3, halves, a_row, a_column); break;                                \
    case 4: TILE(4, halves, a_row, a_column); break;                                \
    case 5: TILE(5, halves, a_row, a_column); break;                                \
    case 6: TILE(6, halves, a_row, a_column); break;                                \
    case 7: TILE(7, halves, a_row, a_column); break;                                \
    case 8: TILE(8, halves, a_row, a_column); break;                                \
    case 9: TILE(9, halves, a_row, a_column); break;                                \
    case 10: TILE(10, halves, a_row, a_column); break;                              \
    case 11: TILE(11, halves, a_row, a_column); break;                              \
    default: break;                                                                 \
    }

static AVX512 void multiply_floats(ptrdiff_t m, ptrdiff_t k, const float *a, ptrdiff_t a_row,
                             ptrdiff_t a_column, const float *packed, tile_output output) {
/* Constant strides and sizes, each a loop of its own. */
#define TILE_OF(halves, a_row, a_column) \
    do { FOR_ALL_ROWS(TILE, halves, a_row, a_column) } while (0)
#define TILE(rows, halves, a_row, a_column) \
    tile(rows, halves, k, a, a_row, a_column, packed, output)
    if (output.columns > 16) {
        if (a_column == 1)
            TILE_OF(2, a_row, 1);
        else
            TILE_OF(2, 1, a_column);
    } else {
        if (a_column == 1)
            TILE_OF(1, a_row, 1);
        else
            TILE_OF(1, 1, a_column);
    }
#undef TILE
#undef TILE_OF
}

static AVX512_BF16 void multiply_bf16(ptrdiff_t m, ptrdiff_t k, const uint32_t *a, ptrdiff_t a_row,
                                const uint32_t *packed, tile_output output) {
#define TILE(rows, halves, a_row, a_column) tile_bf16(rows, halves, k, a, a_row, packed, output)
    if (output.columns > 16) {
        FOR_ALL_ROWS(TILE, 2, a_row, 1)
    } else {
        FOR_ALL_ROWS(TILE, 1, a_row, 1)
    }
#undef TILE
}

const kernels adpo_avx512_kernels = {multiply_floats, adpo_pack_rows_avx512, NULL};

static const bf16_kernels bf16 = {multiply_bf16, adpo_pack_rows_bf16, adpo_pack_columns_bf16,
                                  adpo_pack_stored_rows_bf16, adpo_pack_stored_columns_bf16};

const kernels adpo_avx512_bf16_kernels = {multiply_floats, adpo_pack_rows_avx512, &bf16};

#endif
