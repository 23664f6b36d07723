#include "vector.h"

#include "multiarch.h"

ADPO_MULTIARCH
void adpo_add_scaled(float *restrict y, const float *restrict x, float scale, ptrdiff_t count) {
#pragma clang fp contract(fast)
    for (ptrdiff_t i = 0; i < count; i++) y[i] += scale * x[i];
}

ADPO_MULTIARCH
void adpo_multiply(float *restrict y, const float *restrict x, ptrdiff_t count) {
    for (ptrdiff_t i = 0; i < count; i++) y[i] *= x[i];
}

ADPO_MULTIARCH
float adpo_dot(const float *restrict x, const float *restrict y, ptrdiff_t count) {
#pragma clang fp reassociate(on) contract(fast)
    float sum = 0;
    for (ptrdiff_t i = 0; i < count; i++) sum += x[i] * y[i];
    return sum;
}

ADPO_MULTIARCH
void adpo_add_bias(float *restrict y, const float *restrict bias, ptrdiff_t rows,
                   ptrdiff_t width) {
    for (ptrdiff_t r = 0; r < rows; r++, y += width)
        for (ptrdiff_t i = 0; i < width; i++) y[i] += bias[i];
}

ADPO_MULTIARCH
void adpo_transpose(const float *restrict x, ptrdiff_t x_stride, ptrdiff_t rows,
                    ptrdiff_t columns, float *restrict y, ptrdiff_t y_stride) {
    enum { BLOCK = 16 }; /* floats of a cache line */
    for (ptrdiff_t r = 0; r < rows; r += BLOCK) {
        const ptrdiff_t last_row = r + BLOCK < rows ? r + BLOCK : rows;
        for (ptrdiff_t c = 0; c < columns; c += BLOCK) {
            const ptrdiff_t last_column = c + BLOCK < columns ? c + BLOCK : columns;
            for (ptrdiff_t i = r; i < last_row; i++)
                for (ptrdiff_t j = c; j < last_column; j++)
                    y[j * y_stride + i] = x[i * x_stride + j];
        }
    }
}
