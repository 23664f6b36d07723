/*
 * The tile kernels of product.c: C [m, n <= 32] = alpha A B + beta C for a packed panel B [k][32].
 * A's element (row, i) is at a[row * a_row + i * a_column].
 */
#ifndef CKERNELS_TILE_H
#define CKERNELS_TILE_H

#include <stddef.h>
#include <stdint.h>

#define ADPO_HIDDEN __attribute__((visibility("hidden")))
#define ADPO_INLINE static inline __attribute__((always_inline))

typedef struct tile_output {
    float *c;
    ptrdiff_t stride;
    ptrdiff_t columns; /* at most 32 */
    float alpha;
    float beta; /* 0: c is not read */
} tile_output;

/* Plain C, for every processor. */
ADPO_HIDDEN void adpo_tile_portable(ptrdiff_t m, ptrdiff_t k, const float *a, ptrdiff_t a_row,
                                    ptrdiff_t a_column, const float *packed, tile_output output);

#if defined(__x86_64__)
/* AVX-512F. */
ADPO_HIDDEN void adpo_tile_avx512(ptrdiff_t m, ptrdiff_t k, const float *a, ptrdiff_t a_row,
                                  ptrdiff_t a_column, const float *packed, tile_output output);

/* AVX512_BF16: A and the panel hold pairs of bf16, k counts pairs. */
ADPO_HIDDEN void adpo_tile_bf16(ptrdiff_t m, ptrdiff_t k, const uint32_t *a, ptrdiff_t a_row,
                                const uint32_t *packed, tile_output output);
#endif

#endif
