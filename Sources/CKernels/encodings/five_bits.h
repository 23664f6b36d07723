/* The codes of Q5_0 and Q5_1: the low 4 bits of 32 codes in 16 bytes, and their highest in 32 bits. */
#ifndef CKERNELS_FIVE_BITS_H
#define CKERNELS_FIVE_BITS_H

#include <stdint.h>
#include <string.h>

static inline __attribute__((always_inline)) void load_five_bits(const uint8_t *restrict tops,
                                                                 const uint8_t *restrict bytes,
                                                                 uint8_t *restrict codes) {
    uint32_t bits;
    memcpy(&bits, tops, sizeof bits);
    for (int j = 0; j < 16; j++) {
        codes[j] = (uint8_t)((bytes[j] & 0x0F) | (bits >> j & 1) << 4);
        codes[j + 16] = (uint8_t)(bytes[j] >> 4 | (bits >> (j + 16) & 1) << 4);
    }
}

static inline __attribute__((always_inline)) void store_five_bits(const uint8_t *restrict codes,
                                                                  uint8_t *restrict tops,
                                                                  uint8_t *restrict bytes) {
    uint32_t bits = 0;
    for (int j = 0; j < 32; j++) bits |= (uint32_t)(codes[j] >> 4) << j;
    memcpy(tops, &bits, sizeof bits);
    for (int j = 0; j < 16; j++)
        bytes[j] = (uint8_t)((codes[j] & 0x0F) | (codes[j + 16] & 0x0F) << 4);
}

#endif
