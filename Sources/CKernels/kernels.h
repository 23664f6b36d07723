/*
 * The kernels that products are made of, as a table for each kind of processor. A new kind is a file that
 * fills a table, and a line in kernels.c.
 */
#ifndef CKERNELS_KERNELS_H
#define CKERNELS_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "tile.h"

/* Products in bf16: panels and left operands hold pairs (b_2i, b_2i+1), a last odd one paired with 0. */
typedef struct bf16_kernels {
    /* C = alpha A B + beta C for a packed panel; k counts pairs. */
    void (*tile)(ptrdiff_t m, ptrdiff_t k, const uint32_t *a, ptrdiff_t a_row,
                 const uint32_t *packed, tile_output output);
    /* Pack floats: packed[i][j] = b[j * stride + i], and packed[i][j] = b[i * stride + j]. */
    void (*pack_rows)(const float *b, ptrdiff_t stride, ptrdiff_t k, ptrdiff_t columns,
                      uint32_t *packed);
    void (*pack_columns)(const float *b, ptrdiff_t stride, ptrdiff_t k, ptrdiff_t columns,
                         uint32_t *packed);
    /* The same for 32 columns of stored bf16; the rows of the first have whole pairs, and its stride and
     * k count those. */
    void (*pack_stored_rows)(const void *b, ptrdiff_t stride, ptrdiff_t k, uint32_t *packed);
    void (*pack_stored_columns)(const void *b, ptrdiff_t stride, ptrdiff_t k, uint32_t *packed);
} bf16_kernels;

typedef struct kernels {
    /* C = alpha A B + beta C for a packed panel of floats. */
    void (*tile)(ptrdiff_t m, ptrdiff_t k, const float *a, ptrdiff_t a_row, ptrdiff_t a_column,
                 const float *packed, tile_output output);
    /* packed[i][j] = b[j * stride + i], for up to 32 columns. */
    void (*pack_rows)(const float *b, ptrdiff_t stride, ptrdiff_t k, ptrdiff_t columns,
                      float *packed);
    const bf16_kernels *bf16; /* NULL where there are none */
} kernels;

/* Those of the processor at hand. */
ADPO_HIDDEN const kernels *adpo_kernels(void);

ADPO_HIDDEN extern const kernels adpo_portable_kernels;
#if defined(__x86_64__)
ADPO_HIDDEN extern const kernels adpo_avx512_kernels;
ADPO_HIDDEN extern const kernels adpo_avx512_bf16_kernels;
#endif

#endif
