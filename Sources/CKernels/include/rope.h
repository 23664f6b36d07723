/* Rotary position embeddings (arXiv 2104.09864), in place. */
#ifndef CKERNELS_ROPE_H
#define CKERNELS_ROPE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Rotates each head of x, [rows, heads, head_width], by its row's position. `cosines` and `sines`
 * are [positions, head_width / 2]; `direction` is 1, or -1 for the backward pass. The pair i of a
 * head is its elements (i, i + head_width / 2), or (2i, 2i + 1) when `interleaved`.
 */
void adpo_rope(float *restrict x, const int32_t *restrict positions,
               const float *restrict cosines, const float *restrict sines, ptrdiff_t rows,
               ptrdiff_t heads, ptrdiff_t head_width, int interleaved, float direction);

#endif
