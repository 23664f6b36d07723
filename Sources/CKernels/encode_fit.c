/* The formats whose scales are fitted to the weights, by least squares. */
#include "encode.h"

#include <math.h>
#include <stdint.h>

#include "half.h"
#include "k_scales.h"
#include "multiarch.h"

/* Inlined into every build, so that it is vectorized there. */
#define INLINE static inline __attribute__((always_inline))

/* Loops of few rounds would be unrolled before they could be vectorized. */
#define VECTOR_LOOP _Pragma("clang loop unroll(disable)")

/* `value` as a whole number within low ... high; what is no number is low. */
INLINE float whole(float value, float low, float high) {
    return floorf(fminf(fmaxf(value, low), high) + 0.5f);
}

/* The codes 0 ... 15 of 32 weights near scale * code + minimum. */
INLINE void codes_of(const float *restrict x, float inverse_scale, float minimum,
                     float *restrict codes) {
    VECTOR_LOOP
    for (int j = 0; j < 32; j++) codes[j] = whole((x[j] - minimum) * inverse_scale, 0, 15);
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
INLINE void fit_range(const float *restrict x, float highest_minimum, float *restrict scale,
                      float *restrict minimum) {
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
        codes_of(x, (14 + 0.1f * (float)step) / (high - low), low, codes);
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

/* What the value is once it has been stored as binary16. */
INLINE float stored_f16(void *address, float value) {
    store_f16(address, value);
    return load_f16(address);
}

ADPO_MULTIARCH
void adpo_encode_q4_1(const float *restrict weights, void *restrict blocks, ptrdiff_t count) {
    uint8_t *block = blocks;
    for (ptrdiff_t i = 0; i < count; i += 32, block += 20) {
        float scale, minimum, codes[32];
        fit_range(weights + i, INFINITY, &scale, &minimum);
        scale = stored_f16(block, scale);
        minimum = stored_f16(block + 2, minimum);
        codes_of(weights + i, inverse(scale), minimum, codes);
        for (int j = 0; j < 16; j++) {
            block[4 + j] = (uint8_t)((uint8_t)codes[j] | (uint8_t)codes[j + 16] << 4);
        }
    }
}

/*
 * A sub-block of Q4_K: its small scale and minimum near those given, and the codes, into the low or
 * high bits of 32 bytes. The scale's rounding can be made good by another minimum, and conversely.
 */
INLINE void fit_small(const float *restrict x, float scale, float minimum, float small_scale,
                      float small_minimum, uint8_t *restrict best_scale,
                      uint8_t *restrict best_minimum, uint8_t *restrict bytes, int shift) {
    float least = INFINITY, best[32] = {0};
    *best_scale = *best_minimum = 0;
    for (int step = 0; step < 9; step++) {
        const float s = whole(small_scale + (float)(step / 3 - 1), 0, 63);
        const float m = whole(small_minimum + (float)(step % 3 - 1), 0, 63);
        float codes[32];
        codes_of(x, inverse(scale * s), -minimum * m, codes);
        const float error = squared_error(x, codes, scale * s, -minimum * m);
        if (error < least) {
            least = error;
            *best_scale = (uint8_t)s;
            *best_minimum = (uint8_t)m;
            for (int j = 0; j < 32; j++) best[j] = codes[j];
        }
    }
    for (int j = 0; j < 32; j++) {
        bytes[j] = (uint8_t)((shift ? bytes[j] : 0) | (uint8_t)best[j] << shift);
    }
}

ADPO_MULTIARCH
void adpo_encode_q4_k(const float *restrict weights, void *restrict blocks, ptrdiff_t count) {
    uint8_t *block = blocks;
    for (ptrdiff_t i = 0; i < count; i += 256, block += 144) {
        float scales[8], minima[8], largest_scale = 0, largest_minimum = 0;
        for (int s = 0; s < 8; s++) {
            fit_range(weights + i + 32 * s, 0, &scales[s], &minima[s]);
            minima[s] = -minima[s];
            largest_scale = fmaxf(largest_scale, scales[s]);
            largest_minimum = fmaxf(largest_minimum, minima[s]);
        }
        const float scale = stored_f16(block, largest_scale / 63);
        const float minimum = stored_f16(block + 2, largest_minimum / 63);
        uint8_t small_scales[8], small_minima[8];
        for (int s = 0; s < 8; s++) {
            uint8_t *codes = block + 16 + s / 2 * 32;
            fit_small(weights + i + 32 * s, scale, minimum,
                      whole(scales[s] * inverse(scale), 0, 63),
                      whole(minima[s] * inverse(minimum), 0, 63), &small_scales[s],
                      &small_minima[s], codes, s % 2 * 4);
        }
        store_q4_k_scales(block + 4, small_scales, small_minima);
    }
}

/* The scale with which scale * code comes nearest to 16 weights, for codes -32 ... 31. */
INLINE float fit_scale(const float *restrict x) {
#pragma clang fp reassociate(on) contract(fast)
    float extreme = 0;
    VECTOR_LOOP
    for (int j = 0; j < 16; j++) extreme = fabsf(x[j]) > fabsf(extreme) ? x[j] : extreme;
    float scale = 0, most = 0;
    for (int step = -10; step <= 10; step++) {
        const float factor = (-32 + 0.1f * (float)step) * inverse(extreme);
        float sum_squares = 0, sum_products = 0;
        VECTOR_LOOP
        for (int j = 0; j < 16; j++) {
            const float code = whole(x[j] * factor, -32, 31);
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

ADPO_MULTIARCH
void adpo_encode_q6_k(const float *restrict weights, void *restrict blocks, ptrdiff_t count) {
    uint8_t *block = blocks;
    for (ptrdiff_t i = 0; i < count; i += 256, block += 210) {
        float scales[16], extreme = 0;
        for (int s = 0; s < 16; s++) {
            scales[s] = fit_scale(weights + i + 16 * s);
            extreme = fabsf(scales[s]) > fabsf(extreme) ? scales[s] : extreme;
        }
        const float scale = stored_f16(block + 208, extreme / -128);
        uint8_t codes[256];
        for (int s = 0; s < 16; s++) {
            const float small = whole(scales[s] * inverse(scale), -128, 127);
            block[192 + s] = (uint8_t)(int8_t)small;
            const float factor = inverse(scale * small);
            for (int j = 0; j < 16; j++) {
                codes[16 * s + j] =
                    (uint8_t)(whole(weights[i + 16 * s + j] * factor, -32, 31) + 32);
            }
        }
        for (int half = 0; half < 2; half++) {
            const uint8_t *code = codes + 128 * half;
            uint8_t *low = block + 64 * half, *high = block + 128 + 32 * half;
            for (int j = 0; j < 64; j++) {
                low[j] = (uint8_t)((code[j] & 0x0F) | (code[j + 64] & 0x0F) << 4);
            }
            for (int j = 0; j < 32; j++) {
                high[j] = (uint8_t)(code[j] >> 4 | code[j + 32] >> 4 << 2 |
                                    code[j + 64] >> 4 << 4 | code[j + 96] >> 4 << 6);
            }
        }
    }
}
