/* The gated activation of a feed-forward layer: SwiGLU (arXiv 2002.05202). */
#ifndef CKERNELS_ACTIVATION_H
#define CKERNELS_ACTIVATION_H

#include <stddef.h>

/* out = silu(gate) * up, with silu(x) = x / (1 + exp(-x)). */
void adpo_swiglu(const float *restrict gate, const float *restrict up, float *restrict out,
                 ptrdiff_t count);

/* The derivatives replace gate and up. */
void adpo_swiglu_backward(float *restrict gate, float *restrict up, const float *restrict dout,
                          ptrdiff_t count);

#endif
