/*
 * Encoded weights to float, whole blocks: `count` is the number of elements. The blocks may lie at
 * any address. Every product below is exact in binary32, so all instruction sets give equal bits.
 */
#ifndef CKERNELS_DECODE_H
#define CKERNELS_DECODE_H

#include <stddef.h>

void adpo_decode_f32(const void *restrict blocks, float *restrict out, ptrdiff_t count);
void adpo_decode_f16(const void *restrict blocks, float *restrict out, ptrdiff_t count);
void adpo_decode_bf16(const void *restrict blocks, float *restrict out, ptrdiff_t count);
void adpo_decode_q4_0(const void *restrict blocks, float *restrict out, ptrdiff_t count);
void adpo_decode_q4_1(const void *restrict blocks, float *restrict out, ptrdiff_t count);
void adpo_decode_q8_0(const void *restrict blocks, float *restrict out, ptrdiff_t count);
void adpo_decode_q4_k(const void *restrict blocks, float *restrict out, ptrdiff_t count);
void adpo_decode_q6_k(const void *restrict blocks, float *restrict out, ptrdiff_t count);

#endif
