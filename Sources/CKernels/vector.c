#include "vector.h"

#include "multiarch.h"

ADPO_MULTIARCH
void adpo_add_scaled(float *restrict y, const float *restrict x, float scale, ptrdiff_t count) {
#pragma clang fp contract(fast)
    for (ptrdiff_t i = 0; i < count; i++) y[i] += scale * x[i];
}

ADPO_MULTIARCH
void adpo_add_bias(float *restrict y, const float *restrict bias, ptrdiff_t rows,
                   ptrdiff_t width) {
    for (ptrdiff_t r = 0; r < rows; r++, y += width)
        for (ptrdiff_t i = 0; i < width; i++) y[i] += bias[i];
}
