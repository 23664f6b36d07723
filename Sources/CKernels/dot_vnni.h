/*
 * Dot products of codes with integers, by AVX512_VNNI: 64 products of bytes in one instruction. A
 * vector's integers are three bytes each, so 64 weights take three of them, where floats take four
 * and the conversion of every code.
 */
#ifndef CKERNELS_DOT_VNNI_H
#define CKERNELS_DOT_VNNI_H

#include "dot.h"
#include "tile.h"

#if defined(__x86_64__)

/* Whether they can run here. */
static inline int has_vnni(void) {
    return __builtin_cpu_supports("x86-64-v4") && __builtin_cpu_supports("avx512vnni");
}

/* The integers of floats up to `largest`. */
ADPO_HIDDEN adpo_vector adpo_make_vector_vnni(const float *floats, float largest, ptrdiff_t count,
                                              void *scratch);

ADPO_HIDDEN float adpo_dot_q4_0_vnni(const uint8_t *block, const adpo_vector *x, ptrdiff_t count);
ADPO_HIDDEN float adpo_dot_q4_1_vnni(const uint8_t *block, const adpo_vector *x, ptrdiff_t count);
ADPO_HIDDEN float adpo_dot_q8_0_vnni(const uint8_t *block, const adpo_vector *x, ptrdiff_t count);
ADPO_HIDDEN float adpo_dot_q4_k_vnni(const uint8_t *block, const adpo_vector *x, ptrdiff_t count);
ADPO_HIDDEN float adpo_dot_q6_k_vnni(const uint8_t *block, const adpo_vector *x, ptrdiff_t count);

#endif

#endif
