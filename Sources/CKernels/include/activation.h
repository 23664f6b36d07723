/*
 * The activations of feed-forward layers, gated (arXiv 2002.05202) and plain, over rows of `width` floats.
 * Rows of the gate and of what it gates are as far apart as their strides say, those of the output `width`.
 */
#ifndef CKERNELS_ACTIVATION_H
#define CKERNELS_ACTIVATION_H

#include <stddef.h>

/* out = f(gate) * up. */
typedef void adpo_gated_activation(const float *gate, ptrdiff_t gate_stride, const float *up,
                                   ptrdiff_t up_stride, float *out, ptrdiff_t rows,
                                   ptrdiff_t width);

/* The derivatives replace gate and up. */
typedef void adpo_gated_activation_backward(float *gate, ptrdiff_t gate_stride, float *up,
                                            ptrdiff_t up_stride, const float *dout, ptrdiff_t rows,
                                            ptrdiff_t width);

/* out = f(x); they may be the same. */
typedef void adpo_activation(const float *x, float *out, ptrdiff_t count);

/* dx = the derivative by x; it may be x. */
typedef void adpo_activation_backward(const float *x, const float *dout, float *dx,
                                      ptrdiff_t count);

typedef struct adpo_activation_kernels {
    adpo_gated_activation *gated;
    adpo_gated_activation_backward *gated_backward;
    adpo_activation *plain;
    adpo_activation_backward *plain_backward;
} adpo_activation_kernels;

adpo_activation_kernels adpo_silu_kernels(void);         /* x / (1 + exp(-x)) */
adpo_activation_kernels adpo_gelu_kernels(void);         /* x / 2 (1 + erf(x / sqrt(2))) */
adpo_activation_kernels adpo_gelu_tanh_kernels(void);    /* its approximation with tanh */
adpo_activation_kernels adpo_quick_gelu_kernels(void);   /* x / (1 + exp(-1.702 x)) */
adpo_activation_kernels adpo_relu_kernels(void);         /* max(x, 0) */
adpo_activation_kernels adpo_relu_squared_kernels(void); /* max(x, 0)^2 */

#endif
