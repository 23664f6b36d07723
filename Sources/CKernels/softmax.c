#include "softmax.h"

#include <math.h>

#include "exponential.h"
#include "multiarch.h"

/* In lanes of its own making: a compiler may not reorder comparisons that NaN could meet. */
static inline __attribute__((always_inline)) float maximum(const float *row, ptrdiff_t count) {
    enum { LANES = 64 };
    float lanes[LANES];
    for (int j = 0; j < LANES; j++) lanes[j] = -INFINITY;
    ptrdiff_t i = 0;
    for (; i + LANES <= count; i += LANES)
        for (int j = 0; j < LANES; j++) lanes[j] = row[i + j] > lanes[j] ? row[i + j] : lanes[j];
    float largest = -INFINITY;
    for (; i < count; i++) largest = row[i] > largest ? row[i] : largest;
    for (int j = 0; j < LANES; j++) largest = lanes[j] > largest ? lanes[j] : largest;
    return largest;
}

ADPO_MULTIARCH
float adpo_softmax(float *restrict row, ptrdiff_t count, float scale) {
#pragma clang fp reassociate(on) contract(fast)
    const float largest = maximum(row, count);
    float sum = 0;
    for (ptrdiff_t i = 0; i < count; i++) {
        row[i] = adpo_exp(scale * (row[i] - largest));
        sum += row[i];
    }
    const float inverse = 1.0f / sum;
    for (ptrdiff_t i = 0; i < count; i++) row[i] *= inverse;
    return scale * largest + logf(sum);
}

ADPO_MULTIARCH
float adpo_softmax_part(float *restrict part, ptrdiff_t count, adpo_softmax_sums *sums) {
#pragma clang fp reassociate(on) contract(fast)
    const float before = sums->largest, here = maximum(part, count);
    const float largest = here > before ? here : before;
    float sum = 0, squares = 0;
    for (ptrdiff_t i = 0; i < count; i++) {
        part[i] = adpo_exp(part[i] - largest);
        sum += part[i];
        squares += part[i] * part[i];
    }
    const float factor = largest == before ? 1.0f : adpo_exp(before - largest);
    sums->largest = largest;
    sums->sum = sums->sum * factor + sum;
    sums->squares = sums->squares * factor * factor + squares;
    return factor;
}

ADPO_MULTIARCH
float adpo_log_sum_exp(const float *restrict row, ptrdiff_t count) {
#pragma clang fp reassociate(on) contract(fast)
    const float largest = maximum(row, count);
    float sum = 0;
    for (ptrdiff_t i = 0; i < count; i++) sum += adpo_exp(row[i] - largest);
    return largest + logf(sum);
}

ADPO_MULTIARCH
void adpo_soft_cap(float *restrict row, float *restrict slopes, ptrdiff_t count, float scale,
                   float cap) {
#pragma clang fp contract(fast)
    for (ptrdiff_t i = 0; i < count; i++) {
        const float t = adpo_tanh(row[i] * scale / cap);
        row[i] = cap * t;
        if (slopes) slopes[i] = scale * (1.0f - t * t);
    }
}

ADPO_MULTIARCH
void adpo_softmax_backward(const float *restrict p, float *restrict dp, ptrdiff_t count,
                           float scale) {
#pragma clang fp reassociate(on) contract(fast)
    float projection = 0;
    for (ptrdiff_t i = 0; i < count; i++) projection += p[i] * dp[i];
    for (ptrdiff_t i = 0; i < count; i++) dp[i] = scale * p[i] * (dp[i] - projection);
}
