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

/* tanhf, within 4 ulp. Coefficients: Cephes tanhf (S. Moshier). */
static inline __attribute__((always_inline)) float adpo_tanh(float x) {
#pragma clang fp contract(fast)
    const float z = x * x, a = x < 0 ? -x : x;
    float near = -5.70498872745e-3f;
    near = near * z + 2.06390887954e-2f;
    near = near * z - 5.37397155531e-2f;
    near = near * z + 1.33314422036e-1f;
    near = near * z - 3.33332819422e-1f;
    near = near * z * x + x;
    /* Near 0 this difference would lose the digits that the polynomial keeps. */
    const float far = 1.0f - 2.0f / (1.0f + adpo_exp(2.0f * x));
    return a < 0.625f ? near : far; /* NaN is far */
}

/* erff, within 2e-7. Coefficients: Cephes ndtrf (S. Moshier). */
static inline __attribute__((always_inline)) float adpo_erf(float x) {
#pragma clang fp contract(fast)
    const float z = x * x, a = x < 0 ? -x : x;
    float near = 7.853861353153693e-5f;
    near = near * z - 8.010193625184903e-4f;
    near = near * z + 5.188327685732524e-3f;
    near = near * z - 2.685381193529856e-2f;
    near = near * z + 1.128358514861418e-1f;
    near = near * z - 3.761262582423300e-1f;
    near = (near * z + 1.128379165726710e+0f) * x;
    /* erfc of what is beyond 1, and another one of what is beyond 2. */
    const float q = 1.0f / (a < 1.0f ? 1.0f : a), y = q * q;
    float middle = 2.326819970068386e-2f;
    middle = middle * y - 1.387039388740657e-1f;
    middle = middle * y + 3.687424674597105e-1f;
    middle = middle * y - 5.824733027278666e-1f;
    middle = middle * y + 6.210004621745983e-1f;
    middle = middle * y - 4.944515323274145e-1f;
    middle = middle * y + 3.404879937665872e-1f;
    middle = middle * y - 2.741127028184656e-1f;
    middle = middle * y + 5.638259427386472e-1f;
    float far = -1.047766399936249e+1f;
    far = far * y + 1.297719955372516e+1f;
    far = far * y - 7.495518717768503e+0f;
    far = far * y + 2.921019019210786e+0f;
    far = far * y - 1.015265279202700e+0f;
    far = far * y + 4.218463358204948e-1f;
    far = far * y - 2.820767439740514e-1f;
    far = far * y + 5.641895067754075e-1f;
    const float rest = adpo_exp(-z) * q * (a < 2.0f ? middle : far);
    const float beyond = x < 0 ? rest - 1.0f : 1.0f - rest;
    return a < 1.0f ? near : a >= 1.0f ? beyond : x; /* NaN stays */
}

#endif
