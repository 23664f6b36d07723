/* Scales that are fitted to the weights, by least squares. */
#ifndef CKERNELS_FIT_H
#define CKERNELS_FIT_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "half.h"
#include "k_scales.h"

/* Inlined into every build, so that it is vectorized there. */
#define INLINE static inline __attribute__((always_inline))

/* Loops of few rounds would be unrolled before they could be vectorized. */
#define VECTOR_LOOP _Pragma("clang loop unroll(disable)")

/* `value` as a whole number within low ... high; what is no number is low. */
INLINE float whole(float value, float low, float high) {
    return floorf(fminf(fmaxf(value, low), high) + 0.5f);
}

/* The codes 0 ... most of 32 weights near scale * code + minimum. */
INLINE void codes_of(const float *restrict x, float inverse_scale, float minimum, float most,
                     float *restrict codes) {
    VECTOR_LOOP
    for (int j = 0; j < 32; j++) codes[j] = whole((x[j] - minimum) * inverse_scale, 0, most);
}

INLINE float squared_error(const float *restrict x, const float *restrict codes, float scale,
                           float minimum) {
#pragma clang fp reassociate(on) contract(fast)
    float error = 0;
    VECTOR_LOOP
    for (int j = 0; j < 32; j++) {
        const float difference = scale * codes[j] + minimum - x[j];
        error += difference * difference;
    }
    return error;
}

/*
 * The scale and minimum with which scale * code + minimum comes nearest to 32 weights. For codes
 * that a number of slightly different scales give, the best scale and minimum follow by linear
 * regression; the codes with the least error win.
 */
INLINE void fit_range(const float *restrict x, float most, float highest_minimum,
                      float *restrict scale, float *restrict minimum) {
#pragma clang fp reassociate(on) contract(fast)
    float low = highest_minimum, high = x[0], sum = 0;
    VECTOR_LOOP
    for (int j = 0; j < 32; j++) {
        low = fminf(low, x[j]);
        high = fmaxf(high, x[j]);
        sum += x[j];
    }
    *scale = 0;
    *minimum = low;
    if (!(high > low)) return;

    float least = INFINITY;
    for (int step = 0; step <= 20; step++) {
        float codes[32], sum_codes = 0, sum_squares = 0, sum_products = 0;
        codes_of(x, (most - 1 + 0.1f * (float)step) / (high - low), low, most, codes);
        VECTOR_LOOP
        for (int j = 0; j < 32; j++) {
            sum_codes += codes[j];
            sum_squares += codes[j] * codes[j];
            sum_products += codes[j] * x[j];
        }
        const float determinant = 32 * sum_squares - sum_codes * sum_codes;
        float slope = (32 * sum_products - sum * sum_codes) / determinant;
        float start = (sum - slope * sum_codes) / 32;
        if (!(determinant > 0) || start > highest_minimum) {
            start = highest_minimum;
            slope = (sum_products - start * sum_codes) / sum_squares;
        }
        const float error = squared_error(x, codes, slope, start);
        if (error < least) {
            least = error;
            *scale = slope;
            *minimum = start;
        }
    }
}

INLINE float inverse(float value) { return value == 0 ? 0 : 1 / value; }

/* The scale with which scale * code comes nearest to 16 weights, for codes low ... high. */
INLINE float fit_scale(const float *restrict x, float low, float high) {
#pragma clang fp reassociate(on) contract(fast)
    float extreme = 0;
    VECTOR_LOOP
    for (int j = 0; j < 16; j++) extreme = fabsf(x[j]) > fabsf(extreme) ? x[j] : extreme;
    float scale = 0, most = 0;
    for (int step = -10; step <= 10; step++) {
        const float factor = (low + 0.1f * (float)step) * inverse(extreme);
        float sum_squares = 0, sum_products = 0;
        VECTOR_LOOP
        for (int j = 0; j < 16; j++) {
            const float code = whole(x[j] * factor, low, high);
            sum_squares += code * code;
            sum_products += code * x[j];
        }
        /* The squared error of the best scale is that of 0 less products^2 / squares. */
        if (sum_products * sum_products > most * sum_squares) {
            most = sum_products * sum_products / sum_squares;
            scale = sum_products / sum_squares;
        }
    }
    return scale;
}

/* Stores a value as binary16; returns the value that it has there. */
INLINE float stored_f16(void *address, float value) {
    store_f16(address, value);
    return load_f16(address);
}

/*
 * A sub-block of Q4_K or Q5_K: its small scale and minimum near those given, and the codes. The scale's
 * rounding can be made good by another minimum, and conversely.
 */
INLINE void fit_small(const float *restrict x, float most, float scale, float minimum,
                      float small_scale, float small_minimum, uint8_t *restrict best_scale,
                      uint8_t *restrict best_minimum, uint8_t *restrict best) {
    float least = INFINITY;
    memset(best, 0, 32);
    *best_scale = *best_minimum = 0;
    for (int step = 0; step < 9; step++) {
        const float s = whole(small_scale + (float)(step / 3 - 1), 0, 63);
        const float m = whole(small_minimum + (float)(step % 3 - 1), 0, 63);
        float codes[32];
        codes_of(x, inverse(scale * s), -minimum * m, most, codes);
        const float error = squared_error(x, codes, scale * s, -minimum * m);
        if (error < least) {
            least = error;
            *best_scale = (uint8_t)s;
            *best_minimum = (uint8_t)m;
            for (int j = 0; j < 32; j++) best[j] = (uint8_t)codes[j];
        }
    }
}

/* The scales and minima of a superblock of Q4_K or Q5_K, 16 bytes, and its 256 codes. */
INLINE void fit_superblock(const float *restrict x, float most, uint8_t *restrict header,
                           uint8_t *restrict codes) {
    float scales[8], minima[8], largest_scale = 0, largest_minimum = 0;
    for (int s = 0; s < 8; s++) {
        fit_range(x + 32 * s, most, 0, &scales[s], &minima[s]);
        minima[s] = -minima[s];
        largest_scale = fmaxf(largest_scale, scales[s]);
        largest_minimum = fmaxf(largest_minimum, minima[s]);
    }
    const float scale = stored_f16(header, largest_scale / 63);
    const float minimum = stored_f16(header + 2, largest_minimum / 63);
    uint8_t small_scales[8], small_minima[8];
    for (int s = 0; s < 8; s++)
        fit_small(x + 32 * s, most, scale, minimum, whole(scales[s] * inverse(scale), 0, 63),
                  whole(minima[s] * inverse(minimum), 0, 63), &small_scales[s],
                  &small_minima[s], codes + 32 * s);
    store_k_scales(header + 4, small_scales, small_minima);
}

#endif
