/*
 * 256 weights of -1, 0 or 1 times a scale in 54 bytes. A byte holds five digits in base 3 as the fraction
 * 0.d0 d1 d2 d3 d4, times 256 and rounded up: times 3, the whole part is the first digit.
 *
 *     bytes 0-31   digit d of byte j is weight 32 d + j
 *     bytes 32-47  digit d of byte j is weight 160 + 16 d + j
 *     bytes 48-51  four digits each: digit d of byte j is weight 240 + 4 d + j
 *     bytes 52-53  scale, f16
 */
#include "decoded.h"
#include "half.h"

/* Digits 0 to `digits` - 1 of `count` bytes. */
ADPO_INLINE void decode_digits(const uint8_t *restrict bytes, int count, int digits, float scale,
                               float *restrict out) {
    static const uint8_t powers[5] = {1, 3, 9, 27, 81};
    for (int d = 0; d < digits; d++) {
        for (int j = 0; j < count; j++) {
            const uint8_t fraction = (uint8_t)(bytes[j] * powers[d]); /* less the digits before */
            out[d * count + j] = scale * (float)((fraction * 3 >> 8) - 1);
        }
    }
}

ADPO_INLINE void decode_block(const uint8_t *restrict block, float *restrict out) {
    const float scale = load_f16(block + 52);
    decode_digits(block, 32, 5, scale, out);
    decode_digits(block + 32, 16, 5, scale, out + 160);
    decode_digits(block + 48, 4, 4, scale, out + 240);
}

ADPO_DECODED(tq1_0, 256, 54)
