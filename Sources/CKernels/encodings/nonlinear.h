/*
 * The values that the 4-bit codes of IQ4_NL and IQ4_XS stand for: closer to each other where weights are
 * dense. And the scale and the codes that come nearest to weights.
 */
#ifndef CKERNELS_NONLINEAR_H
#define CKERNELS_NONLINEAR_H

#include "fit.h"
#include "vnni.h"

static const int8_t nonlinear_values[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                            1,    13,   25,  38,  53,  69,  89,  113};

/* The values of 16 codes, step by step: that is done in registers, where a table is read one by one. */
INLINE void values_of(const uint8_t *restrict codes, int8_t *restrict values) {
    VECTOR_LOOP
    for (int j = 0; j < 32; j++) {
        int8_t value = nonlinear_values[0];
#pragma clang loop unroll(full)
        for (int k = 1; k < 16; k++) {
            const int8_t step = (int8_t)(nonlinear_values[k] - nonlinear_values[k - 1]);
            value = (int8_t)(value + (codes[j] >= k ? step : 0));
        }
        values[j] = value;
    }
}

/* The values of 16 bytes, whose low 4 bits are codes 0 to 15, whose high ones are 16 to 31. */
INLINE void load_values(const uint8_t *restrict bytes, int8_t *restrict values) {
    uint8_t codes[32];
    for (int j = 0; j < 16; j++) {
        codes[j] = bytes[j] & 0x0F;
        codes[j + 16] = bytes[j] >> 4;
    }
    values_of(codes, values);
}

#if defined(__x86_64__)

/* Sixty-four values plus 128, of two times 16 bytes. */
ADPO_INLINE VNNI __m512i load_offset_values(const uint8_t *first, const uint8_t *second) {
    const __m512i values = _mm512_broadcast_i32x4(
        _mm_xor_si128(_mm_loadu_si128((const __m128i *)nonlinear_values), _mm_set1_epi8(-128)));
    return _mm512_shuffle_epi8(values, load_codes(first, second));
}

#endif

/* The codes of the values nearest to 32 weights times `factor`, and the values. */
INLINE void nearest_values(const float *restrict x, float factor, uint8_t *restrict codes,
                           float *restrict values) {
    for (int j = 0; j < 32; j++) {
        const float value = x[j] * factor;
        int32_t code = 0;
        float nearest = nonlinear_values[0];
#pragma clang loop unroll(full)
        for (int k = 1; k < 16; k++) {
            const int is_above =
                value > 0.5f * (float)(nonlinear_values[k - 1] + nonlinear_values[k]);
            code = is_above ? k : code;
            nearest = is_above ? (float)nonlinear_values[k] : nearest;
        }
        codes[j] = (uint8_t)code;
        values[j] = nearest;
    }
}

/* The scale with which scale * value comes nearest to 32 weights. */
INLINE float fit_nonlinear(const float *restrict x) {
#pragma clang fp reassociate(on) contract(fast)
    float extreme = 0;
    VECTOR_LOOP
    for (int j = 0; j < 32; j++) extreme = fabsf(x[j]) > fabsf(extreme) ? x[j] : extreme;
    float scale = 0, most = 0;
    for (int step = -7; step <= 7; step++) {
        uint8_t codes[32];
        float values[32], sum_squares = 0, sum_products = 0;
        nearest_values(x, (nonlinear_values[0] + (float)step) * inverse(extreme), codes, values);
        VECTOR_LOOP
        for (int j = 0; j < 32; j++) {
            sum_squares += values[j] * values[j];
            sum_products += values[j] * x[j];
        }
        /* The squared error of the best scale is that of 0 less products^2 / squares. */
        if (sum_products * sum_products > most * sum_squares) {
            most = sum_products * sum_products / sum_squares;
            scale = sum_products / sum_squares;
        }
    }
    return scale;
}

/* The 16 bytes with the codes of 32 weights, for a scale. */
INLINE void store_nonlinear(const float *restrict x, float scale, uint8_t *restrict bytes) {
    uint8_t codes[32];
    float values[32];
    nearest_values(x, inverse(scale), codes, values);
    for (int j = 0; j < 16; j++) bytes[j] = (uint8_t)(codes[j] | codes[j + 16] << 4);
}

#endif
