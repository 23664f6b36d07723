/*
 * Dot products of the formats with 4-bit codes, with AVX-512: a table of a block's 16 weights lies
 * in a register, and one permutation looks 16 of them up, which no C loop can say.
 */
#ifndef CKERNELS_DOT_AVX512_H
#define CKERNELS_DOT_AVX512_H

#include <stddef.h>
#include <stdint.h>

#include "tile.h"

#if defined(__x86_64__)
ADPO_HIDDEN float adpo_dot_q4_0_avx512(const uint8_t *block, const float *x, ptrdiff_t count);
ADPO_HIDDEN float adpo_dot_q4_1_avx512(const uint8_t *block, const float *x, ptrdiff_t count);
ADPO_HIDDEN float adpo_dot_q4_k_avx512(const uint8_t *block, const float *x, ptrdiff_t count);
#endif

#endif
