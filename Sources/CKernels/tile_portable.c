#include "kernels.h"
#include "multiarch.h"
#include "pack.h"

/* Vectors of 8 are what AVX2 has; compilers split them for lesser processors. */
typedef float vector __attribute__((ext_vector_type(8)));
typedef float unaligned_vector __attribute__((ext_vector_type(8), aligned(4)));

enum { ROWS = 6, COLUMNS = 16 }; /* of C in registers: 12 of AVX2's 16 */

ADPO_INLINE void tile(const int rows, ptrdiff_t k, const float *a, ptrdiff_t a_row,
                      ptrdiff_t a_column, const float *packed, tile_output output) {
#pragma clang fp contract(fast)
    vector sums[ROWS][2];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) sums[r][0] = sums[r][1] = 0;
    for (ptrdiff_t i = 0; i < k; i++, packed += 32) {
        const vector left = *(const unaligned_vector *)packed;
        const vector right = *(const unaligned_vector *)(packed + 8);
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++) {
            const vector x = a[r * a_row + i * a_column];
            sums[r][0] += x * left;
            sums[r][1] += x * right;
        }
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
        float *c = output.c + r * output.stride;
        sums[r][0] *= output.alpha;
        sums[r][1] *= output.alpha;
        if (output.columns >= COLUMNS) {
            unaligned_vector *whole = (unaligned_vector *)c;
            whole[0] = output.beta == 0 ? sums[r][0] : sums[r][0] + output.beta * whole[0];
            whole[1] = output.beta == 0 ? sums[r][1] : sums[r][1] + output.beta * whole[1];
        } else {
            const float *sum = (const float *)sums[r];
            for (ptrdiff_t j = 0; j < output.columns; j++)
                c[j] = output.beta == 0 ? sum[j] : sum[j] + output.beta * c[j];
        }
    }
}

ADPO_HIDDEN void adpo_tile_portable(ptrdiff_t m, ptrdiff_t k, const float *a, ptrdiff_t a_row,
                                    ptrdiff_t a_column, const float *packed, tile_output output);

ADPO_CLONES("arch=x86-64-v3", "default")
void adpo_tile_portable(ptrdiff_t m, ptrdiff_t k, const float *a, ptrdiff_t a_row,
                        ptrdiff_t a_column, const float *packed, tile_output output) {
    for (; output.columns > 0; packed += COLUMNS, output.c += COLUMNS, output.columns -= COLUMNS) {
        ptrdiff_t row = 0;
        tile_output part = output;
        for (; row + ROWS <= m; row += ROWS, part.c += ROWS * part.stride)
            tile(ROWS, k, a + row * a_row, a_row, a_column, packed, part);
        for (; row < m; row++, part.c += part.stride)
            tile(1, k, a + row * a_row, a_row, a_column, packed, part);
    }
}

const kernels adpo_portable_kernels = {adpo_tile_portable, adpo_pack_rows, NULL};
