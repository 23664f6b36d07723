/*
 * Floats to encoded weights, whole blocks: `count` is the number of elements. The blocks may lie at
 * any address. What is no number, or too large for the format, becomes some number of the format
 * (F16 and BF16 keep NaN and infinity).
 */
#ifndef CKERNELS_ENCODE_H
#define CKERNELS_ENCODE_H

#include <stddef.h>

/* Rounded to the nearest, ties to even. */
void adpo_encode_f32(const float *restrict weights, void *restrict blocks, ptrdiff_t count);
void adpo_encode_f16(const float *restrict weights, void *restrict blocks, ptrdiff_t count);
void adpo_encode_bf16(const float *restrict weights, void *restrict blocks, ptrdiff_t count);

/* The scale follows from the weight of the largest magnitude: the same bytes as the gguf package. */
void adpo_encode_q4_0(const float *restrict weights, void *restrict blocks, ptrdiff_t count);
void adpo_encode_q8_0(const float *restrict weights, void *restrict blocks, ptrdiff_t count);

/* The scales are searched for that leave the least squared error. */
void adpo_encode_q4_1(const float *restrict weights, void *restrict blocks, ptrdiff_t count);
void adpo_encode_q4_k(const float *restrict weights, void *restrict blocks, ptrdiff_t count);
void adpo_encode_q6_k(const float *restrict weights, void *restrict blocks, ptrdiff_t count);

#endif
