/*
 * expf that the vectorizer can take: 2^n times a polynomial on [-ln2/2, ln2/2], within 2 ulp.
 * Below -87 the result is 0, and arguments above 88 give exp(88): softmax needs neither.
 * Coefficients: Cephes expf (S. Moshier).
 */
#ifndef CKERNELS_EXPONENTIAL_H
#define CKERNELS_EXPONENTIAL_H

#include <stdint.h>
#include <string.h>

static inline __attribute__((always_inline)) float adpo_exp(float x) {
#pragma clang fp contract(fast)
    const float magic = 12582912.0f; /* 1.5 * 2^23: adding it rounds to the nearest integer */
    const float clamped = x > 88.0f ? 88.0f : x < -87.0f ? -87.0f : x;
    const float shifted = clamped * 1.44269504088896341f + magic;
    const float n = shifted - magic;
    const float r = (clamped - n * 0.693359375f) + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    /* n is in the low bits of `shifted`; no float becomes an integer, so that NaN is defined. */
    uint32_t bits;
    float power;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits - 0x4B400000u + 127u) << 23;
    memcpy(&power, &bits, sizeof power);
    /* A NaN fails both comparisons above, stays NaN in r and p, and so comes through. */
    return x < -87.0f ? 0.0f : p * power;
}

#endif
