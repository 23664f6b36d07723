/* Encoded weights to float, whole blocks: `count` is the number of elements. */
#ifndef CKERNELS_DECODE_H
#define CKERNELS_DECODE_H

#include <stddef.h>

void adpo_decode_f32(const void *restrict blocks, float *restrict out, ptrdiff_t count);

#endif
