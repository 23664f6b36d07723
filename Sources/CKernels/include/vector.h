/* Elementwise arithmetic. */
#ifndef CKERNELS_VECTOR_H
#define CKERNELS_VECTOR_H

#include <stddef.h>

/* y += scale * x */
void adpo_add_scaled(float *restrict y, const float *restrict x, float scale, ptrdiff_t count);

/* y *= x */
void adpo_multiply(float *restrict y, const float *restrict x, ptrdiff_t count);

/* The sum of x[i] y[i]. */
float adpo_dot(const float *restrict x, const float *restrict y, ptrdiff_t count);

/* Each row of y, [rows, width], += bias. */
void adpo_add_bias(float *restrict y, const float *restrict bias, ptrdiff_t rows,
                   ptrdiff_t width);

/* y = x^T, for x [rows, columns] whose rows are x_stride floats apart and y [columns, rows] whose
 * rows are y_stride apart. */
void adpo_transpose(const float *restrict x, ptrdiff_t x_stride, ptrdiff_t rows,
                    ptrdiff_t columns, float *restrict y, ptrdiff_t y_stride);

#endif
