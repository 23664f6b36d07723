/* Norms of rows of `width` floats: RMSNorm (arXiv 1910.07467) and LayerNorm (arXiv 1607.06450). */
#ifndef CKERNELS_NORM_H
#define CKERNELS_NORM_H

#include <stddef.h>

/* y = x / sqrt(mean(x^2) + epsilon) * weight; x and y are [rows, width]. */
void adpo_rms_norm(const float *restrict x, const float *restrict weight, float *restrict y,
                   ptrdiff_t rows, ptrdiff_t width, float epsilon);

/* dx += the derivative by x of the above, given dy. */
void adpo_rms_norm_backward(const float *restrict x, const float *restrict weight,
                            const float *restrict dy, float *restrict dx, ptrdiff_t rows,
                            ptrdiff_t width, float epsilon);

/* dweight += the derivative by the weight. */
void adpo_rms_norm_weight_backward(const float *restrict x, const float *restrict dy,
                                   float *restrict dweight, ptrdiff_t rows, ptrdiff_t width,
                                   float epsilon);

/* y = (x - mean(x)) / sqrt(variance(x) + epsilon) * weight + bias; a NULL bias is none. */
void adpo_layer_norm(const float *restrict x, const float *restrict weight,
                     const float *restrict bias, float *restrict y, ptrdiff_t rows,
                     ptrdiff_t width, float epsilon);

/* dx += the derivative by x of the above, given dy. */
void adpo_layer_norm_backward(const float *restrict x, const float *restrict weight,
                              const float *restrict dy, float *restrict dx, ptrdiff_t rows,
                              ptrdiff_t width, float epsilon);

/* dweight += the derivative by the weight. The one by the bias is the sum of dy's rows. */
void adpo_layer_norm_weight_backward(const float *restrict x, const float *restrict dy,
                                     float *restrict dweight, ptrdiff_t rows, ptrdiff_t width,
                                     float epsilon);

#endif
