/* Loads and stores of 16-bit floats at any address, as float. */
#ifndef CKERNELS_HALF_H
#define CKERNELS_HALF_H

#include <stdint.h>
#include <string.h>

static inline float float_from_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/*
 * binary16 to binary32, exact for every value: integer operations and selects only, because the
 * conversion instructions are missing in baseline x86-64 and a loop over this one vectorizes.
 */
static inline float load_f16(const void *address) {
    uint16_t half;
    memcpy(&half, address, sizeof half);
    const uint32_t sign = (uint32_t)(half & 0x8000) << 16;
    const uint32_t magnitude = (uint32_t)(half & 0x7FFF) << 13;
    /* A subnormal m * 2^-24 is (1 + m / 1024) * 2^-14 - 2^-14: no subnormal float is touched, so
     * a host that flushes those to zero gets the same bits. */
    const uint32_t smallest_normal = 113u << 23;
    const float subnormal =
        float_from_bits(magnitude + smallest_normal) - float_from_bits(smallest_normal);
    uint32_t subnormal_bits;
    memcpy(&subnormal_bits, &subnormal, sizeof subnormal_bits);
    uint32_t bits = magnitude + (112u << 23);
    bits = half & 0x7C00 ? bits : subnormal_bits;
    bits = (half & 0x7C00) == 0x7C00 ? magnitude + (224u << 23) : bits;
    return float_from_bits(sign | bits);
}

static inline uint32_t bits_of_float(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* binary32 to binary16, to the nearest, ties to even: by integers and selects, as load_f16. */
static inline void store_f16(void *address, float value) {
    const uint32_t sign = bits_of_float(value) >> 16 & 0x8000;
    const uint32_t magnitude = bits_of_float(value) & 0x7FFFFFFF;
    uint32_t half = (magnitude - (112u << 23) + 0xFFF + (magnitude >> 13 & 1)) >> 13;
    /* Below 2^-14 in steps of 2^-24, which are those of floats at 0.5. */
    const uint32_t subnormal =
        bits_of_float(float_from_bits(magnitude) + 0.5f) - bits_of_float(0.5f);
    half = magnitude < 113u << 23 ? subnormal : half;
    half = magnitude >= 0x477FF000 ? 0x7C00 : half; /* 65520 and more round to infinity */
    half = magnitude > 0x7F800000 ? 0x7E00 : half;
    const uint16_t bits = (uint16_t)(sign | half);
    memcpy(address, &bits, sizeof bits);
}

/* The upper half of a float, rounded to nearest even; NaN stays NaN. */
static inline uint32_t bf16_of_float(float value) {
    const uint32_t bits = bits_of_float(value);
    const uint32_t rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16;
    return (bits & 0x7FFFFFFF) > 0x7F800000 ? bits >> 16 | 0x40 : rounded;
}

static inline void store_bf16(void *address, float value) {
    const uint16_t upper = (uint16_t)bf16_of_float(value);
    memcpy(address, &upper, sizeof upper);
}

static inline float load_bf16(const void *address) {
    uint16_t upper;
    memcpy(&upper, address, sizeof upper);
    return float_from_bits((uint32_t)upper << 16);
}

#endif
