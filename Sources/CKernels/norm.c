#include "norm.h"

#include <math.h>

#include "multiarch.h"

ADPO_MULTIARCH
void adpo_rms_norm(const float *restrict x, const float *restrict weight, float *restrict y,
                   ptrdiff_t rows, ptrdiff_t width, float epsilon) {
#pragma clang fp reassociate(on) contract(fast)
    for (ptrdiff_t r = 0; r < rows; r++, x += width, y += width) {
        float squares = 0;
        for (ptrdiff_t i = 0; i < width; i++) squares += x[i] * x[i];
        const float inverse = 1.0f / sqrtf(squares / (float)width + epsilon);
        for (ptrdiff_t i = 0; i < width; i++) y[i] = x[i] * inverse * weight[i];
    }
}

/* With s = 1/sqrt(mean(x^2) + epsilon) and g = dy * weight:
 * dx = s g - x s^3 mean(x g). */
ADPO_MULTIARCH
void adpo_rms_norm_backward(const float *restrict x, const float *restrict weight,
                            const float *restrict dy, float *restrict dx, ptrdiff_t rows,
                            ptrdiff_t width, float epsilon) {
#pragma clang fp reassociate(on) contract(fast)
    for (ptrdiff_t r = 0; r < rows; r++, x += width, dy += width, dx += width) {
        float squares = 0, projection = 0;
        for (ptrdiff_t i = 0; i < width; i++) {
            squares += x[i] * x[i];
            projection += x[i] * dy[i] * weight[i];
        }
        const float inverse = 1.0f / sqrtf(squares / (float)width + epsilon);
        const float back = inverse * inverse * inverse * projection / (float)width;
        for (ptrdiff_t i = 0; i < width; i++) dx[i] += inverse * dy[i] * weight[i] - back * x[i];
    }
}

ADPO_MULTIARCH
void adpo_rms_norm_weight_backward(const float *restrict x, const float *restrict dy,
                                   float *restrict dweight, ptrdiff_t rows, ptrdiff_t width,
                                   float epsilon) {
#pragma clang fp reassociate(on) contract(fast)
    for (ptrdiff_t r = 0; r < rows; r++, x += width, dy += width) {
        float squares = 0;
        for (ptrdiff_t i = 0; i < width; i++) squares += x[i] * x[i];
        const float inverse = 1.0f / sqrtf(squares / (float)width + epsilon);
        for (ptrdiff_t i = 0; i < width; i++) dweight[i] += dy[i] * x[i] * inverse;
    }
}

typedef struct moments {
    float mean;
    float inverse; /* 1 / sqrt(variance + epsilon) */
} moments;

static inline __attribute__((always_inline)) moments moments_of(const float *restrict x,
                                                                ptrdiff_t width, float epsilon) {
#pragma clang fp reassociate(on) contract(fast)
    float sum = 0, squares = 0;
    for (ptrdiff_t i = 0; i < width; i++) sum += x[i];
    const float mean = sum / (float)width;
    for (ptrdiff_t i = 0; i < width; i++) squares += (x[i] - mean) * (x[i] - mean);
    return (moments){mean, 1.0f / sqrtf(squares / (float)width + epsilon)};
}

ADPO_MULTIARCH
void adpo_layer_norm(const float *restrict x, const float *restrict weight,
                     const float *restrict bias, float *restrict y, ptrdiff_t rows,
                     ptrdiff_t width, float epsilon) {
#pragma clang fp reassociate(on) contract(fast)
    for (ptrdiff_t r = 0; r < rows; r++, x += width, y += width) {
        const moments m = moments_of(x, width, epsilon);
        for (ptrdiff_t i = 0; i < width; i++) y[i] = (x[i] - m.mean) * m.inverse * weight[i];
        for (ptrdiff_t i = 0; bias && i < width; i++) y[i] += bias[i];
    }
}

/* With n = (x - mean) s, s = 1/sqrt(variance + epsilon) and g = dy * weight:
 * dx = s (g - mean(g) - n mean(n g)). */
ADPO_MULTIARCH
void adpo_layer_norm_backward(const float *restrict x, const float *restrict weight,
                              const float *restrict dy, float *restrict dx, ptrdiff_t rows,
                              ptrdiff_t width, float epsilon) {
#pragma clang fp reassociate(on) contract(fast)
    for (ptrdiff_t r = 0; r < rows; r++, x += width, dy += width, dx += width) {
        const moments m = moments_of(x, width, epsilon);
        float sum = 0, projection = 0;
        for (ptrdiff_t i = 0; i < width; i++) {
            sum += dy[i] * weight[i];
            projection += (x[i] - m.mean) * dy[i] * weight[i];
        }
        const float mean = sum / (float)width;
        const float back = m.inverse * m.inverse * projection / (float)width;
        for (ptrdiff_t i = 0; i < width; i++)
            dx[i] += m.inverse * (dy[i] * weight[i] - mean - (x[i] - m.mean) * back);
    }
}

ADPO_MULTIARCH
void adpo_layer_norm_weight_backward(const float *restrict x, const float *restrict dy,
                                     float *restrict dweight, ptrdiff_t rows, ptrdiff_t width,
                                     float epsilon) {
#pragma clang fp reassociate(on) contract(fast)
    for (ptrdiff_t r = 0; r < rows; r++, x += width, dy += width) {
        const moments m = moments_of(x, width, epsilon);
        for (ptrdiff_t i = 0; i < width; i++) dweight[i] += dy[i] * (x[i] - m.mean) * m.inverse;
    }
}
