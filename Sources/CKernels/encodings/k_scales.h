#ifndef CKERNELS_K_SCALES_H
#define CKERNELS_K_SCALES_H

#include <stdint.h>

/*
 * The 8 scales and 8 minima of a Q4_K or Q5_K superblock, 6 bits each in 12 bytes: of the first four the
 * bytes 0-3 and 4-7 hold all; of the last four the bytes 8-11 hold the low bits, the top of 0-7
 * the high.
 */
static inline __attribute__((always_inline)) void load_k_scales(
    const uint8_t *restrict packed, float scale, float minimum, float *restrict scales,
    float *restrict minima) {
    for (int j = 0; j < 4; j++) {
        const int low = packed[8 + j] & 0x0F, high = packed[8 + j] >> 4;
        scales[j] = scale * (float)(packed[j] & 0x3F);
        minima[j] = minimum * (float)(packed[4 + j] & 0x3F);
        scales[4 + j] = scale * (float)(low | packed[j] >> 6 << 4);
        minima[4 + j] = minimum * (float)(high | packed[4 + j] >> 6 << 4);
    }
}

/* The inverse: scales and minima as integers of 6 bits. */
static inline void store_k_scales(uint8_t *restrict packed, const uint8_t *restrict scales,
                                     const uint8_t *restrict minima) {
    for (int j = 0; j < 4; j++) {
        packed[j] = (uint8_t)(scales[j] | scales[4 + j] >> 4 << 6);
        packed[4 + j] = (uint8_t)(minima[j] | minima[4 + j] >> 4 << 6);
        packed[8 + j] = (uint8_t)((scales[4 + j] & 0x0F) | (minima[4 + j] & 0x0F) << 4);
    }
}

#endif
