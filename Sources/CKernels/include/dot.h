/*
 * Dot products of encoded weights with floats, straight from the encoded bytes: a row of a few
 * hundred weights costs no more than reading it from memory. `count` is the number of elements,
 * whole blocks, which may lie at any address. Activations stay f32, sums too.
 */
#ifndef CKERNELS_DOT_H
#define CKERNELS_DOT_H

#include <stddef.h>

float adpo_dot_f32(const void *restrict blocks, const float *restrict x, ptrdiff_t count);
float adpo_dot_f16(const void *restrict blocks, const float *restrict x, ptrdiff_t count);
float adpo_dot_bf16(const void *restrict blocks, const float *restrict x, ptrdiff_t count);
float adpo_dot_q4_0(const void *restrict blocks, const float *restrict x, ptrdiff_t count);
float adpo_dot_q4_1(const void *restrict blocks, const float *restrict x, ptrdiff_t count);
float adpo_dot_q8_0(const void *restrict blocks, const float *restrict x, ptrdiff_t count);
float adpo_dot_q4_k(const void *restrict blocks, const float *restrict x, ptrdiff_t count);
float adpo_dot_q6_k(const void *restrict blocks, const float *restrict x, ptrdiff_t count);

#endif
