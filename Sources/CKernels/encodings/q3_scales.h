#ifndef CKERNELS_Q3_SCALES_H
#define CKERNELS_Q3_SCALES_H

#include <stdint.h>
#include <string.h>

#include "tile.h"

/*
 * The 16 scales of a Q3_K superblock, -32 ... 31, as 6 bits each in 12 bytes: bytes 0-7 hold the low 4
 * bits, of scale j low and of j + 8 high; bytes 8-11 the others, of scales j, j + 4, j + 8, j + 12 from the
 * low bits up.
 */
ADPO_INLINE void load_q3_scales(const uint8_t *restrict packed, int8_t *restrict scales) {
    uint32_t words[3];
    memcpy(words, packed, sizeof words);
    uint8_t codes[16];
    for (int k = 0; k < 4; k++) {
        const uint32_t low = words[k % 2] >> 4 * (k / 2) & 0x0F0F0F0F;
        const uint32_t high = words[2] >> 2 * k & 0x03030303;
        const uint32_t four = low | high << 4;
        memcpy(codes + 4 * k, &four, sizeof four);
    }
    for (int j = 0; j < 16; j++) scales[j] = (int8_t)(codes[j] - 32);
}

/* The inverse, for scales plus 32. */
ADPO_INLINE void store_q3_scales(uint8_t *restrict packed, const uint8_t *restrict scales) {
    for (int j = 0; j < 8; j++)
        packed[j] = (uint8_t)((scales[j] & 0x0F) | (scales[j + 8] & 0x0F) << 4);
    for (int j = 0; j < 4; j++)
        packed[8 + j] = (uint8_t)(scales[j] >> 4 | scales[j + 4] >> 4 << 2 | scales[j + 8] >> 4 << 4 |
                                  scales[j + 12] >> 4 << 6);
}

#endif
