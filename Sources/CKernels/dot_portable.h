/* Dot products of a row of `count` weights with floats, in plain C. */
#ifndef CKERNELS_DOT_PORTABLE_H
#define CKERNELS_DOT_PORTABLE_H

#include <stddef.h>

#include "tile.h"

ADPO_HIDDEN float adpo_dot_f32_portable(const void *blocks, const float *x, ptrdiff_t count);
ADPO_HIDDEN float adpo_dot_f16_portable(const void *blocks, const float *x, ptrdiff_t count);
ADPO_HIDDEN float adpo_dot_bf16_portable(const void *blocks, const float *x, ptrdiff_t count);
ADPO_HIDDEN float adpo_dot_q4_0_portable(const void *blocks, const float *x, ptrdiff_t count);
ADPO_HIDDEN float adpo_dot_q4_1_portable(const void *blocks, const float *x, ptrdiff_t count);
ADPO_HIDDEN float adpo_dot_q8_0_portable(const void *blocks, const float *x, ptrdiff_t count);
ADPO_HIDDEN float adpo_dot_q4_k_portable(const void *blocks, const float *x, ptrdiff_t count);
ADPO_HIDDEN float adpo_dot_q6_k_portable(const void *blocks, const float *x, ptrdiff_t count);

#endif
