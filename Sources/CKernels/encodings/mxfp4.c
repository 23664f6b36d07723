/*
 * 32 weights in 17 bytes: w = scale * value[code], where value is 2^0 times a number of E2M1
 * (OCP Microscaling Formats, version 1.0).
 *
 *     byte 0      exponent of the scale, 2^(exponent - 127)
 *     bytes 1-16  16 bytes; the low 4 bits are codes 0 to 15, the high ones codes 16 to 31
 */
#include "decoded.h"
#include "half.h"

ADPO_INLINE void decode_block(const uint8_t *restrict block, float *restrict out) {
    /* Twice the numbers, for whole ones; so the scale is half of what the block says. */
    static const int8_t values[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};
    const uint32_t exponent = block[0];
    const float half_scale =
        float_from_bits(exponent < 2 ? 0x00200000u << exponent : (exponent - 1) << 23);
    for (int j = 0; j < 16; j++) {
        out[j] = half_scale * (float)values[block[1 + j] & 0x0F];
        out[j + 16] = half_scale * (float)values[block[1 + j] >> 4];
    }
}

ADPO_DECODED(mxfp4, 32, 17)
