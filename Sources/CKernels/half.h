/* Loads of 16-bit floats from any address, as float. */
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

static inline float load_bf16(const void *address) {
    uint16_t upper;
    memcpy(&upper, address, sizeof upper);
    return float_from_bits((uint32_t)upper << 16);
}

#endif
