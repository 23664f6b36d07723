/* The signs of weights whose codes are magnitudes, 8 in a byte: a bit that is set makes one negative. */
#ifndef CKERNELS_SIGNS_H
#define CKERNELS_SIGNS_H

#include <stdint.h>

#include "tile.h"

/* 8 signs from 7 bits: the number of negative ones is always even. */
ADPO_INLINE uint8_t even_signs(uint32_t bits) {
    const uint32_t seven = bits & 0x7F;
    uint32_t parity = seven ^ seven >> 4;
    parity ^= parity >> 2;
    parity ^= parity >> 1;
    return (uint8_t)(seven | (parity & 1) << 7);
}

/* `count` weights from their magnitudes and signs. */
ADPO_INLINE void signed_weights(float scale, const uint8_t *restrict magnitudes, uint8_t signs, int count,
                                float *restrict out) {
    for (int j = 0; j < count; j++) {
        const int magnitude = magnitudes[j];
        out[j] = scale * (float)(signs >> j & 1 ? -magnitude : magnitude);
    }
}

#endif
