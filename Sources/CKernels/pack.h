/*
 * Packing of a panel: up to 32 columns of B become [k][32], or [pairs of k][32] for bf16. Columns of
 * the packed panel that B does not have stay as they are; they are computed with, never stored.
 */
#ifndef CKERNELS_PACK_H
#define CKERNELS_PACK_H

#include <stddef.h>
#include <stdint.h>

#include "tile.h"

/* packed[i][j] = b[j * stride + i]: the panel's columns are rows of b. */
ADPO_HIDDEN void adpo_pack_rows(const float *b, ptrdiff_t stride, ptrdiff_t k, ptrdiff_t columns,
                                float *packed);

/* packed[i][j] = b[i * stride + j]. */
ADPO_HIDDEN void adpo_pack_columns(const float *b, ptrdiff_t stride, ptrdiff_t k,
                                   ptrdiff_t columns, float *packed);

#if defined(__x86_64__)
/* Functions for the tables of kernels.h, with AVX-512. */
ADPO_HIDDEN void adpo_pack_rows_avx512(const float *b, ptrdiff_t stride, ptrdiff_t k,
                                       ptrdiff_t columns, float *packed);
ADPO_HIDDEN void adpo_pack_rows_bf16(const float *b, ptrdiff_t stride, ptrdiff_t k,
                                     ptrdiff_t columns, uint32_t *packed);
ADPO_HIDDEN void adpo_pack_columns_bf16(const float *b, ptrdiff_t stride, ptrdiff_t k,
                                        ptrdiff_t columns, uint32_t *packed);
ADPO_HIDDEN void adpo_pack_stored_rows_bf16(const void *b, ptrdiff_t stride, ptrdiff_t k,
                                            uint32_t *packed);
ADPO_HIDDEN void adpo_pack_stored_columns_bf16(const void *b, ptrdiff_t stride, ptrdiff_t k,
                                               uint32_t *packed);
#endif

#endif
