/* Rotary position embeddings (arXiv 2104.09864), in place. */
#ifndef CKERNELS_ROPE_H
#define CKERNELS_ROPE_H

#include <stddef.h>
#include <stdint.h>

/* Rows of heads, and how many floats lie from one to the next. */
typedef struct adpo_heads {
    ptrdiff_t rows;
    ptrdiff_t heads;
    ptrdiff_t row_stride;
    ptrdiff_t head_stride;
} adpo_heads;

/*
 * Rotates the first 2 * pairs dimensions of each head of x by its row's position. `cosines` and `sines`
 * are [positions, pairs]; `direction` is 1, or -1 for the backward pass. The pair i of a head is its
 * elements (i, i + pairs), or (2i, 2i + 1) when `interleaved`.
 */
void adpo_rope(float *restrict x, const int32_t *restrict positions,
               const float *restrict cosines, const float *restrict sines, adpo_heads shape,
               ptrdiff_t pairs, int interleaved, float direction);

#endif
